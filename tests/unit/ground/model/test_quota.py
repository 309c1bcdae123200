"""Quotas as values."""

import pytest

from mailstead.ground.model.quota import Quota, next_warning


@pytest.mark.parametrize(
    ("percent", "warned", "remembered"),
    [
        (79, 0, 0), (80, 0, 80), (95, 80, 90), (100, 0, 100), (250, 90, 100),
        (89, 90, 90), (86, 90, 90), (85, 90, 80), (75, 90, 0), (96, 100, 100), (95, 100, 90), (0, 100, 0),
    ],
)  # fmt: skip
def test_thresholds(percent: int, warned: int, remembered: int) -> None:
    assert next_warning(percent, warned) == remembered


def test_room() -> None:
    quota = Quota(limit_bytes=100, used_bytes=90, limit_messages=3, used_messages=2)
    assert quota.has_room(10)
    assert not quota.has_room(11)
    assert not quota.has_room(1, messages=2)
    assert quota.percent == 90
    assert Quota().has_room(1 << 60)
    assert Quota().percent == 0
    assert Quota(limit_messages=3, used_messages=3).is_full
