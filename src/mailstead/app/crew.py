"""The processes a supervisor keeps: each place in the crew is filled again when its process dies."""

import asyncio
from collections.abc import Coroutine
from contextlib import suppress
from pathlib import Path
from typing import Protocol

from mailstead.app.frames import (
    TO_SUPERVISOR,
    Beat,
    Channel,
    Drain,
    Ready,
    Start,
    ToSupervisor,
    ToWorker,
    WorkerStatus,
)
from mailstead.app.process import Child, Patience
from mailstead.app.sockets import listen_on_path
from mailstead.telemetry import Event, emit
from mailstead.telemetry.metrics import Snapshot


class Lead(Protocol):
    """What a place in the crew needs of the supervisor."""

    def start_of(self, number: int) -> Start: ...
    def heard(self, worker: "WorkerProcess", message: ToSupervisor) -> None: ...
    def retired(self, last: Snapshot) -> None: ...
    def wants_again(self, worker: "WorkerProcess", code: int) -> bool: ...


class WorkerProcess:
    """The place of one worker; its number stays when its process changes."""

    def __init__(self, number: int, lead: Lead) -> None:
        self.number = number
        self.patience = Patience()
        self.is_ready = False
        self._lead = lead
        self._child: Child | None = None
        self._channel: Channel | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._beat = Beat({}, {})
        self._heard_at = 0.0
        self._grace: float | None = None
        self._finishing = asyncio.Event()
        self._ended = asyncio.Event()

    @property
    def pid(self) -> int:
        """Of the process now in this place; 0 between two."""
        return self._child.pid if self._child is not None else 0

    @property
    def metrics(self) -> Snapshot:
        """Its last numbers."""
        return self._beat.metrics

    def begin(self) -> None:
        """Fill the place."""
        start = self._lead.start_of(self.number)
        inherited = [start.tally_fd, start.ledger_fd, *(fd for fds in start.sockets.values() for fd in fds)]
        self._child = Child("mailstead.app.worker", inherited, self._exited)
        self._heard_at = self._child.began
        emit(Event.WORKER_STARTED, worker=self.number, pid=self._child.pid)
        self._run(self._talk(self._child, start))

    def _run(self, duty: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(duty)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _talk(self, child: Child, start: Start) -> None:
        channel = self._channel = await Channel.on(child.socket)
        channel.send(start)
        if self._grace is not None:  # told while the process was beginning
            channel.send(Drain(self._grace))
        while (message := await channel.receive(TO_SUPERVISOR)) is not None:
            self._heard_at = asyncio.get_running_loop().time()
            if isinstance(message, Ready):
                self.is_ready = True
                emit(Event.WORKER_READY, worker=self.number, pid=child.pid, elapsed=child.age())
            elif isinstance(message, Beat):
                self._beat = message
            self._lead.heard(self, message)
        channel.close()

    def _exited(self, child: Child) -> None:
        self._run(self._replace(child))

    async def _replace(self, child: Child) -> None:
        assert child.code is not None
        has_served, self.is_ready = self.is_ready, False
        last, self._beat = self._beat.metrics, Beat({}, {})
        self._child = self._channel = None
        self._lead.retired(last)
        if self._grace is None:
            emit(Event.WORKER_ENDED, worker=self.number, pid=child.pid, code=child.code, elapsed=child.age())
            pause = self.patience.pause(child.age(), has_served=has_served)
            if self._lead.wants_again(self, child.code) and not await self._is_told_to_finish(pause):
                self.begin()
                return
        self._ended.set()

    async def _is_told_to_finish(self, wait: float) -> bool:
        with suppress(TimeoutError):
            async with asyncio.timeout(wait):
                await self._finishing.wait()
        return self._finishing.is_set()

    def finish(self, grace: float) -> None:
        """Drain the process; the place stays empty then."""
        self._grace = grace
        self._finishing.set()
        self.send(Drain(grace))

    def send(self, message: ToWorker) -> None:
        """Say something to the process, if there is one."""
        if self._channel is not None:
            self._channel.send(message)

    def kill(self, reason: str) -> None:
        """End the process at once; the place is filled again unless all ends."""
        if self._child is not None:
            emit(Event.WORKER_KILLED, worker=self.number, pid=self._child.pid, reason=reason, elapsed=self._child.age())
            self._child.kill()

    def silence(self) -> float:
        """Seconds since the process was heard."""
        return asyncio.get_running_loop().time() - self._heard_at if self._child is not None else 0.0

    async def wait_ended(self) -> None:
        """Until the place is empty for good."""
        await self._ended.wait()

    def status(self) -> WorkerStatus:
        """As others see it."""
        age = self._child.age() if self._child is not None else 0.0
        beat = self._beat
        return WorkerStatus(
            self.number, self.pid, self.is_ready, self.patience.restarts, age, beat.connections, beat.illness
        )


class HelperProcess:
    """The place of the process for passwords. Its socket stands here, so requests wait while it begins again."""

    def __init__(self, path: Path) -> None:
        self._socket = listen_on_path("hasher", path)
        self._patience = Patience()
        self._child: Child | None = None
        self._pause: asyncio.TimerHandle | None = None
        self._is_ending = False
        self._ended = asyncio.Event()

    def begin(self) -> None:
        """Fill the place."""
        self._child = Child("mailstead.app.helper", [self._socket.fileno()], self._exited)

    def _exited(self, child: Child) -> None:
        assert child.code is not None
        child.socket.close()
        self._child = None
        if self._is_ending:
            self._ended.set()
            return
        emit(Event.HASHER_FAILED, error=f"ended with {child.code}")
        pause = self._patience.pause(child.age(), has_served=True)
        self._pause = asyncio.get_running_loop().call_later(pause, self.begin)

    async def end(self) -> None:
        """End it: closing the channel is the sign."""
        self._is_ending = True
        self._socket.close()
        if self._pause is not None:
            self._pause.cancel()
        if self._child is not None:
            self._child.socket.close()
            self._child.kill()
            await self._ended.wait()
