"""Turns with one program elsewhere: how many at once, how long to wait for one, what follows its failures."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final, TypeVar

from mailstead.net.clock import Clock
from mailstead.services.filters.asking import Silent
from mailstead.services.filters.breaker import Breaker, BreakerRules
from mailstead.telemetry import Event, Gauge, emit, set_gauge

T = TypeVar("T")

WAITING_MAX: Final = 200
"""Who wait for their turn, in one worker."""
_RULES: Final = BreakerRules()


class Turns:
    """One for each program, in each worker."""

    def __init__(self, name: str, clock: Clock, at_once: int) -> None:
        self._name = name
        self._clock = clock
        self._turns = asyncio.Semaphore(at_once)
        self._breaker = Breaker(_RULES)
        self.waiting = 0

    async def take(self, work: Callable[[float], Awaitable[T]], seconds: float) -> T:
        """What the work gives, which hears how many of the seconds are left; Silent."""
        until = self._clock.monotonic() + seconds
        await self._wait(seconds)
        try:
            return await self._try(work, until)
        finally:
            self._turns.release()

    async def _wait(self, seconds: float) -> None:
        if self.waiting >= WAITING_MAX:
            raise Silent(f"{WAITING_MAX} wait for it")
        self.waiting += 1
        try:
            async with asyncio.timeout(seconds):
                await self._turns.acquire()
        except TimeoutError:
            raise Silent(f"no turn in {seconds:g} s") from None
        finally:
            self.waiting -= 1

    async def _try(self, work: Callable[[float], Awaitable[T]], until: float) -> T:
        breaker = self._breaker
        if not breaker.admit(self._clock.monotonic()):
            raise Silent(f"not asked for a while: {breaker.reason}")
        try:
            found = await work(max(0.1, until - self._clock.monotonic()))
        except Silent as silence:
            self._fail(str(silence))
            raise
        except BaseException:
            breaker.gave_up()
            raise
        if breaker.succeeded():
            set_gauge(Gauge.FILTERS_LEFT_ALONE, 0.0, self._name)
            emit(Event.FILTER_BREAKER_CLOSED, filter=self._name)
        return found

    def _fail(self, words: str) -> None:
        if self._breaker.failed(words, self._clock.monotonic()):
            set_gauge(Gauge.FILTERS_LEFT_ALONE, 1.0, self._name)
            emit(Event.FILTER_BREAKER_OPENED, filter=self._name, detail=words, pause=_RULES.pause)
