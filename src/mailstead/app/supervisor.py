"""`mailstead run`: binds, drops root, migrates, then keeps worker processes alive until told to stop.

It serves nobody itself, so it stays small and its sockets outlive every worker. SIGTERM and SIGINT drain, a second one
ends at once, SIGHUP reads the settings anew.
"""

import asyncio
import os
import resource
import signal
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from mailstead.app.crew import HelperProcess, WorkerProcess
from mailstead.app.frames import (
    Answer,
    Ask,
    AskLogs,
    Beat,
    LogsPart,
    Ready,
    Reload,
    ReloadAll,
    ShowLogs,
    Start,
    Status,
    Stop,
    ToSupervisor,
)
from mailstead.app.sockets import Endpoint, SocketSets, bind_paths, bind_ports, notify_systemd
from mailstead.net.clock import SystemClock
from mailstead.net.ledger import make_ledger
from mailstead.net.privileges import drop_root, give_to, is_root
from mailstead.net.tally import Board, make_board
from mailstead.telemetry import Event, Gauge, emit, incident, set_gauge
from mailstead.telemetry.metrics import REGISTRY, Snapshot, merge, without_gauges
from mailstead.telemetry.recent import RECENT

LOCK_LIMIT: Final = 10.0
HUNG_AFTER: Final = 120.0
_WATCH: Final = 1.0
_KILL_AFTER: Final = 2.0
_FIRST_TRIES: Final = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What to run. `settings` are opaque here; `wiring` (module:function) turns them into servers in each worker.

    If root is given up for `user`, `folders` become theirs first.
    `migrate` runs before any worker, `lock_holder` tells who holds the store's lock (pid, monotonic since),
    `on_ready` is told the ports, `reload` reads the settings anew and raises if they are no good.
    """

    endpoints: Sequence[Endpoint]
    run_dir: Path
    settings: bytes
    workers: int = 2
    wiring: str = "mailstead.app.wiring:build_worker"
    has_hasher: bool = True
    user: str = ""
    group: str = ""
    folders: Sequence[Path] = ()
    grace: float = 25.0
    version: str = ""
    migrate: Callable[[], None] = lambda: None
    lock_holder: Callable[[], tuple[int, float] | None] = lambda: None
    on_ready: Callable[[Mapping[str, int]], None] = lambda _: None
    reload: Callable[[], bytes] | None = None


def run(plan: Plan) -> int:
    """Run until stopped; the exit code. CannotListen and whatever `migrate` raises come before anything was begun."""
    _raise_file_limit()
    sockets = bind_ports(plan.endpoints, plan.workers)
    plan.run_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    if plan.user and is_root():
        for folder in (*plan.folders, plan.run_dir):
            give_to(folder, plan.user, plan.group)
        drop_root(plan.user, plan.group)
    bind_paths(sockets, plan.endpoints)
    plan.migrate()
    return asyncio.run(Supervisor(plan, sockets).run())


def _raise_file_limit() -> None:
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    with suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


class Supervisor:
    """One run of the program."""

    def __init__(self, plan: Plan, sockets: SocketSets) -> None:
        self._plan = plan
        self._sockets = sockets
        self._settings = plan.settings
        self._tally_fd = make_board(plan.workers)
        self._ledger_fd = make_ledger()
        self._board = Board(self._tally_fd, plan.workers, 0)
        self._workers = [WorkerProcess(number, self) for number in range(plan.workers)]
        self._helper = HelperProcess(plan.run_dir / "hasher.sock") if plan.has_hasher else None
        self._retired: Snapshot = {}
        self._stop = asyncio.Event()
        self._is_draining = False
        self._was_ready = False
        self._code = os.EX_OK
        self._began = 0.0

    async def run(self) -> int:
        """Begin everything, then wait for the end."""
        loop = asyncio.get_running_loop()
        self._began = loop.time()
        set_gauge(Gauge.START_TIME, SystemClock().now() / 1000)
        emit(Event.APP_STARTED, version=self._plan.version, pid=os.getpid(), count=self._plan.workers)
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._stop_asked, number)
        loop.add_signal_handler(signal.SIGHUP, self.reload)
        if self._helper is not None:
            self._helper.begin()
        for worker in self._workers:
            worker.begin()
        watch = asyncio.create_task(self._watch())
        await self._stop.wait()
        watch.cancel()
        await self._drain()
        emit(Event.APP_STOPPED, elapsed=loop.time() - self._began)
        return self._code

    # what workers ask of it (see `crew.WorkerProcess`)

    def start_of(self, number: int) -> Start:
        """The first words to a worker. Live counts of the one that died before it go."""
        if self._workers[number].patience.restarts:
            self._board.clear(number)
        return Start(
            number,
            self._plan.workers,
            str(self._plan.run_dir),
            self._sockets.descriptors(number),
            self._tally_fd,
            self._ledger_fd,
            self._plan.wiring,
            self._settings,
        )

    def heard(self, worker: WorkerProcess, message: ToSupervisor) -> None:
        """A worker said something; beats it keeps itself."""
        match message:
            case Ready():
                self._worker_ready()
            case Ask(number):
                worker.send(Answer(number, self.status(), self.metrics()))
            case AskLogs():
                self._gather_logs(worker, message)
            case LogsPart(asker):
                self._workers[asker].send(message)
            case Stop():
                self.stop("control")
            case ReloadAll():
                self.reload()
            case Beat():
                pass

    def _gather_logs(self, asker: WorkerProcess, ask: AskLogs) -> None:
        """Our own events at once; those of the workers come by themselves."""
        ready = [one for one in self._workers if one.is_ready]
        parts = len(ready) + 1
        asker.send(LogsPart(asker.number, ask.number, parts, RECENT.find(ask.wanted)))
        for one in ready:
            one.send(ShowLogs(asker.number, ask.number, parts, ask.wanted))

    def retired(self, last: Snapshot) -> None:
        """A worker has ended; what it counted stays counted."""
        self._retired = merge([self._retired, without_gauges(last)])
        set_gauge(Gauge.WORKERS_READY, sum(one.is_ready for one in self._workers))

    def wants_again(self, worker: WorkerProcess, code: int) -> bool:
        """Whether a worker that ended is to begin again."""
        if self._is_draining:
            return False
        if not self._was_ready and (code == os.EX_CONFIG or worker.patience.restarts >= _FIRST_TRIES):
            # it never came to life: better an end with a word than a loop
            self._code = os.EX_CONFIG if code == os.EX_CONFIG else os.EX_SOFTWARE
            self.stop("start failed")
            return False
        return True

    def _worker_ready(self) -> None:
        ready = sum(one.is_ready for one in self._workers)
        set_gauge(Gauge.WORKERS_READY, ready)
        if ready == len(self._workers) and not self._was_ready:
            self._was_ready = True
            elapsed = asyncio.get_running_loop().time() - self._began
            emit(Event.APP_READY, pid=os.getpid(), elapsed=elapsed)
            notify_systemd("READY=1")
            self._plan.on_ready(self._sockets.ports)

    # status

    def status(self) -> Status:
        """The whole program as it is now."""
        uptime = asyncio.get_running_loop().time() - self._began
        return Status(
            os.getpid(), uptime, self._is_draining, [one.status() for one in self._workers], self._sockets.ports
        )

    def metrics(self) -> Snapshot:
        """All processes' numbers as one, those of ended ones too."""
        return merge([self._retired, REGISTRY.snapshot(), *(one.metrics for one in self._workers)])

    # signals and ends

    def reload(self) -> None:
        """Read the settings anew and hand them to all; bad ones change nothing."""
        if self._plan.reload is None or self._is_draining:
            return
        try:
            self._settings = self._plan.reload()
        except Exception as error:  # noqa: BLE001 - whatever is wrong with them, we go on with the old ones
            incident(error, subsystem="reload")
            emit(Event.APP_RELOADED, result="refused")
            return
        for worker in self._workers:
            worker.send(Reload(self._settings))
        emit(Event.APP_RELOADED, result="done")

    def _stop_asked(self, number: signal.Signals) -> None:
        if self._is_draining:
            for worker in self._workers:
                worker.kill("told twice")
            return
        self.stop(number.name)

    def stop(self, reason: str) -> None:
        """Begin to drain."""
        if not self._stop.is_set():
            self._is_draining = True
            emit(Event.APP_STOPPING, signal=reason)
            self._stop.set()

    async def _drain(self) -> None:
        notify_systemd("STOPPING=1")
        grace = self._plan.grace
        for worker in self._workers:
            worker.finish(grace)
        self._sockets.close()  # workers turn away who waits, then nobody listens
        try:
            async with asyncio.timeout(grace + _KILL_AFTER):
                await asyncio.gather(*(one.wait_ended() for one in self._workers))
        except TimeoutError:
            for worker in self._workers:
                worker.kill("grace is over")
            await asyncio.gather(*(one.wait_ended() for one in self._workers))
        if self._helper is not None:
            await self._helper.end()

    async def _watch(self) -> None:
        """Once a second: who holds the store's lock too long, who has not been heard for long."""
        clock = SystemClock()
        while True:
            await asyncio.sleep(_WATCH)
            holder = self._lock_holder()
            for worker in self._workers:
                if holder is not None and holder[0] == worker.pid and clock.monotonic() - holder[1] > LOCK_LIMIT:
                    emit(
                        Event.STORE_LOCK_HELD,
                        pid=holder[0],
                        worker=worker.number,
                        elapsed=clock.monotonic() - holder[1],
                    )
                    worker.kill("holds the lock")
                elif worker.silence() > HUNG_AFTER:
                    worker.kill("silent")

    def _lock_holder(self) -> tuple[int, float] | None:
        try:
            return self._plan.lock_holder()
        except OSError as error:
            incident(error, subsystem="lock watch")
            return None
