"""Wakes between the workers of one machine: Unix datagrams, coalesced, never blocking. A wake lost costs a second."""

import asyncio
import socket
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Final

from mailstead.ground.model.change import Wake
from mailstead.ground.model.ids import AccountId, ModSeq
from mailstead.telemetry import Event, emit

Receive = Callable[[list[Wake]], None]
_MAGIC: Final = b"W1"
_WAKE: Final = struct.Struct("=qq")
MOST_IN_FRAME: Final = 1024
_FRAME: Final = len(_MAGIC) + MOST_IN_FRAME * _WAKE.size
_BURST: Final = 64


class Bus:
    """One worker's end. Who publishes tells its own sessions itself; the others hear it with the loop's next turn."""

    def __init__(self, folder: Path, worker: int, workers: int) -> None:
        self._own = _path(folder, worker)
        self._others = [str(_path(folder, other)) for other in range(workers) if other != worker]
        self._subscribers: list[Receive] = []
        self._pending: dict[AccountId, ModSeq] = {}
        self._socket: socket.socket | None = None

    def open(self) -> None:
        """Begin to hear the others; needs the running loop."""
        self._own.unlink(missing_ok=True)  # of a worker that died
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.settimeout(0)
        self._socket.bind(str(self._own))
        asyncio.get_running_loop().add_reader(self._socket.fileno(), self._receive)

    def close(self) -> None:
        """Hear and tell no more."""
        if self._socket is not None:
            asyncio.get_running_loop().remove_reader(self._socket.fileno())
            self._socket.close()
            self._socket = None
            self._own.unlink(missing_ok=True)

    def subscribe(self, receive: Receive) -> None:
        """Call `receive` with every batch of wakes of other workers."""
        self._subscribers.append(receive)

    def publish(self, wakes: list[Wake]) -> None:
        """Tell the others; of several wakes of one account the latest goes out."""
        if not wakes or not self._others:
            return
        if not self._pending:
            asyncio.get_running_loop().call_soon(self._send)
        for wake in wakes:
            if wake.modseq > self._pending.get(wake.account_id, 0):
                self._pending[wake.account_id] = wake.modseq

    def _send(self) -> None:
        pending = list(self._pending.items())
        self._pending.clear()
        if self._socket is None:
            return
        for start in range(0, len(pending), MOST_IN_FRAME):
            frame = _MAGIC + b"".join([_WAKE.pack(*item) for item in pending[start : start + MOST_IN_FRAME]])
            for other in self._others:
                self._send_frame(frame, other)

    def _send_frame(self, frame: bytes, other: str) -> None:
        assert self._socket is not None
        try:
            self._socket.sendto(frame, other)
        except (BlockingIOError, ConnectionError, FileNotFoundError):
            return  # full, starting or dead: it looks by itself within a second
        except OSError as error:
            emit(Event.NET_BUS_FAILED, path=other, error=str(error))

    def _receive(self) -> None:
        latest: dict[AccountId, ModSeq] = {}
        for _ in range(_BURST):
            try:
                frame = self._socket.recv(_FRAME) if self._socket is not None else b""
            except (BlockingIOError, InterruptedError):
                break
            if not frame:
                break
            if frame[:2] == _MAGIC and (len(frame) - 2) % _WAKE.size == 0:
                for account, modseq in _WAKE.iter_unpack(frame[2:]):
                    latest[AccountId(account)] = ModSeq(max(modseq, latest.get(AccountId(account), 0)))
        if latest:
            wakes = [Wake(account, modseq) for account, modseq in latest.items()]
            for receive in self._subscribers:
                receive(wakes)


def _path(folder: Path, worker: int) -> Path:
    return folder / f"bus-{worker}"
