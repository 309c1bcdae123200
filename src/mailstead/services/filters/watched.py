"""One filter under watch: how long an answer may take, how many letters it has at once, what follows its failures."""

import asyncio
from dataclasses import dataclass, field
from typing import Final

from mailstead.ground.model.opinion import Opinion
from mailstead.net.clock import Clock
from mailstead.services.checks.specimen import Specimen
from mailstead.services.filters.asking import Filter, Silent
from mailstead.services.filters.breaker import Breaker, BreakerRules, State
from mailstead.telemetry import Event, Gauge, emit, incident, set_gauge

WAITING_MAX: Final = 200
"""Letters of one worker that wait for one filter, or are with it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """What the operator decides."""

    timeout: float  # seconds; the wait for a turn is part of it
    at_once: int  # in one worker
    breaker: BreakerRules = field(default_factory=BreakerRules)


class WatchedFilter:
    """One for a worker. Never raises but when cancelled."""

    def __init__(self, asked: Filter, clock: Clock, patience: Patience) -> None:
        self.filter = asked
        self._clock = clock
        self._patience = patience
        self._turns = asyncio.Semaphore(patience.at_once)
        self._waiting = 0
        self._breaker = Breaker(patience.breaker)
        self._show()

    @property
    def state(self) -> State:
        """Of the breaker of this worker."""
        return self._breaker.state(self._clock.monotonic())

    @property
    def reason(self) -> str:
        """Its latest failure, if no answer came since."""
        return self._breaker.reason

    @property
    def timeout(self) -> float:
        """Seconds."""
        return self._patience.timeout

    async def ask(self, specimen: Specimen) -> tuple[Opinion, ...]:
        """Its opinions, or one that says why it has none."""
        name, began = self.filter.name, self._clock.monotonic()
        try:
            opinions = await self._take_turn(specimen)
        except Silent as silence:
            elapsed = self._clock.monotonic() - began
            emit(Event.FILTER_SILENT, filter=name, result="silent", elapsed=elapsed, detail=str(silence))
            return (Opinion(source=name, concern=self.filter.concern, trouble=str(silence)),)
        emit(Event.FILTER_ANSWERED, filter=name, result="answered", elapsed=self._clock.monotonic() - began)
        return opinions

    async def _take_turn(self, specimen: Specimen) -> tuple[Opinion, ...]:
        if self._waiting >= WAITING_MAX:
            raise Silent(f"{WAITING_MAX} letters wait for it")
        loop = asyncio.get_running_loop()
        fair_until = loop.time() + self._patience.timeout / 2
        had_time = False
        self._waiting += 1
        try:
            async with asyncio.timeout(self._patience.timeout), self._turns:
                if not self._breaker.admit(self._clock.monotonic()):
                    raise Silent(f"not asked for a while: {self._breaker.reason}")
                had_time = loop.time() <= fair_until  # else its silence would be the fault of those before
                return await self._ask(specimen)
        except TimeoutError:
            words = f"no answer in {self._patience.timeout:g} s"
            if had_time:
                self._fail(words)
            raise Silent(words) from None
        finally:
            self._waiting -= 1

    async def _ask(self, specimen: Specimen) -> tuple[Opinion, ...]:
        try:
            opinions = await self.filter.ask(specimen)
        except Silent as silence:
            if silence.is_down:
                self._fail(str(silence))
            else:
                self._succeed()
            raise
        except asyncio.CancelledError:
            self._breaker.gave_up()
            raise
        except Exception as error:  # noqa: BLE001 - a fault of ours refuses nobody
            words = f"a fault of ours (incident {incident(error, subsystem='filters')})"
            self._fail(words)
            raise Silent(words) from None
        self._succeed()
        return opinions

    def _succeed(self) -> None:
        if self._breaker.succeeded():
            self._show()
            emit(Event.FILTER_BREAKER_CLOSED, filter=self.filter.name)

    def _fail(self, words: str) -> None:
        if self._breaker.failed(words, self._clock.monotonic()):
            self._show()
            pause = self._patience.breaker.pause
            emit(Event.FILTER_BREAKER_OPENED, filter=self.filter.name, detail=words, pause=pause)

    def _show(self) -> None:
        set_gauge(Gauge.FILTERS_LEFT_ALONE, float(self.state is not State.CLOSED), self.filter.name)
