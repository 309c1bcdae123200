"""One worker process: a full server on the sockets it inherited, led by the supervisor over a channel.

Run as `python -m mailstead.app.worker FD`. When the supervisor is gone it drains by itself: nothing is left behind.
"""

import asyncio
import gc
import importlib
import os
import signal
import socket
import sys
from contextlib import suppress
from pathlib import Path
from typing import Final, cast

import uvloop

from mailstead.app.context import BuildWorker, Link, WorkerContext, WorkerParts
from mailstead.app.frames import TO_WORKER, Answer, Beat, Channel, Drain, LogsPart, Ready, Reload, ShowLogs, Start
from mailstead.net.bus import Bus
from mailstead.net.clock import SystemClock
from mailstead.net.ledger import Ledger
from mailstead.net.sweep import Sweep
from mailstead.net.tally import Board
from mailstead.telemetry import Event, configure, emit, incident
from mailstead.telemetry.metrics import REGISTRY

BEAT: Final = 1.0
ORPHAN_GRACE: Final = 5.0
STALL: Final = 0.05
_STALL_TICK: Final = 0.1
_CLOSE_TIME: Final = 10.0


class Worker:
    """Serves until told to drain."""

    def __init__(self, channel: Channel, start: Start) -> None:
        self._channel = channel
        self._start = start
        self._link = Link(channel)

    async def run(self) -> None:
        """Build, serve, drain, close."""
        context = self._context()
        context.bus.open()
        parts = await _find(self._start.wiring)(self._start.settings, context)
        for listener in parts.listeners:
            listener.start()
        self._link.describe = lambda: _describe(parts)
        self._settle()
        self._channel.send(Ready())
        duties = [asyncio.create_task(self._beat()), asyncio.create_task(self._watch_loop())]
        grace = await self._follow(parts)
        await self._drain(parts, grace)
        for duty in duties:
            duty.cancel()
        context.bus.close()
        self._link.beat()
        with suppress(TimeoutError):
            async with asyncio.timeout(_CLOSE_TIME):
                await parts.close()

    def _context(self) -> WorkerContext:
        start = self._start
        folder = Path(start.run_dir)
        return WorkerContext(
            start.number,
            start.workers,
            folder,
            {name: [socket.socket(fileno=fd) for fd in fds] for name, fds in start.sockets.items()},
            Board(start.tally_fd, start.workers, start.number),
            Ledger(start.ledger_fd, SystemClock()),
            Bus(folder, start.number, start.workers),
            Sweep(),
            self._link,
        )

    def _settle(self) -> None:
        """What stands now stays: the collector need not look at it again, nor touch pages shared with others."""
        gc.collect()
        gc.freeze()

    async def _follow(self, parts: WorkerParts) -> float:
        """Do what the supervisor says until it says drain or is gone; how long sessions may take."""
        while True:
            match await self._channel.receive(TO_WORKER):
                case Drain(grace):
                    return grace
                case None:
                    return ORPHAN_GRACE
                case Answer() as answer:
                    self._link.take(answer)
                case ShowLogs() | LogsPart() as message:
                    self._link.hear_logs(message)
                case Reload(settings):
                    await self._reload(parts, settings)
                case _:
                    pass

    async def _reload(self, parts: WorkerParts, settings: bytes) -> None:
        try:
            await parts.reload(settings)
        except Exception as error:  # noqa: BLE001 - the old settings stay in force
            incident(error, subsystem="reload")

    async def _drain(self, parts: WorkerParts, grace: float) -> None:
        loop = asyncio.get_running_loop()
        began = loop.time()
        parts.drain()
        for listener in parts.listeners:
            listener.stop_accepting()
        with suppress(TimeoutError):
            async with asyncio.timeout(grace):
                for listener in parts.listeners:
                    await listener.wait_empty()
        left = sum(listener.count for listener in parts.listeners)
        for listener in parts.listeners:
            await listener.abort_all()
        emit(Event.WORKER_DRAINED, worker=self._start.number, count=left, elapsed=loop.time() - began)

    async def _beat(self) -> None:
        while True:
            await asyncio.sleep(BEAT)
            self._link.beat()

    async def _watch_loop(self) -> None:
        """A timer that rings late tells how long the loop stood still."""
        loop = asyncio.get_running_loop()
        while True:
            due = loop.time() + _STALL_TICK
            await asyncio.sleep(_STALL_TICK)
            late = loop.time() - due
            if late > STALL:
                emit(Event.NET_LOOP_STALLED, elapsed=late, worker=self._start.number)


def _describe(parts: WorkerParts) -> Beat:
    connections = {listener.name: listener.count for listener in parts.listeners}
    return Beat(REGISTRY.snapshot(), connections, parts.illness())


def _find(wiring: str) -> BuildWorker:
    module, _, name = wiring.partition(":")
    return cast(BuildWorker, getattr(importlib.import_module(module), name))


async def serve(fd: int) -> int:
    """The worker's life; its exit code."""
    configure("warning", "text", "stderr")  # until the wiring knows better: a start that fails must be seen
    channel = await Channel.on(socket.socket(fileno=fd))
    start = await channel.receive(TO_WORKER)
    if not isinstance(start, Start):
        return os.EX_PROTOCOL
    try:
        await Worker(channel, start).run()
    except Exception as error:  # noqa: BLE001 - the supervisor begins another one
        incident(error, subsystem="worker")
        return os.EX_SOFTWARE
    return os.EX_OK


def main() -> None:
    """Entry of the process."""
    # a terminal's Ctrl-C goes to the whole group: only the supervisor answers it
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        code = runner.run(serve(int(sys.argv[1])))
    sys.exit(code)


if __name__ == "__main__":
    main()
