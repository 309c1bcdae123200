"""Debian's SpamAssassin over the same letters: spamd with local tests only, taught by sa-learn, spoken to in SPAMC.

Its scores are kept in a file outside of the checkout, for a run takes many minutes.
"""

import json
import os
import re
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from bench.memory import cpu_ticks
from bench.spam_letters import Letter

LOCAL = """
use_bayes {bayes}
bayes_path {folder}/bayes
bayes_file_mode 0777
bayes_auto_learn 0
dns_available no
"""
PREFERENCES = Path("/etc/spamassassin")


@dataclass(frozen=True, slots=True)
class Scores:
    """By letter's name, and what they cost the children of spamd."""

    scores: dict[str, float]
    cpu_seconds: float


def spamassassin(teach: Sequence[Letter], letters: Sequence[Letter], cache: Path, name: str) -> Scores:
    """Taught by some, asked about others; from the cache if it is there."""
    kept = cache / f"{name}.json"
    if kept.exists():
        return Scores(**json.loads(kept.read_text()))
    with tempfile.TemporaryDirectory(prefix="spamassassin") as place:
        folder = Path(place)
        folder.chmod(0o777)  # started by root, spamd's children are nobody
        _configure(folder, is_taught=bool(teach))
        _teach(folder, teach)
        found = _ask_all(folder, letters)
    cache.mkdir(parents=True, exist_ok=True)
    kept.write_text(json.dumps(asdict(found)))
    return found


def _configure(folder: Path, *, is_taught: bool) -> None:
    site = folder / "site"
    site.mkdir()
    for file in PREFERENCES.glob("*.pre"):
        (site / file.name).write_text(file.read_text())
    (site / "local.cf").write_text(LOCAL.format(bayes=int(is_taught), folder=folder))


def _teach(folder: Path, letters: Iterable[Letter]) -> None:
    kinds: dict[bool, list[str]] = {True: [], False: []}
    for letter in letters:
        path = folder / letter.name.replace("/", "-")
        path.write_bytes(letter.data)
        kinds[letter.is_spam].append(str(path))
    for is_spam, paths in kinds.items():
        if paths:
            listed = folder / "list"
            listed.write_text("\n".join(paths))
            kind = "--spam" if is_spam else "--ham"
            command = ["nice", "-n", "10", "sa-learn", "--siteconfigpath", str(folder / "site"), "--local", "--no-sync"]
            subprocess.run([*command, kind, "-f", str(listed)], check=True, stdout=subprocess.DEVNULL)
    if any(kinds.values()):
        subprocess.run(["sa-learn", "--siteconfigpath", str(folder / "site"), "--sync"], check=True)


def _ask_all(folder: Path, letters: Sequence[Letter]) -> Scores:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = ["nice", "-n", "10", "spamd", "-L", "-x", "--siteconfigpath", str(folder / "site"), "-i", "127.0.0.1"]
    command += ["-p", str(port), "--min-children=1", "--max-children=1", "--max-conn-per-child=1000000", "-s", "stderr"]
    with (folder / "log").open("wb") as log, subprocess.Popen(command, stdout=log, stderr=log) as daemon:
        try:
            _ask(port, letters[0].data, patience=60)
            children = _children(daemon.pid)
            before = cpu_ticks(children)
            scores = {letter.name: _ask(port, letter.data) for letter in letters}
            ticks = cpu_ticks(children) - before
        finally:
            daemon.terminate()
    return Scores(scores, ticks / os.sysconf("SC_CLK_TCK"))


def _children(pid: int) -> list[int]:
    return [int(number) for number in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def _ask(port: int, data: bytes, patience: float = 1.0) -> float:
    """One letter; the daemon may still be starting."""
    until = time.monotonic() + patience
    while True:
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=300) as line:
                line.sendall(b"CHECK SPAMC/1.5\r\nContent-length: %d\r\n\r\n" % len(data) + data)
                line.shutdown(socket.SHUT_WR)
                answer = b"".join(iter(lambda: line.recv(65536), b""))
            break
        except OSError:
            if time.monotonic() > until:
                raise
            time.sleep(0.2)
    found = re.search(rb"Spam: \w+ ; (-?[0-9.]+) /", answer)
    if found is None:
        raise RuntimeError(answer[:200])
    return float(found[1])
