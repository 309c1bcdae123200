"""Daemons as Debian packages them, in the foreground, with a configuration of the test's own."""

import os
import shutil
import socket
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.support.filters.letters import EICAR
from tests.support.programs import need

START_SECONDS = 90


@dataclass
class Daemon:
    """`port` on 127.0.0.1, `path` of its Unix socket if it has one."""

    process: subprocess.Popen[str]
    port: int
    path: str = ""
    learn_port: int = 0

    def kill(self) -> None:
        """At once."""
        self.process.kill()
        self.process.wait(10)


def free_port() -> int:
    """Free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def folder() -> Iterator[Path]:
    """Short, for sockets; open, for daemons that change their user."""
    made = Path(tempfile.mkdtemp(prefix="msd-filter-", dir="/tmp"))
    made.chmod(0o755)
    try:
        yield made
    finally:
        shutil.rmtree(made, ignore_errors=True)


@contextmanager
def running(command: list[str], ready: str) -> Iterator[subprocess.Popen[str]]:
    """Until the block ends. It is ready when it says so."""
    process = subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace"
    )
    stdout = process.stdout
    assert stdout is not None
    timer = threading.Timer(START_SECONDS, process.kill)
    timer.start()
    said = []
    try:
        for line in stdout:
            said.append(line)
            if ready in line:
                break
        else:
            raise RuntimeError(f"{command[0]} ended:\n{''.join(said)[-4000:]}")
        timer.cancel()
        drain = threading.Thread(target=lambda: [None for _ in stdout], daemon=True)
        drain.start()
        yield process
    finally:
        timer.cancel()
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        stdout.close()


@contextmanager
def clamd(stream_max: str = "2M") -> Iterator[Daemon]:
    """With one signature: EICAR's."""
    program = need("clamd")
    with folder() as place:
        base = place / "db"
        base.mkdir()
        (base / "local.ndb").write_text(f"Test.EICAR:0:*:{EICAR.hex()}\n")
        port, path = free_port(), str(place / "clamd.sock")
        config = place / "clamd.conf"
        config.write_text(
            f"Foreground yes\nDatabaseDirectory {base}\nLocalSocket {path}\nTCPSocket {port}\nTCPAddr 127.0.0.1\n"
            f"StreamMaxLength {stream_max}\nConcurrentDatabaseReload no\nMaxThreads 4\n"
        )
        with running([program, "--config-file", str(config)], "Self checking") as process:
            yield Daemon(process, port, path)


RULES = ("10_default_prefs.cf", "20_body_tests.cf", "23_bayes.cf")
"""Of Debian's, so that it starts in a second: GTUBE's is among them."""
LOCAL_CF = """
score GTUBE 1000
score BAYES_99 4
score BAYES_00 -2
use_bayes 1
bayes_auto_learn 0
bayes_path {folder}/bayes/known
bayes_min_ham_num 1
bayes_min_spam_num 1
"""
PLUGINS = ("Check", "Bayes", "BodyEval")


@contextmanager
def spamd() -> Iterator[Daemon]:
    """With few rules and an empty memory; it may be taught."""
    program, origin = need("spamd"), Path("/usr/share/spamassassin")
    with folder() as place:
        for name in ("rules", "site", "bayes"):
            (place / name).mkdir()
        (place / "bayes").chmod(0o777)  # where it starts as root, it becomes nobody
        for name in RULES:
            shutil.copy(origin / name, place / "rules" / name)
        (place / "site" / "local.cf").write_text(LOCAL_CF.format(folder=place))
        loads = (f"loadplugin Mail::SpamAssassin::Plugin::{name}\n" for name in PLUGINS)
        (place / "site" / "init.pre").write_text("".join(loads))
        port = free_port()
        command = [
            program, "-L", "-x", "-i", "127.0.0.1", "-p", str(port), "-C", str(place / "rules"),
            f"--siteconfigpath={place / 'site'}", "--allow-tell", "-m", "2", "--min-children=1", "-s", "stderr",
            *(["-u", "nobody"] if os.geteuid() == 0 else []),
        ]  # fmt: skip
        with running(command, "child states: I") as process:
            yield Daemon(process, port)
