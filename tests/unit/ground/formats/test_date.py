"""Dates: what people's programs write, and arithmetic checked against the standard library."""

from datetime import UTC, datetime, timedelta

import pytest

from mailstead.ground.formats.date import (
    count_days,
    find_day,
    parse_date,
    parse_day,
    parse_internaldate,
    render_date,
    render_internaldate,
)
from mailstead.ground.model.ids import Instant

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def ms(*parts: int) -> int:
    return (datetime(*parts, tzinfo=UTC) - EPOCH) // timedelta(milliseconds=1)  # type: ignore[misc,arg-type]


@pytest.mark.parametrize(
    ("value", "at", "zone"),
    [
        (b"Fri, 20 Nov 2026 10:00:00 +0000", ms(2026, 11, 20, 10), 0),
        (b"Fri, 20 Nov 2026 10:00:00 +0130 (CET)", ms(2026, 11, 20, 8, 30), 90),
        (b"20 Nov 2026 10:00 -0500", ms(2026, 11, 20, 15), -300),
        (b"Fri,20 nov 2026 1:02:03 GMT", ms(2026, 11, 20, 1, 2, 3), 0),
        (b"20 Nov 26 10:00:00 EST", ms(2026, 11, 20, 15), -300),  # RFC 5322 §4.3
        (b"20 Nov 97 10:00:00 PDT", ms(1997, 11, 20, 17), -420),
        (b"20 Nov 101 10:00:00 A", ms(2001, 11, 20, 10), 0),
        (b"Fri (comment), 20 (x) Nov 2026 10:00:00 +0000", ms(2026, 11, 20, 10), 0),
        (b"Friday, 20-November-2026 10:00:00 UT", ms(2026, 11, 20, 10), 0),
        (b"Fri Nov 20 10:00:00 2026", ms(2026, 11, 20, 10), 0),
        (b"Fri Nov 20 10:00:00 EST 2026", ms(2026, 11, 20, 15), -300),
        (b"Thu, 29 Feb 2024 23:59:60 +0000", ms(2024, 3, 1), 0),
        (b"20 Nov 2026 10:00:00", ms(2026, 11, 20, 10), 0),
        (b"20 Nov 2026", ms(2026, 11, 20), 0),
        (b"20 Nov 2026 10:00:00 +9999", ms(2026, 11, 20, 10), 0),
    ],
)
def test_dates(value: bytes, at: int, zone: int) -> None:
    sent = parse_date(value)
    assert sent is not None
    assert (sent.at, sent.zone) == (at, zone)


@pytest.mark.parametrize(
    "value",
    [
        b"",
        b"now",
        b"32 Nov 2026 10:00:00 +0000",
        b"20 Foo 2026",
        b"20 Nov 2026 25:00:00 +0000",
        b"\xff" * 300,
        b"0 Nov 2026",
    ],
)
def test_no_date(value: bytes) -> None:
    assert parse_date(value) is None


def test_the_day_is_the_one_written() -> None:
    """RFC 9051 §6.4.4: SENTON disregards time and timezone."""
    sent = parse_date(b"Fri, 20 Nov 2026 23:30:00 -0800")
    assert sent is not None
    assert sent.day == parse_day(b"20-Nov-2026") == parse_day(b"20-nov-2026")
    assert parse_day(b"31-Foo-2026") is None
    assert parse_day(b"1-Jan-70") is None


def test_days_both_ways() -> None:
    for days in range(-720_000, 1_500_000, 397):
        assert count_days(*find_day(days)) == days
    for days in range(-25_000, 60_000, 13):
        date = (EPOCH + timedelta(days=days)).date()
        assert find_day(days) == (date.year, date.month, date.day)


def test_rendering() -> None:
    at = Instant(ms(2026, 11, 5, 10, 2, 3) + 999)
    assert render_date(at) == b"Thu, 5 Nov 2026 10:02:03 +0000"
    assert render_date(at, -90) == b"Thu, 5 Nov 2026 08:32:03 -0130"
    assert render_internaldate(at) == b" 5-Nov-2026 10:02:03 +0000"
    assert render_internaldate(at, 60) == b" 5-Nov-2026 11:02:03 +0100"


@pytest.mark.parametrize(
    "value", [b" 5-Nov-2026 10:02:03 +0000", b"05-Nov-2026 11:02:03 +0100", b"5-nov-2026 10:02:03 -0000"]
)
def test_internaldate(value: bytes) -> None:
    assert parse_internaldate(value) == ms(2026, 11, 5, 10, 2, 3)


@pytest.mark.parametrize(
    "value", [b"", b"5-Nov-2026", b"5-Nov-26 10:02:03 +0000", b"31-Feb-x 10:02:03 +0000", b"5-Nov-2026 24:02:03 +0000"]
)
def test_no_internaldate(value: bytes) -> None:
    assert parse_internaldate(value) is None
