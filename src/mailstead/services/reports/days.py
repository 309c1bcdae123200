"""Days of reports: in UTC, counted since 1970-01-01."""

import hashlib
from typing import Final

from mailstead.ground.formats.date import count_days, find_day
from mailstead.ground.model.errors import Invalid
from mailstead.ground.model.ids import Instant
from mailstead.store.port.reports import DAY_MS, ReportKey

SETTLE: Final = 10 * 60_000
"""Milliseconds in which the last letters of a day come to be counted."""
SPREAD: Final = 4 * 3_600_000 - SETTLE
"""RFC 8460 §4.1: reports leave at some time of the first four hours, so that they do not all come at once."""
DAY_SECONDS: Final = 86_400


def day_of(at: Instant) -> int:
    """The one that it is in."""
    return at // DAY_MS


def second_of(day: int) -> int:
    """Its first."""
    return day * DAY_SECONDS


def date_of(day: int) -> str:
    """As ISO 8601 has it."""
    year, month, number = find_day(day)
    return f"{year:04}-{month:02}-{number:02}"


def read_day(text: str) -> int:
    """What `date_of` wrote; Invalid."""
    parts = text.split("-")
    if [len(part) for part in parts] == [4, 2, 2] and all(part.isascii() and part.isdigit() for part in parts):
        day = count_days(*map(int, parts))
        if date_of(day) == text:
            return day
    raise Invalid(f"{text!r} is no day: write it like 2026-05-31")


def due_at(key: ReportKey) -> Instant:
    """When a report leaves: always the same time for the same one."""
    words = f"{key.kind.value} {key.day} {key.receiver} {key.domain}"
    chance = int.from_bytes(hashlib.sha256(words.encode()).digest()[:4], "big")
    return Instant((key.day + 1) * DAY_MS + SETTLE + chance % SPREAD)
