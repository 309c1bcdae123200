"""A daemon that plays clamd, well or badly as it is told, in a thread of its own."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import Enum

from tests.support.filters.scene import stage


class Mood(Enum):
    """How it treats its next visitors."""

    WELL = "answers that all is clean"
    SILENT = "takes everything and says nothing"
    GARBAGE = "is some other server"
    ENDLESS = "answers with megabytes"
    DYING = "is killed when it has a part of the letter"


@dataclass
class Actor:
    """`mood` may be changed at any time."""

    mood: Mood = Mood.WELL
    port: int = 0
    visitors: int = 0

    async def play(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """As `mood` is when somebody comes."""
        self.visitors += 1
        match self.mood:
            case Mood.DYING:
                await reader.readexactly(200_000)
                writer.transport.abort()
                return
            case Mood.GARBAGE:
                writer.write(b"220 mx.test ESMTP\r\n\0")
            case Mood.ENDLESS:
                writer.write(b"x" * 20_000_000)
            case Mood.WELL:
                await reader.readuntil(b"\0")
                while size := int.from_bytes(await reader.readexactly(4), "big"):
                    await reader.readexactly(size)
                writer.write(b"stream: OK\0")
        while await reader.read(65536):
            pass


@contextmanager
def actor() -> Iterator[Actor]:
    """Until the block ends."""
    made, is_up = Actor(), threading.Event()
    loop = asyncio.new_event_loop()
    done = asyncio.Event()

    async def run() -> None:
        async with stage(made.play) as there:
            made.port = there.port
            is_up.set()
            await done.wait()

    thread = threading.Thread(target=loop.run_until_complete, args=(run(),), daemon=True)
    thread.start()
    assert is_up.wait(20)
    try:
        yield made
    finally:
        loop.call_soon_threadsafe(done.set)
        thread.join(20)
        loop.close()
