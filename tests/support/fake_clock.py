"""Time that stands still until a test moves it."""

import asyncio

from mailstead.ground.model.ids import Instant

START_MS = 1_800_000_000_000


class FakeClock:
    """Implements `net.clock.Clock`; waits are futures that `advance` ends."""

    def __init__(self, start: int = START_MS) -> None:
        self._start = start
        self._elapsed = 0.0
        self._waits: list[tuple[float, asyncio.Future[bool]]] = []

    def now(self) -> Instant:
        return Instant(self._start + round(self._elapsed * 1000))

    def monotonic(self) -> float:
        return 1000.0 + self._elapsed

    def set(self, seconds: float) -> None:
        """Somebody sets the wall clock, forward or back."""
        self._start += round(seconds * 1000)

    def expire_at(self, moment: float, wait: asyncio.Future[bool]) -> None:
        """Set `wait` to False once `moment` (monotonic) has come."""
        self._waits.append((moment, wait))

    def advance(self, seconds: float) -> None:
        """Let time pass."""
        self._elapsed += seconds
        now = self.monotonic()
        for moment, wait in self._waits:
            if moment <= now and not wait.done():
                wait.set_result(False)
        self._waits = [(moment, wait) for moment, wait in self._waits if not wait.done()]
