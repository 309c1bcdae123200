"""How much in how long: rates as operators write them, and counts over a span that slides with time."""

import re
from dataclasses import dataclass
from enum import Enum
from typing import Final

from mailstead.ground.model.errors import Invalid
from mailstead.ground.model.ids import Instant

PARTS: Final = 12
"""A span is counted in so many parts."""
COUNT_MAX: Final = 1_000_000_000
RATES_MAX: Final = 10

_RATE: Final = re.compile(r"([0-9]{1,10})(?:\s*/\s*(minute|hour|day))?\Z")


class Period(Enum):
    """Spans that are counted over."""

    MINUTE = "minute"
    HOUR = "hour"
    DAY = "day"

    @property
    def span(self) -> int:
        """Milliseconds."""
        return _SPANS[self]


_SPANS: Final = {Period.MINUTE: 60_000, Period.HOUR: 3_600_000, Period.DAY: 86_400_000}


@dataclass(frozen=True, slots=True)
class Rate:
    """At most `count` in any such span."""

    count: int
    period: Period

    @classmethod
    def parse(cls, text: str) -> "Rate":
        """`100/hour`; a bare number is that of a day; Invalid."""
        match = _RATE.match(text.strip().lower())
        if match is None or int(match[1]) > COUNT_MAX:
            raise Invalid(f"{text!r} is no rate: write 20/minute, 100/hour or 1000/day")
        return cls(int(match[1]), Period(match[2] or "day"))

    def __str__(self) -> str:
        return f"{self.count}/{self.period.value}"


def parse_rates(text: str) -> tuple[Rate, ...]:
    """Several with commas or spaces between; of one period the last one holds; empty: no limit; Invalid."""
    words = re.sub(r"\s*/\s*", "/", text).replace(",", " ").split()
    rates = {rate.period: rate for rate in map(Rate.parse, words[: RATES_MAX + 1])}
    if len(words) > RATES_MAX:
        raise Invalid(f"more than {RATES_MAX} rates")
    return tuple(rate for period in Period if (rate := rates.get(period)) is not None)


def show_rates(rates: tuple[Rate, ...]) -> str:
    """As `parse_rates` reads them."""
    return " ".join(map(str, rates))


@dataclass(frozen=True, slots=True)
class Window:
    """What was counted over the last span, by parts of it: `counts[0]` is of the part `head`, later ones are older.

    A part counts until all of it has left the span, so that no span ever holds more than a total allowed.
    """

    head: int = 0
    counts: tuple[int, ...] = ()

    def total(self, period: Period, now: Instant) -> int:
        """Of the span that ends now."""
        return sum(self._moved(_part(period, now)).counts)

    def add(self, period: Period, now: Instant, count: int) -> "Window":
        """With so many more, now."""
        moved = self._moved(_part(period, now))
        first, *rest = moved.counts or (0,)
        return Window(moved.head, (first + count, *rest))

    def wait(self, rate: Rate, now: Instant, count: int) -> int | None:
        """Milliseconds until `count` more are within the rate: 0 if they are now, None if they never can be."""
        if count > rate.count:
            return None
        moved = self._moved(_part(rate.period, now))
        over = sum(moved.counts) + count - rate.count
        length = rate.period.span // PARTS
        for age in range(len(moved.counts) - 1, -1, -1):
            if over <= 0:
                break
            over -= moved.counts[age]
            if over <= 0:  # once that part has left
                return (moved.head - age + PARTS + 1) * length - now
        return 0

    def _moved(self, head: int) -> "Window":
        if head <= self.head:
            return self  # a clock that was set back counts on in the same part
        gone = head - self.head
        return Window(head, ((0,) * min(gone, PARTS + 1) + self.counts)[: PARTS + 1])


def _part(period: Period, now: Instant) -> int:
    return now // (period.span // PARTS)
