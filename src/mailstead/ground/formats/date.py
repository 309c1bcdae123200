"""Dates of mail: the Date field (RFC 5322 §3.3 and §4.3), IMAP's INTERNALDATE and days (RFC 9051 §9), by arithmetic."""

import re
from typing import Final

import msgspec

from mailstead.ground.model.ids import Instant

_MONTHS: Final = (b"Jan", b"Feb", b"Mar", b"Apr", b"May", b"Jun", b"Jul", b"Aug", b"Sep", b"Oct", b"Nov", b"Dec")
_DAYS: Final = (b"Mon", b"Tue", b"Wed", b"Thu", b"Fri", b"Sat", b"Sun")
_LENGTHS: Final = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_NUMBERS: Final = {form: i for i, name in enumerate(_MONTHS, 1) for form in (name, name.lower(), name.upper())}
_DAY_MS: Final = 86_400_000

# RFC 5322 §4.3: the zones with names; the military letters were used with both signs and mean nothing.
_ZONES: Final = {
    b"UT": 0, b"GMT": 0, b"UTC": 0, b"EST": -300, b"EDT": -240, b"CST": -360, b"CDT": -300,
    b"MST": -420, b"MDT": -360, b"PST": -480, b"PDT": -420,
}  # fmt: skip

# date-time = [day-of-week ","] day month year time zone; "-" between is INTERNALDATE's.
_FORMAT: Final = re.compile(
    rb"\s*+(?:[A-Za-z]{2,9}+\.?\s*+,?\s*+)?(\d{1,2})[\s-]++([A-Za-z]{3})[A-Za-z]{0,6}+\.?[\s-]++(\d{2,4})(?!\d)"
    rb"(?:[\s,]++(\d{1,2})[:.](\d{2})(?:[:.](\d{2}))?(?:\.\d{1,9}+)?)?\s*+([+-]\d{2}:?\d{2}|[A-Za-z]{1,5}+)?"
)
# asctime, as old programs write it: Fri Nov 20 10:00:00 [zone] 2026
_ASCTIME: Final = re.compile(
    rb"\s*+(?:[A-Za-z]{3,9}+,?\s++)?([A-Za-z]{3})[a-z]{0,6}+\s++(\d{1,2}),?\s++(\d{1,2}):(\d{2})(?::(\d{2}))?\s++"
    rb"(?:([A-Z]{1,5}+|[+-]\d{4})\s++)?(\d{4})(?:\s++([+-]\d{4}))?"
)
_INTERNAL: Final = re.compile(rb" ?(\d{1,2})-([A-Za-z]{3})-(\d{4}) (\d{2}):(\d{2}):(\d{2}) ([+-]\d{4})\Z")
_DAY_ONLY: Final = re.compile(rb"(\d{1,2})-([A-Za-z]{3})-(\d{4})\Z")
_COMMENT: Final = re.compile(rb"\([^()]*+\)")


class SentDate(msgspec.Struct, frozen=True, gc=False):
    """What a Date field says. `day` counts from 1970-01-01 as written, whatever the zone (RFC 9051 §6.4.4, SENTON)."""

    at: Instant
    zone: int  # minutes east of UTC
    day: int


def parse_date(value: bytes) -> SentDate | None:
    """An unfolded Date field; None if no date can be made out."""
    value = value[:200]
    match = _FORMAT.match(value)
    if match is None and b"(" in value:
        match = _FORMAT.match(_COMMENT.sub(b" ", value))
    if match is not None:
        day, month, year, hour, minute, second, zone = match.groups()
    else:
        match = _ASCTIME.match(value)
        if match is None:
            return None
        month, day, hour, minute, second, name, year, offset = match.groups()
        zone = offset or name
    return _make(day, month, year, (hour, minute, second), zone)


def _make(
    day: bytes, month: bytes, year: bytes, time: tuple[bytes | None, bytes | None, bytes | None], zone: bytes | None
) -> SentDate | None:
    number = _NUMBERS.get(month) or _NUMBERS.get(month.lower())
    date = int(day)
    hour, minute, second = (int(part) if part else 0 for part in time)
    if number is None or not 1 <= date <= _LENGTHS[number - 1] or hour > 23 or minute > 59 or second > 60:
        return None
    days = count_days(_full_year(year), number, date)
    east = _read_zone(zone)
    seconds = hour * 3600 + (minute - east) * 60 + second
    return SentDate(Instant(days * _DAY_MS + seconds * 1000), east, days)


def _full_year(digits: bytes) -> int:
    """RFC 5322 §4.3: two digits below 50 are of this century, other two and all three count from 1900."""
    year = int(digits)
    if len(digits) == 2 and year < 50:
        return year + 2000
    return year + 1900 if len(digits) < 4 else year


def _read_zone(zone: bytes | None) -> int:
    """RFC 5322 §4.3: unknown names are -0000."""
    if zone is None:
        return 0
    if zone[0] not in b"+-":
        return _ZONES.get(zone.upper(), 0)
    minutes = int(zone[1:3]) * 60 + int(zone[-2:])
    if minutes >= 24 * 60:
        return 0
    return -minutes if zone[0] == 0x2D else minutes


def count_days(year: int, month: int, day: int) -> int:
    """From 1970-01-01, in the Gregorian calendar (years that begin in March, so that the leap day is the last)."""
    if month <= 2:
        year -= 1
        month += 12
    return 365 * year + year // 4 - year // 100 + year // 400 + (153 * month - 457) // 5 + day - 719_469


def find_day(days: int) -> tuple[int, int, int]:
    """Year, month and day of a count of days."""
    days += 719_468
    era, of_era = divmod(days, 146_097)
    year_of_era = (of_era - of_era // 1460 + of_era // 36_524 - of_era // 146_096) // 365
    of_year = of_era - (365 * year_of_era + year_of_era // 4 - year_of_era // 100)
    shifted = (5 * of_year + 2) // 153
    day = of_year - (153 * shifted + 2) // 5 + 1
    month = shifted + 3 if shifted < 10 else shifted - 9
    return era * 400 + year_of_era + (month <= 2), month, day


def render_date(at: Instant, zone: int = 0) -> bytes:
    """RFC 5322 §3.3: Fri, 20 Nov 2026 10:00:00 +0000."""
    days, rest = divmod(at // 1000 + zone * 60, 86_400)
    year, month, day = find_day(days)
    return b"%s, %d %s %04d %02d:%02d:%02d %s" % (
        _DAYS[(days + 3) % 7], day, _MONTHS[month - 1], year,
        rest // 3600, rest // 60 % 60, rest % 60, _render_zone(zone),
    )  # fmt: skip


def rfc3339(at: Instant) -> str:
    """RFC 3339 §5.6, UTC, to the second: 2026-11-20T10:00:00Z."""
    days, rest = divmod(at // 1000, 86_400)
    year, month, day = find_day(days)
    return f"{year:04}-{month:02}-{day:02}T{rest // 3600:02}:{rest // 60 % 60:02}:{rest % 60:02}Z"


def _render_zone(zone: int) -> bytes:
    return b"%c%02d%02d" % (b"-" if zone < 0 else b"+", *divmod(abs(zone), 60))


def render_internaldate(at: Instant, zone: int = 0) -> bytes:
    """RFC 9051 §9, date-time without its quotes: `20-Nov-2026 10:00:00 +0000`."""
    days, rest = divmod(at // 1000 + zone * 60, 86_400)
    year, month, day = find_day(days)
    return b"%2d-%s-%04d %02d:%02d:%02d %s" % (
        day, _MONTHS[month - 1], year, rest // 3600, rest // 60 % 60, rest % 60, _render_zone(zone),
    )  # fmt: skip


def parse_internaldate(value: bytes) -> Instant | None:
    """RFC 9051 §9, date-time without its quotes; None if it is not one."""
    match = _INTERNAL.match(value)
    if match is None:
        return None
    day, month, year, hour, minute, second, zone = match.groups()
    made = _make(day, month, year, (hour, minute, second), zone)
    return made.at if made else None


def parse_day(value: bytes) -> int | None:
    """RFC 9051 §9, date-text of SEARCH: days from 1970-01-01; None if it is not one."""
    match = _DAY_ONLY.match(value)
    made = _make(match[1], match[2], match[3], (None, None, None), None) if match else None
    return made.day if made else None
