"""The one place that reads a clock. Everything else is handed a `Clock` or a time."""

import time
from typing import Protocol

from mailstead.ground.model.ids import Instant


class Clock(Protocol):
    """Wall time for people and records, monotonic time for spans."""

    def now(self) -> Instant: ...
    def monotonic(self) -> float: ...


class SystemClock:
    """The machine's own."""

    def now(self) -> Instant:
        """Milliseconds since the epoch."""
        return Instant(time.time_ns() // 1_000_000)

    def monotonic(self) -> float:
        """Seconds that never go back."""
        return time.monotonic()
