"""Dates as IMAP writes them (RFC 9051 §9, date and date-time); times of ours are sent in UTC."""

import re
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Final

from mailstead.ground.model.ids import Instant
from mailstead.ground.wire.imap.syntax import Syntax

_MONTHS: Final = (b"Jan", b"Feb", b"Mar", b"Apr", b"May", b"Jun", b"Jul", b"Aug", b"Sep", b"Oct", b"Nov", b"Dec")
_NUMBER_OF: Final = {name.lower(): number for number, name in enumerate(_MONTHS, 1)}
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_EPOCH_DAY: Final = date(1970, 1, 1).toordinal()
_DAY_MAX: Final = date.max.toordinal()
_DATE: Final = re.compile(rb"(\d{1,2})-([A-Za-z]{3})-(\d{4})\Z")
_DATE_TIME: Final = re.compile(
    rb"( ?\d|\d\d)-([A-Za-z]{3})-(\d{4}) (\d\d):(\d\d):(\d\d) ([+-])(\d\d)(\d\d)\Z"
)  # fmt: skip


def parse_date(text: bytes) -> date:
    """date-text, or `Syntax`."""
    match = _DATE.match(text)
    if match is not None:
        try:
            return date(int(match[3]), _NUMBER_OF.get(match[2].lower(), 0), int(match[1]))
        except ValueError:
            pass
    raise Syntax("A date like 1-Feb-2024 expected")


def parse_date_time(text: bytes) -> Instant:
    """date-time without its quotes, or `Syntax`. A leap second counts as the one before it."""
    match = _DATE_TIME.match(text)
    if match is not None:
        day, month, year, hour, minute, second, sign, zone_hours, zone_minutes = match.groups()
        offset = timedelta(hours=int(zone_hours), minutes=int(zone_minutes)) * (-1 if sign == b"-" else 1)
        number = _NUMBER_OF.get(month.lower(), 0)
        try:
            local = datetime(
                int(year), number, int(day), int(hour), int(minute), min(int(second), 59), tzinfo=UTC
            )  # fmt: skip
            if int(second) <= 60:
                return Instant((local - _EPOCH - offset) // timedelta(milliseconds=1))
        except ValueError:
            pass
    raise Syntax('A date like "01-Feb-2024 12:30:00 +0100" expected')


@lru_cache(maxsize=1024)
def _render_day(day: int) -> bytes:
    """RFC 9051 §9: date-day-fixed fills a single digit with a space."""
    whole = date.fromordinal(min(max(day + _EPOCH_DAY, 1), _DAY_MAX))
    return b'"%2d-%b-%04d ' % (whole.day, _MONTHS[whole.month - 1], whole.year)


def render_date_time(at: Instant) -> bytes:
    """With its quotes, e.g. `"17-Jul-1996 02:44:25 +0000"`."""
    day, second = divmod(at // 1000, 86400)
    minute, second = divmod(second, 60)
    return b'%b%02d:%02d:%02d +0000"' % (_render_day(day), minute // 60, minute % 60, second)
