"""A full disk: mail is put off with 452, readers, flags and deletions go on, and all is well once there is room."""

import contextlib
import os
import smtplib
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

import pytest

from tests.support.server import Sandbox, sandbox

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

DISK_MB = 420
FILLER = "filler"


@contextlib.contextmanager
def small_disk(folder: Path) -> Iterator[Path]:
    """A file system of DISK_MB megabytes."""
    if os.geteuid() != 0:
        pytest.skip("mounting a small disk needs root: run the tests with sudo")
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={DISK_MB}m", "tmpfs", str(folder)], check=True)
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


def fill(disk: Path, leave: int) -> None:
    """Take all room but `leave` bytes."""
    state = os.statvfs(disk)
    with (disk / FILLER).open("ab", buffering=0) as file:
        if leave:
            os.posix_fallocate(file.fileno(), 0, state.f_bavail * state.f_frsize - leave)
            return
        for piece in (1 << 20, 4096):
            with contextlib.suppress(OSError):
                while True:
                    file.write(b"x" * piece)


def send(box: Sandbox, size: int = 400) -> tuple[int, bytes]:
    """One letter; the code and text of the reply that decided."""
    with contextlib.closing(smtplib.SMTP("127.0.0.1", box.port("smtp"), timeout=30)) as client:
        client.ehlo("client.example")
        for answer in (client.mail("a@elsewhere.example"), client.rcpt("ada@dev.localhost")):
            if answer[0] != 250:
                return answer
        return client.data(b"Subject: x\r\n\r\n" + b"y" * 70 * (size // 70) + b"\r\n")


Answer = TypeVar("Answer")


def repeat(ask: Callable[[], Answer], goes_on: Callable[[Answer], bool]) -> tuple[int, Answer]:
    """Each worker looks at the disk once a second, so its answer may be that late. How often, and the last answer."""
    deadline = time.monotonic() + 10
    times = 0
    while goes_on(answer := ask()):
        times += 1
        assert time.monotonic() < deadline
    return times, answer


@pytest.mark.parametrize("leave", [100 << 20, 0], ids=["below the reserve", "not a byte left"])
def test_full_disk(tmp_path: Path, leave: int) -> None:
    with small_disk(tmp_path / "disk") as disk, sandbox(disk, "--no-samples") as box:
        assert send(box)[0] == 250
        reader = box.imap("ada")
        fill(disk, leave)
        taken, (code, text) = repeat(lambda: send(box), lambda answer: answer[0] == 250)
        assert (code, text[:5]) == (452, b"4.3.1")
        before = int(reader.select("INBOX")[1][0])
        assert before == 1 + taken
        assert reader.fetch("1:*", "(FLAGS BODY.PEEK[])")[0] == "OK"
        if leave:
            assert reader.store("1", "+FLAGS", "(\\Flagged)")[0] == "OK"
            reader.store("1", "+FLAGS", "(\\Deleted)")
            assert reader.expunge()[0] == "OK"
            before -= 1
        else:
            assert reader.store("1", "+FLAGS", "(\\Flagged)")[0] in {"OK", "NO"}
        taken, (_, words) = repeat(
            lambda: reader.append("INBOX", "", "", b"Subject: y\r\n\r\nz\r\n"), lambda answer: answer[0] == "OK"
        )
        assert b"UNAVAILABLE" in words[0]
        before += taken
        (disk / FILLER).unlink()
        repeat(lambda: send(box), lambda answer: answer[0] != 250)
        reader.noop()
        assert int(reader.select("INBOX")[1][0]) == before + 1
        assert reader.store("1", "+FLAGS", "(\\Flagged)")[0] == "OK"
        reader.logout()
        checked = box.cli("db", "check")
        assert checked.returncode == 0, checked.stdout + checked.stderr
