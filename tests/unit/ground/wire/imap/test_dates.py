"""Dates both ways."""

from datetime import date

import pytest

from mailstead.ground.model.ids import Instant
from mailstead.ground.wire.imap.dates import parse_date, parse_date_time, render_date_time
from mailstead.ground.wire.imap.syntax import Syntax


@pytest.mark.parametrize(
    ("text", "at"),
    [
        (b"17-Jul-1996 02:44:25 -0700", 837596665000),
        (b" 1-jan-1970 00:00:00 +0000", 0),
        (b"1-Jan-1970 01:00:00 +0100", 0),
        (b"31-Dec-1998 23:59:60 +0000", 915148799000),
        (b"01-Jan-1960 00:00:00 +0000", -315619200000),
    ],
)
def test_date_times(text: bytes, at: int) -> None:
    assert parse_date_time(text) == at


@pytest.mark.parametrize(
    "text",
    [b"", b"32-Jan-2020 00:00:00 +0000", b"1-Foo-2020 00:00:00 +0000", b"1-Jan-2020 24:00:00 +0000",
     b"1-Jan-2020 00:00:61 +0000", b"1-Jan-2020 00:00:00", b"1-Jan-0000 00:00:00 +0000", b"1-Jan-2020 00:00:00 +0000 ",
     b"30-Feb-2020 00:00:00 +0000"],
)  # fmt: skip
def test_what_is_no_date_time(text: bytes) -> None:
    with pytest.raises(Syntax):
        parse_date_time(text)


def test_extreme_zones_do_not_overflow() -> None:
    assert parse_date_time(b"31-Dec-9999 23:59:59 -9999") > 0
    assert parse_date_time(b" 1-Jan-0001 00:00:00 +9999") < 0


@pytest.mark.parametrize(
    ("at", "text"),
    [
        (0, b'" 1-Jan-1970 00:00:00 +0000"'),
        (837596665999, b'"17-Jul-1996 09:44:25 +0000"'),
        (-1, b'"31-Dec-1969 23:59:59 +0000"'),
        (1 << 62, b'"31-Dec-9999 '),
        (-(1 << 62), b'" 1-Jan-0001 '),
    ],
)
def test_rendering(at: int, text: bytes) -> None:
    assert render_date_time(Instant(at)).startswith(text)


def test_days() -> None:
    assert parse_date(b"1-Feb-2024") == parse_date(b"01-FEB-2024") == date(2024, 2, 1)
    for text in (b"", b"1-Feb", b"30-Feb-2024", b"1-Feb-20245", b"1-Feb-0000"):
        with pytest.raises(Syntax):
            parse_date(text)
