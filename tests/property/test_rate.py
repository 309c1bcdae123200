"""A window that lets nothing past its rate lets no span hold more, however the requests fall."""

from hypothesis import given
from hypothesis import strategies as st

from mailstead.ground.model.ids import Instant
from mailstead.ground.model.rate import Period, Rate, Window

ASKED = st.lists(st.tuples(st.integers(0, 90_000), st.integers(1, 5)), max_size=60)


@given(ASKED, st.integers(1, 12))
def test_no_span_holds_more_than_the_rate(asked: list[tuple[int, int]], cap: int) -> None:
    rate, window, now = Rate(cap, Period.MINUTE), Window(), 1_000_000_000
    passed: list[tuple[int, int]] = []
    for pause, count in asked:
        now += pause
        if window.wait(rate, Instant(now), count) == 0:
            window = window.add(Period.MINUTE, Instant(now), count)
            passed.append((now, count))
    for end, _ in passed:
        assert sum(count for at, count in passed if end - Period.MINUTE.span < at <= end) <= cap


@given(ASKED, st.integers(1, 12), st.integers(1, 5))
def test_who_waits_as_told_has_room_and_not_before(asked: list[tuple[int, int]], cap: int, count: int) -> None:
    rate, window, now = Rate(cap, Period.MINUTE), Window(), 1_000_000_000
    for pause, more in asked:
        now += pause
        window = window.add(Period.MINUTE, Instant(now), more)
    wait = window.wait(rate, Instant(now), count)
    if wait is None:
        assert count > cap
        return
    assert window.total(Period.MINUTE, Instant(now + wait)) + count <= cap
    assert wait == 0 or window.total(Period.MINUTE, Instant(now + wait - 1)) + count > cap
