"""The real program for end-to-end tests.

A sandbox in a folder of its own, on ports of its own, ended by its own pid.
"""

import contextlib
import imaplib
import json
import os
import select
import signal
import smtplib
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
MAILSTEAD = [sys.executable, "-bb", "-m", "mailstead.cli.main"]


def free_base() -> int:
    """A port base whose nine ports are free now, below the range from which the kernel gives clients theirs."""
    first = os.getpid() % 19
    for base in (10_000 + (first + step) % 19 * 1100 for step in range(19)):
        with contextlib.ExitStack() as stack:
            try:
                for offset in (24, 25, 80, 110, 143, 465, 587, 993, 995):
                    probe = stack.enter_context(socket.socket())
                    probe.bind(("127.0.0.1", base + offset))
            except OSError:
                continue
            return base
    raise RuntimeError("no free ports")


@dataclass
class Sandbox:
    """One running `mailstead dev --json`."""

    folder: Path
    base: int
    options: tuple[str, ...] = ()
    process: subprocess.Popen[bytes] | None = None
    ready: dict[str, object] = field(default_factory=dict)

    def start(self, timeout: float = 60) -> "Sandbox":
        """Start it and wait for its line of JSON."""
        log = (self.folder.parent / f"{self.folder.name}.log").open("ab")
        self.process = subprocess.Popen(
            [*MAILSTEAD, "dev", "--json", "--dir", str(self.folder), "--port-base", str(self.base), *self.options],
            stdout=subprocess.PIPE, stderr=log, cwd=self.folder.parent,
        )  # fmt: skip
        log.close()
        assert self.process.stdout is not None
        if not select.select([self.process.stdout], [], [], timeout)[0]:
            raise TimeoutError(f"not ready in {timeout} s:\n{self.log()[-4000:]}")
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(f"ended with {self.process.wait()}:\n{self.log()[-4000:]}")
        self.ready = json.loads(line)
        return self

    def log(self) -> str:
        """Everything it logged."""
        return (self.folder.parent / f"{self.folder.name}.log").read_text(errors="replace")

    def errors(self) -> list[str]:
        """Log lines at error level."""
        return [line for line in self.log().splitlines() if '"level":"error"' in line or " ERROR " in line]

    def port(self, name: str) -> int:
        """smtp, lmtp, submission, submissions, imap, imaps, pop3, pop3s or http."""
        ports = self.ready["ports"]
        assert isinstance(ports, dict)
        return int(ports[name])

    def password(self, local: str) -> str:
        """Of `local`@dev.localhost."""
        accounts = self.ready["accounts"]
        assert isinstance(accounts, list)
        return next(str(a["password"]) for a in accounts if str(a["address"]).startswith(f"{local}@"))

    def children(self) -> list[int]:
        """Process ids of workers and helpers."""
        assert self.process is not None
        task = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        return [int(pid) for pid in task.read_text().split()]

    def workers(self) -> list[int]:
        """Process ids of the workers alone."""
        return [pid for pid in self.children() if b"mailstead.app.worker" in Path(f"/proc/{pid}/cmdline").read_bytes()]

    def cli(self, *arguments: str, text: str = "") -> subprocess.CompletedProcess[str]:
        """Run a command against it."""
        config = str(self.ready["config"])
        return subprocess.run(
            [*MAILSTEAD, *arguments, "--config", config],
            input=text,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    def smtp(self) -> smtplib.SMTP:
        """A client of the MX port."""
        return smtplib.SMTP("127.0.0.1", self.port("smtp"), timeout=30)

    def imap(self, local: str) -> imaplib.IMAP4:
        """A client that is logged in."""
        client = imaplib.IMAP4("127.0.0.1", self.port("imap"), timeout=30)
        client.login(f"{local}@dev.localhost", self.password(local))
        return client

    def kill(self) -> None:
        """SIGKILL to all of it: the supervisor first, so that it revives nobody."""
        assert self.process is not None
        children = self.children()
        os.kill(self.process.pid, signal.SIGKILL)
        for pid in children:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.process.wait(10)
        deadline = time.monotonic() + 10
        while any(_alive(pid) for pid in children) and time.monotonic() < deadline:
            time.sleep(0.005)
        self._close()

    def stop(self, timeout: float = 40) -> int:
        """SIGTERM and wait; gives the exit status."""
        assert self.process is not None
        if self.process.poll() is None:
            os.kill(self.process.pid, signal.SIGTERM)
        try:
            status = self.process.wait(timeout)
        except subprocess.TimeoutExpired:
            self.kill()
            raise
        self._close()
        return status

    def _close(self) -> None:
        assert self.process is not None
        if self.process.stdout is not None:
            self.process.stdout.close()


def _alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


@contextlib.contextmanager
def sandbox(folder: Path, *options: str) -> Iterator[Sandbox]:
    """A sandbox that is stopped at the end, whatever happened."""
    box = Sandbox(folder / "box", free_base(), options)
    try:
        yield box.start()
    finally:
        if box.process is not None and box.process.poll() is None:
            box.stop()
