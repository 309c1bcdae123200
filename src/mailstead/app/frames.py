"""What supervisor and workers say to each other: a struct each, in frames of length and msgpack over a socket pair."""

import asyncio
import socket
import struct
from typing import Any, Final, Self

import msgspec

from mailstead.telemetry.metrics import Snapshot
from mailstead.telemetry.recent import Told, Wanted

MOST_FRAME: Final = 16 * 1024 * 1024
_LENGTH: Final = struct.Struct("!I")


class Start(msgspec.Struct, frozen=True, tag=True):
    """All a worker needs to begin. `sockets` are descriptors it inherited, by listener."""

    number: int
    workers: int
    run_dir: str
    sockets: dict[str, list[int]]
    tally_fd: int
    ledger_fd: int
    wiring: str
    settings: bytes


class Drain(msgspec.Struct, frozen=True, tag=True):
    """Take no more connections, let sessions end, leave within `grace` seconds."""

    grace: float


class Reload(msgspec.Struct, frozen=True, tag=True):
    """The settings anew."""

    settings: bytes


class Answer(msgspec.Struct, frozen=True, tag=True):
    """To the `Ask` of the same number."""

    number: int
    status: "Status"
    metrics: Snapshot


class Ready(msgspec.Struct, frozen=True, tag=True):
    """The worker serves."""


class Beat(msgspec.Struct, frozen=True, tag=True):
    """Once a second: the worker's numbers, and in `illness` why it cannot serve (empty: it can)."""

    metrics: Snapshot
    connections: dict[str, int]
    illness: str = ""


class Ask(msgspec.Struct, frozen=True, tag=True):
    """A worker wants the numbers of all of them."""

    number: int


class AskLogs(msgspec.Struct, frozen=True, tag=True):
    """A worker wants the last events of all processes."""

    number: int
    wanted: Wanted


class ShowLogs(msgspec.Struct, frozen=True, tag=True):
    """Worker `asker` wants them; it waits for `parts` parts."""

    asker: int
    number: int
    parts: int
    wanted: Wanted


class LogsPart(msgspec.Struct, frozen=True, tag=True):
    """Those of one process, on their way to the worker `asker`."""

    asker: int
    number: int
    parts: int
    told: list[Told]


class Stop(msgspec.Struct, frozen=True, tag=True):
    """A worker was asked to stop the whole program (by the control socket)."""


class ReloadAll(msgspec.Struct, frozen=True, tag=True):
    """A worker was asked to have the settings read anew."""


class WorkerStatus(msgspec.Struct, frozen=True):
    """One worker as the supervisor sees it."""

    number: int
    pid: int
    is_ready: bool
    restarts: int
    uptime: float
    connections: dict[str, int] = {}
    illness: str = ""


class Status(msgspec.Struct, frozen=True):
    """The whole program."""

    pid: int
    uptime: float
    is_draining: bool
    workers: list[WorkerStatus]
    ports: dict[str, int]


ToWorker = Start | Drain | Reload | Answer | ShowLogs | LogsPart
ToSupervisor = Ready | Beat | Ask | AskLogs | LogsPart | Stop | ReloadAll

_ENCODER: Final = msgspec.msgpack.Encoder()
TO_WORKER: Final = msgspec.msgpack.Decoder(ToWorker)
TO_SUPERVISOR: Final = msgspec.msgpack.Decoder(ToSupervisor)


class Channel:
    """One end of the pair. The other end's death is the end of the stream."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    @classmethod
    async def on(cls, sock: socket.socket) -> Self:
        """A channel on our end of the pair."""
        return cls(*await asyncio.open_connection(sock=sock))

    def send(self, message: ToWorker | ToSupervisor) -> None:
        """Queue a frame; dropped if the other end is gone or takes nothing."""
        transport = self._writer.transport
        if transport.is_closing() or transport.get_write_buffer_size() > MOST_FRAME:
            return
        data = _ENCODER.encode(message)
        self._writer.write(_LENGTH.pack(len(data)) + data)

    async def receive(self, decoder: "msgspec.msgpack.Decoder[Any]") -> Any:
        """The next message; None at the end."""
        try:
            (length,) = _LENGTH.unpack(await self._reader.readexactly(_LENGTH.size))
            if length > MOST_FRAME:
                return None
            return decoder.decode(await self._reader.readexactly(length))
        except (asyncio.IncompleteReadError, ConnectionError):
            return None

    def close(self) -> None:
        """Say no more."""
        self._writer.close()
