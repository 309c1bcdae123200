"""How guards put things to people."""

from datetime import UTC, datetime
from typing import Final

from mailstead.ground.model.ids import Instant

MINUTE: Final = 60_000
HOUR: Final = 60 * MINUTE
DAY: Final = 24 * HOUR
LINE_MAX: Final = 300


def span_words(span: int) -> str:
    """Milliseconds, rounded up: `90 seconds`, `14 minutes`, `3 hours`."""
    for unit, length in (("second", 1000), ("minute", MINUTE), ("hour", HOUR)):
        count = -(-span // length)
        if count <= 120 or unit == "hour":
            return f"{count} {unit}{'' if count == 1 else 's'}"
    raise AssertionError("hours end it")


def one_line(text: str) -> str:
    """What a stranger said, fit for a reply or a list: one line of plain ASCII, and not too long."""
    plain = "".join(char if " " <= char <= "~" else " " if char.isspace() else "?" for char in text)
    return " ".join(plain.split())[:LINE_MAX]


def date_words(instant: Instant) -> str:
    """A day, in UTC."""
    return datetime.fromtimestamp(instant / 1000, UTC).strftime("%Y-%m-%d")
