"""What a person proves beside the password: a code of an app, or one of the codes for the day that app is lost."""

from dataclasses import dataclass
from enum import Enum
from typing import Final

from mailstead.ground.model.ids import Instant, UserId

FAILURES_MAX: Final = 5
WINDOW: Final = 15 * 60_000
"""Milliseconds: so many wrong codes, and none is heard for this time. Six digits and three steps make that one in
66,000 for each window of somebody who has the password already."""


class Judged(Enum):
    """What came of a code."""

    GOOD = "good"
    RECOVERED = "recovered"  # by a recovery code, which is worthless now
    WRONG = "wrong"  # or it was used already
    SHUT = "shut"  # too many were wrong: it was not looked at
    MISSING = "missing"  # there is no second factor


@dataclass(frozen=True, slots=True, kw_only=True)
class SecondFactor:
    """Of a user. It is asked for once it was confirmed with a first code; `last_step` is that of the last one taken."""

    user_id: UserId
    secret: str  # hex
    enrolled_at: Instant
    confirmed_at: Instant | None = None
    last_step: int = -1
    failures: int = 0
    failed_at: Instant = Instant(0)  # noqa: RUF009 - a NewType makes nothing

    def is_shut(self, now: Instant) -> bool:
        """Whether codes are not heard for now."""
        return self.failures >= FAILURES_MAX and 0 <= now - self.failed_at < WINDOW

    def failures_after(self, now: Instant) -> int:
        """With one more."""
        return self.failures + 1 if 0 <= now - self.failed_at < WINDOW else 1

    def __repr__(self) -> str:
        """Without the secret."""
        return f"SecondFactor(user {self.user_id}, confirmed at {self.confirmed_at})"
