"""A worker's wiring with toy servers, to try the supervisor without mail. Settings are JSON."""

import asyncio
import os
import signal

import msgspec

from mailstead import telemetry
from mailstead.app.context import WorkerContext, WorkerParts
from mailstead.net.listener import Door, Listener, Refusal
from mailstead.net.stream import PeerGone, Stream, Woken


class Settings(msgspec.Struct):
    connections: int = 0
    per_ip: int = 0
    fail_with: int = 0
    refuse_start: int = 0


class Toy:
    """Says `hello PID`, then answers lines: echo, pid, die, stop (SIGSTOP), bug, status, counts, quit."""

    def __init__(self, context: WorkerContext, settings: Settings) -> None:
        self.context = context
        self.settings = settings
        self.is_draining = False
        self.streams: set[Stream] = set()

    def drain(self) -> None:
        self.is_draining = True
        for stream in list(self.streams):
            stream.wake()

    async def serve(self, stream: Stream) -> None:
        self.streams.add(stream)
        try:
            stream.write(b"hello %d\n" % os.getpid())
            await self._talk(stream)
        finally:
            self.streams.discard(stream)

    async def _talk(self, stream: Stream) -> None:
        while True:
            try:
                line = (await stream.read(300)).strip()
            except Woken:
                stream.write(b"bye\n")
                return
            match line:
                case b"":
                    return
                case b"begin":  # a transaction that may be finished in the grace time
                    await self._transaction(stream)
                case b"quit":
                    stream.write(b"bye\n")
                    return
                case b"die":
                    os._exit(3)
                case b"stop":
                    os.kill(os.getpid(), signal.SIGSTOP)
                case b"bug":
                    raise ZeroDivisionError
                case b"halt":
                    self.context.link.stop_program()
                case b"reload":
                    self.context.link.reload_program()
                case b"settings":
                    stream.write(msgspec.json.encode(self.settings) + b"\n")
                case b"status":
                    answer = await self.context.link.ask()
                    stream.write(msgspec.json.encode(answer) + b"\n")
                case _:
                    stream.write(b"%d %s %s\n" % (os.getpid(), stream.peer_ip.encode(), line))

    async def _transaction(self, stream: Stream) -> None:
        stream.write(b"go on\n")
        while True:
            try:
                if b"end" in await stream.read(30):
                    break
            except Woken:
                stream.write(b"hurry\n")
        stream.write(b"done\n")
        if self.is_draining:
            raise PeerGone("draining")


def refuse(refusal: Refusal) -> bytes:
    return f"no: {refusal.name}\n".encode()


async def build(settings: bytes, context: WorkerContext) -> WorkerParts:
    telemetry.configure("debug", "json", "stderr")
    chosen = msgspec.json.decode(settings, type=Settings)
    if chosen.refuse_start:
        raise SystemExit(chosen.refuse_start)
    if chosen.fail_with:
        raise RuntimeError("cannot start")
    toy = Toy(context, chosen)
    listeners = [
        Listener(
            Door(name=name, refuse=refuse, connections=chosen.connections, per_ip=chosen.per_ip),
            sockets,
            toy.serve,
            context.sweep,
            context.board.sessions(),
        )
        for name, sockets in context.sockets.items()
    ]

    async def reload(fresh: bytes) -> None:
        toy.settings = msgspec.json.decode(fresh, type=Settings)

    async def close() -> None:
        await asyncio.sleep(0)

    return WorkerParts(listeners=listeners, drain=toy.drain, close=close, reload=reload)
