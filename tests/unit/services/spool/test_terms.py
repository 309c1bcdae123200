"""How long, and how often."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailstead.ground.model.envelope import NO_WISHES, DeliverBy, Wishes
from mailstead.ground.model.errors import Invalid
from mailstead.ground.model.ids import Instant
from mailstead.ground.model.spool import Origin
from mailstead.services.spool.terms import DAY, HOUR, MINUTE, Schedule, Terms

NOW = Instant(1_790_000_000_000)


@pytest.mark.parametrize(
    ("text", "minutes"),
    [
        ("gomailserver", [5, 15, 30, 60, 120, 240, 480, 960, 1440]),
        ("Messages", [15, 30, 45, 60, 120, 240, 480, 720, 1080, 1440, 2160, 2880]),
        ("elemta", [1, 5, 15, 60, 180, 360]),
        ("60s 2m 1h 1d", [1, 2, 60, 1440]),
    ],
)
def test_schedules(text: str, minutes: list[int]) -> None:
    assert [pause // MINUTE for pause in Schedule.parse(text).pauses] == minutes


@pytest.mark.parametrize("text", ["", "5", "0m", "5x", "soon", "5m,6m", " ".join(["1m"] * 101)])
def test_what_is_no_schedule(text: str) -> None:
    with pytest.raises(Invalid):
        Schedule.parse(text)


@given(st.integers(0, 1000), st.floats(0, 1), st.integers(0, 50))
def test_jitter_stays_within_its_percent(attempts: int, chance: float, jitter: int) -> None:
    schedule = Schedule((MINUTE, HOUR), jitter)
    plain = MINUTE if attempts <= 1 else HOUR
    assert plain * (100 - jitter) // 100 <= schedule.pause(attempts, chance) <= plain * (100 + jitter) // 100 + 1


@pytest.mark.parametrize(
    ("origin", "wishes", "end", "warning"),
    [
        (Origin.SUBMITTED, NO_WISHES, 5 * DAY, 4 * HOUR),
        (Origin.NOTICE, NO_WISHES, 2 * DAY, None),
        (Origin.SUBMITTED, Wishes(release_at=Instant(NOW + DAY)), 6 * DAY, DAY + 4 * HOUR),
        (Origin.SUBMITTED, Wishes(by=DeliverBy(Instant(NOW + HOUR), may_be_late=False)), HOUR, None),
        (Origin.SUBMITTED, Wishes(by=DeliverBy(Instant(NOW + HOUR), may_be_late=True)), 5 * DAY, HOUR),
    ],
)
def test_terms(origin: Origin, wishes: Wishes, end: int, warning: int | None) -> None:
    expires_at, warn_at = Terms().of(origin, wishes, NOW)
    assert expires_at - NOW == end
    assert (warn_at - NOW if warn_at is not None else None) == warning


def test_no_warnings() -> None:
    assert Terms(warn_after=0).of(Origin.SUBMITTED, NO_WISHES, NOW)[1] is None
