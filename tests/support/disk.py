"""A small disk, and how to fill it."""

import contextlib
import os
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

import pytest

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


Answer = TypeVar("Answer")


def repeat(ask: Callable[[], Answer], goes_on: Callable[[Answer], bool], within: float = 10) -> tuple[int, Answer]:
    """Each worker looks at the disk once a second, so its answer may be that late. How often, and the last answer."""
    deadline = time.monotonic() + within
    times = 0
    while goes_on(answer := ask()):
        times += 1
        assert time.monotonic() < deadline
    return times, answer
