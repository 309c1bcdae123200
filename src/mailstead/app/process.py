"""A child process of ours: spawned with descriptors and a channel, watched by its pidfd, begun anew with patience."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Final

FIRST_PAUSE: Final = 0.5
LONGEST_PAUSE: Final = 30.0
LONGEST_AFTER_SERVING: Final = 1.0
HEALTHY_AFTER: Final = 5.0


class Child:
    """One running process. `on_exit` is called in the loop, once, with its exit code (negative: the signal)."""

    def __init__(self, module: str, inherit: Sequence[int], on_exit: Callable[["Child"], None]) -> None:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        with theirs:
            command = [sys.executable, "-m", module, str(theirs.fileno()), *map(str, inherit)]
            # Popen is right inside the loop: it takes a millisecond, and asyncio's own would begin a thread to wait
            self._process = subprocess.Popen(  # noqa: S603 - our own interpreter and module
                command, stdin=subprocess.DEVNULL, pass_fds=[theirs.fileno(), *inherit]
            )
        self.socket = ours
        self.pid = self._process.pid
        self.code: int | None = None
        loop = asyncio.get_running_loop()
        self.began = loop.time()
        self._on_exit = on_exit
        self._pidfd = os.pidfd_open(self.pid)
        loop.add_reader(self._pidfd, self._ended)

    def _ended(self) -> None:
        asyncio.get_running_loop().remove_reader(self._pidfd)
        os.close(self._pidfd)
        self.code = self._process.wait()
        self._on_exit(self)

    def kill(self) -> None:
        """End it at once; a stopped one too."""
        if self.code is None:
            with suppress(ProcessLookupError):
                self._process.send_signal(signal.SIGKILL)

    def age(self) -> float:
        """Seconds since it began."""
        return asyncio.get_running_loop().time() - self.began


class Patience:
    """How long to wait before beginning a process again: first not at all, then doubling while it dies young."""

    def __init__(self) -> None:
        self.restarts = 0
        self._young = 0

    def pause(self, age: float, *, has_served: bool) -> float:
        """The wait after a death at this age. One that came to serve is soon back: people wait for it."""
        self.restarts += 1
        self._young = 0 if has_served and age >= HEALTHY_AFTER else self._young + 1
        if self._young <= 1:
            return 0.0
        longest = LONGEST_AFTER_SERVING if has_served else LONGEST_PAUSE
        return float(min(FIRST_PAUSE * 2 ** min(self._young - 2, 16), longest))
