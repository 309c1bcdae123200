"""Passwords hashed in another process: argon2 takes milliseconds of a core, which no event loop has to give.

Wire: frames of a length and msgpack, any number in flight, answered in any order. Nothing of them is ever logged.
"""

import asyncio
import struct
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import msgspec

from mailstead.ground.model.errors import Busy, Invalid
from mailstead.ground.wire.sasl.scram import ITERATIONS_DEFAULT
from mailstead.telemetry import Event, Gauge, emit, set_gauge

MOST_WAITING: Final = 256
ANSWER_TIME: Final = 20.0
MOST_FRAME: Final = 16 * 1024
LENGTH: Final = struct.Struct("!I")


class Work(msgspec.Struct, frozen=True):
    """Verify `password` against `stored`; with nothing stored, hash it, or derive a SCRAM verifier by `iterations`."""

    number: int
    password: str
    stored: str | None = None
    iterations: int = 0

    def __repr__(self) -> str:
        return f"Work({self.number})"


class Done(msgspec.Struct, frozen=True):
    """The answer: `fits` to a verification, `hashed` to a hashing or derivation; else why not."""

    number: int
    fits: bool = False
    hashed: str = ""
    invalid: str = ""
    is_busy: bool = False

    def __repr__(self) -> str:
        return f"Done({self.number})"


_ENCODER: Final = msgspec.msgpack.Encoder()
_DONE: Final = msgspec.msgpack.Decoder(Done)
_WORK: Final = msgspec.msgpack.Decoder(Work)


def frame(message: Work | Done) -> bytes:
    """As it goes over the socket."""
    data = _ENCODER.encode(message)
    return LENGTH.pack(len(data)) + data


async def read_frame(reader: asyncio.StreamReader) -> bytes:
    """The next frame; EOFError at the end or if it is absurd."""
    try:
        (length,) = LENGTH.unpack(await reader.readexactly(LENGTH.size))
        if length > MOST_FRAME:
            raise EOFError
        return await reader.readexactly(length)
    except (asyncio.IncompleteReadError, ConnectionError):
        raise EOFError from None


class RemoteHasher:
    """A worker's hands on the process for passwords; connects when first asked, and again after a loss."""

    def __init__(self, path: Path, iterations: int = ITERATIONS_DEFAULT) -> None:
        self._path = path
        self.iterations = iterations
        self._waiting: dict[int, asyncio.Future[Done]] = {}
        self._number = 0
        self._writer: asyncio.StreamWriter | None = None
        self._connecting = asyncio.Lock()
        self._reading: asyncio.Task[None] | None = None

    async def verify(self, password: str, stored: str) -> bool:
        """True exactly if they fit; Busy."""
        return (await self._ask(password, stored)).fits

    async def hash(self, password: str) -> str:
        """A new hash; Busy, Invalid for what cannot be a password."""
        return await self._make(password, 0)

    async def derive(self, password: str) -> str:
        """A new SCRAM verifier; Busy, Invalid."""
        return await self._make(password, self.iterations)

    async def _make(self, password: str, iterations: int) -> str:
        done = await self._ask(password, None, iterations)
        if done.invalid:
            raise Invalid(done.invalid)
        return done.hashed

    async def close(self) -> None:
        """Let go of the connection."""
        if self._reading is not None:
            self._reading.cancel()
        writer, self._writer = self._writer, None
        if writer is not None:
            await _close(writer)

    async def _ask(self, password: str, stored: str | None, iterations: int = 0) -> Done:
        if len(self._waiting) >= MOST_WAITING:
            raise self._busy()
        self._number += 1
        work = Work(self._number, password, stored, iterations)
        answer: asyncio.Future[Done] = asyncio.get_running_loop().create_future()
        self._waiting[work.number] = answer
        set_gauge(Gauge.HASHER_QUEUE, len(self._waiting))
        try:
            async with asyncio.timeout(ANSWER_TIME):
                (await self._connected()).write(frame(work))
                done = await answer
        except (OSError, TimeoutError) as error:
            emit(Event.HASHER_FAILED, error=type(error).__name__)
            raise Busy("passwords cannot be checked now") from None
        finally:
            del self._waiting[work.number]
            set_gauge(Gauge.HASHER_QUEUE, len(self._waiting))
        if done.is_busy:
            raise self._busy()
        return done

    def _busy(self) -> Busy:
        emit(Event.HASHER_BUSY, count=len(self._waiting))
        return Busy("too many logins wait")

    async def _connected(self) -> asyncio.StreamWriter:
        async with self._connecting:
            if self._writer is None:
                reader, self._writer = await asyncio.open_unix_connection(str(self._path))
                self._reading = asyncio.create_task(self._read(reader))
            return self._writer

    async def _read(self, reader: asyncio.StreamReader) -> None:
        try:
            while True:
                done = _DONE.decode(await read_frame(reader))
                answer = self._waiting.get(done.number)
                if answer is not None and not answer.done():
                    answer.set_result(done)
        except (EOFError, msgspec.DecodeError):
            self._lost()

    def _lost(self) -> None:
        """It died: whoever waits is told to come again."""
        if self._writer is not None:
            self._writer.close()
            self._writer = None
        for answer in self._waiting.values():
            if not answer.done():
                answer.set_exception(ConnectionResetError("the process for passwords ended"))


Act = Callable[[Work], Awaitable[Done]]


async def answer_all(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, act: Act) -> None:
    """The other side: read work until the end, answer each as it is done."""
    tasks: set[asyncio.Task[Any]] = set()

    async def one(work: Work) -> None:
        writer.write(frame(await act(work)))

    try:
        while True:
            task = asyncio.create_task(one(_WORK.decode(await read_frame(reader))))
            tasks.add(task)
            task.add_done_callback(tasks.discard)
    except (EOFError, msgspec.DecodeError):
        for task in tasks:
            task.cancel()
        await _close(writer)


async def _close(writer: asyncio.StreamWriter) -> None:
    writer.close()
    with suppress(OSError):
        await writer.wait_closed()
