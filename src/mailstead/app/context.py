"""The seam between a worker process and the wiring: what a worker is given, and what it gives back to be run."""

import asyncio
import socket
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Protocol

from mailstead.app.frames import Answer, Ask, AskLogs, Beat, Channel, LogsPart, ReloadAll, ShowLogs, Stop
from mailstead.net.bus import Bus
from mailstead.net.ledger import Ledger
from mailstead.net.listener import Listener
from mailstead.net.sweep import Sweep
from mailstead.net.tally import Board
from mailstead.telemetry.metrics import REGISTRY
from mailstead.telemetry.recent import RECENT, Told, Wanted, latest

ASK_TIME: Final = 5.0
LOGS_TIME: Final = 2.0
MOST_ASKED: Final = 1000


class _Gathering:
    """Parts of an answer that come one by one."""

    def __init__(self) -> None:
        self.found: list[list[Told]] = []
        self.whole = asyncio.Event()

    def take(self, told: list[Told], parts: int) -> None:
        """One more of so many."""
        self.found.append(told)
        if len(self.found) >= parts:
            self.whole.set()


class Link:
    """The worker's words to the supervisor."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        self._asked: dict[int, asyncio.Future[Answer]] = {}
        self._logs: dict[int, _Gathering] = {}
        self._number = 0
        self.describe: Callable[[], Beat] = lambda: Beat(REGISTRY.snapshot(), {})

    async def ask(self) -> Answer:
        """Status and merged numbers of all workers; TimeoutError if the supervisor is gone or too many ask."""
        if len(self._asked) >= MOST_ASKED:
            raise TimeoutError("too many ask")
        self._number += 1
        number = self._number
        self._channel.send(self.describe())  # so that our own numbers are in the answer
        self._channel.send(Ask(number))
        answer: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._asked[number] = answer
        try:
            async with asyncio.timeout(ASK_TIME):
                return await answer
        finally:
            del self._asked[number]

    async def logs(self, wanted: Wanted) -> list[Told]:
        """The last events of all processes of this node, the latest first; of those that answer in time."""
        if len(self._logs) >= MOST_ASKED:
            raise TimeoutError("too many ask")
        self._number += 1
        number, gathering = self._number, _Gathering()
        self._logs[number] = gathering
        self._channel.send(AskLogs(number, wanted))
        try:
            with suppress(TimeoutError):
                async with asyncio.timeout(LOGS_TIME):
                    await gathering.whole.wait()
        finally:
            del self._logs[number]
        return latest(gathering.found, wanted.limit)

    def hear_logs(self, message: ShowLogs | LogsPart) -> None:
        """Another worker wants ours, or a part of what we want came."""
        match message:
            case ShowLogs(asker, number, parts, wanted):
                self._channel.send(LogsPart(asker, number, parts, RECENT.find(wanted)))
            case LogsPart(_, number, parts, told):
                if (gathering := self._logs.get(number)) is not None:
                    gathering.take(told, parts)

    def take(self, answer: Answer) -> None:
        """An answer came."""
        asked = self._asked.get(answer.number)
        if asked is not None and not asked.done():
            asked.set_result(answer)

    def beat(self) -> None:
        """Send our numbers."""
        self._channel.send(self.describe())

    def stop_program(self) -> None:
        """Ask the supervisor to drain and end everything."""
        self._channel.send(Stop())

    def reload_program(self) -> None:
        """Ask the supervisor to read the settings anew and hand them to all."""
        self._channel.send(ReloadAll())


@dataclass(frozen=True, slots=True)
class WorkerContext:
    """Given to `build_worker`. The bus is open; sockets are bound, listening and ours until the end."""

    number: int
    workers: int
    run_dir: Path
    sockets: Mapping[str, Sequence[socket.socket]]
    board: Board
    ledger: Ledger
    bus: Bus
    sweep: Sweep
    link: Link

    @property
    def hasher_path(self) -> Path:
        """Where the process for passwords listens."""
        return self.run_dir / "hasher.sock"


async def _nothing(_: Any = None) -> None:
    """For parts that need none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerParts:
    """Given back by `build_worker`. Listeners are started by the worker once everything stands.

    At the end `drain` is called first (tell sessions to finish), `close` last (the store). `illness`: empty while well.
    """

    listeners: Sequence[Listener]
    drain: Callable[[], None] = lambda: None
    close: Callable[[], Awaitable[None]] = _nothing
    reload: Callable[[bytes], Awaitable[None]] = _nothing
    illness: Callable[[], str] = lambda: ""


class BuildWorker(Protocol):
    """`mailstead.app.wiring.build_worker`. SystemExit with code 78 (EX_CONFIG) ends the whole program at its start."""

    async def __call__(self, settings: bytes, context: WorkerContext) -> WorkerParts: ...
