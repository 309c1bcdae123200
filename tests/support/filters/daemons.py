"""Daemons as Debian packages them, in the foreground, with a configuration of the test's own."""

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
