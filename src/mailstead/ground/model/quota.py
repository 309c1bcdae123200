"""How much mail may lie somewhere, and how much does: of an account or of a whole domain."""

from dataclasses import dataclass
from typing import Final

THRESHOLDS: Final = (80, 90, 100)
"""Percent of a limit at which people are told."""
SLACK: Final = 5
"""Percent below a threshold at which it counts as left, so that use around it is told once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Quota:
    """Limits and use. A limit of 0 is none."""

    limit_bytes: int = 0
    limit_messages: int = 0
    used_bytes: int = 0
    used_messages: int = 0

    @property
    def is_limited(self) -> bool:
        """True if there is any limit."""
        return bool(self.limit_bytes or self.limit_messages)

    @property
    def is_full(self) -> bool:
        """True when nothing more fits."""
        return 0 < self.limit_bytes <= self.used_bytes or 0 < self.limit_messages <= self.used_messages

    @property
    def percent(self) -> int:
        """Of the limit that is nearer; 0 without limits."""
        by_bytes = self.used_bytes * 100 // self.limit_bytes if self.limit_bytes else 0
        by_messages = self.used_messages * 100 // self.limit_messages if self.limit_messages else 0
        return max(by_bytes, by_messages)

    def has_room(self, size: int, messages: int = 1) -> bool:
        """True if so much more stays within the limits."""
        fits = not self.limit_bytes or self.used_bytes + size <= self.limit_bytes
        return fits and (not self.limit_messages or self.used_messages + messages <= self.limit_messages)


NO_QUOTA: Final = Quota()


def next_warning(percent: int, warned: int) -> int:
    """The threshold to be remembered as told: higher than `warned`, people are to be told; lower, they may be again."""
    reached = max((threshold for threshold in THRESHOLDS if percent >= threshold), default=0)
    if reached >= warned:
        return reached
    return max(
        (threshold for threshold in THRESHOLDS if threshold <= warned and percent > threshold - SLACK), default=0
    )
