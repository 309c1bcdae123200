"""Rates as they are written, and when there is room again."""

import pytest

from mailstead.ground.model.errors import Invalid
from mailstead.ground.model.ids import Instant
from mailstead.ground.model.rate import Period, Rate, Window, parse_rates, show_rates

MINUTE = 60_000
PART = 5_000


@pytest.mark.parametrize(
    ("text", "rate"),
    [
        ("1000/day", Rate(1000, Period.DAY)),
        (" 20 / Minute ", Rate(20, Period.MINUTE)),
        ("0/hour", Rate(0, Period.HOUR)),
        ("500", Rate(500, Period.DAY)),
    ],
)
def test_a_rate_is_read(text: str, rate: Rate) -> None:
    assert Rate.parse(text) == rate
    assert Rate.parse(str(rate)) == rate


@pytest.mark.parametrize("text", ["", "many/day", "5/week", "-1/day", "5/day/hour", "9999999999/day"])
def test_what_is_no_rate(text: str) -> None:
    with pytest.raises(Invalid):
        Rate.parse(text)


def test_several_are_read_in_the_order_of_their_periods() -> None:
    rates = parse_rates("1000/day, 20 / minute 5/minute")
    assert rates == (Rate(5, Period.MINUTE), Rate(1000, Period.DAY))
    assert parse_rates(show_rates(rates)) == rates
    assert parse_rates("") == ()
    with pytest.raises(Invalid):
        parse_rates("1/day " * 11)


def test_a_part_counts_until_all_of_it_has_left() -> None:
    start = Instant(100 * MINUTE)
    window = Window().add(Period.MINUTE, start, 3).add(Period.MINUTE, Instant(start + 20_000), 2)
    for later, total in ((0, 5), (59_999, 5), (64_999, 5), (65_000, 2), (84_999, 2), (85_000, 0), (10**9, 0)):
        assert window.total(Period.MINUTE, Instant(start + later)) == total, later


@pytest.mark.parametrize(
    ("cap", "count", "wait"),
    [
        (6, 1, 0),
        (5, 1, 65_000),
        (5, 3, 65_000),
        (5, 4, 85_000),
        (5, 5, 85_000),
        (5, 6, None),
        (0, 1, None),
        (0, 0, 85_000),
    ],
)
def test_the_wait_for_room(cap: int, count: int, wait: int | None) -> None:
    start = Instant(100 * MINUTE)
    window = Window().add(Period.MINUTE, start, 3).add(Period.MINUTE, Instant(start + 20_000), 2)
    expected = None if wait is None else max(0, wait - 20_000)
    assert window.wait(Rate(cap, Period.MINUTE), Instant(start + 20_000), count) == expected


def test_a_clock_set_back_loses_no_count() -> None:
    start = Instant(100 * MINUTE)
    window = Window().add(Period.MINUTE, start, 3).add(Period.MINUTE, Instant(start - 40_000), 2)
    assert window.total(Period.MINUTE, start) == 5
