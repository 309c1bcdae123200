"""Turns with one program elsewhere: how many at once, how long to wait for one, what follows its failures."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final, TypeVar

from mailstead.net.clock import Clock
from mailstead.services.filters.asking import Silent
from mailstead.services.filters.breaker import Breaker, BreakerRules

T = TypeVar("T")

WAITING_MAX: Final = 200
"""Who wait for their turn, in one worker."""


class Turns:
    """One for each program, in each worker."""

    def __init__(self, clock: Clock, at_once: int) -> None:
        self._clock = clock
        self._turns = asyncio.Semaphore(at_once)
        self._breaker = Breaker(BreakerRules())
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
            breaker.failed(str(silence), self._clock.monotonic())
            raise
        except BaseException:
            breaker.gave_up()
            raise
        breaker.succeeded()
        return found
