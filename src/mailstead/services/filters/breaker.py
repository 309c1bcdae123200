"""A circuit breaker: who failed often in a row is left alone for a while, then tried with one letter. Pure."""

from dataclasses import dataclass
from enum import Enum


class State(Enum):
    """What the breaker lets through."""

    CLOSED = "closed"  # everything
    OPEN = "open"  # nothing
    PROBING = "half open"  # one, and by how that goes the others


@dataclass(frozen=True, slots=True, kw_only=True)
class BreakerRules:
    """What the operator decides."""

    failures: int = 5  # in a row
    pause: float = 30.0  # seconds


class Breaker:
    """Of one filter in one worker. `now` is any clock that never goes back, in seconds."""

    def __init__(self, rules: BreakerRules) -> None:
        self._rules = rules
        self._failures = 0
        self._open_until: float | None = None
        self._is_probing = False
        self.reason = ""

    def state(self, now: float) -> State:
        """As it is now."""
        if self._open_until is None:
            return State.CLOSED
        return State.OPEN if now < self._open_until and not self._is_probing else State.PROBING

    def admit(self, now: float) -> bool:
        """Whether one may go; who may says `succeeded`, `failed` or `gave_up` afterwards."""
        if self._open_until is None:
            return True
        if now < self._open_until or self._is_probing:
            return False
        self._is_probing = True
        return True

    def succeeded(self) -> bool:
        """It answered. True if that closed the breaker."""
        was_open = self._open_until is not None
        self._failures, self._open_until, self._is_probing, self.reason = 0, None, False, ""
        return was_open

    def failed(self, reason: str, now: float) -> bool:
        """It did not. True if that opened the breaker, which was closed before."""
        self._failures += 1
        self.reason = reason
        if self._open_until is None and self._failures < self._rules.failures:
            return False
        was_closed = self._open_until is None
        self._open_until, self._is_probing = now + self._rules.pause, False
        return was_closed

    def gave_up(self) -> None:
        """Whoever asked went away before the answer: nothing was learned."""
        self._is_probing = False
