"""Milters as operators write them."""

import pytest

from mailstead.ground.model.errors import Invalid
from mailstead.ground.model.milter import Fallback, MilterRule, parse_milter


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("dkim unix:/run/o.sock", MilterRule(name="dkim", path="/run/o.sock")),
        ("dkim local:/run/o.sock timeout=2m", MilterRule(name="dkim", path="/run/o.sock", timeout=120)),
        ("a inet:localhost:1 default=accept", MilterRule(name="a", host="localhost", port=1, fallback=Fallback.ACCEPT)),
        ("a inet:8891@127.0.0.1", MilterRule(name="a", host="127.0.0.1", port=8891)),
        ("a inet6:[::1]:8891", MilterRule(name="a", host="::1", port=8891)),
        ("a host.test:1 default_action=quarantine timeout=5", MilterRule(
            name="a", host="host.test", port=1, timeout=5, fallback=Fallback.QUARANTINE)),
    ],
)  # fmt: skip
def test_readable(text: str, rule: MilterRule) -> None:
    assert parse_milter(text) == rule


@pytest.mark.parametrize(
    "text",
    [
        "", "dkim", "dkim unix:relative", "dkim inet:host", "dkim inet:host:0", "dkim inet:host:99999",
        "bad/name unix:/x", "a unix:/x timeout=0", "a unix:/x timeout=1h", "a unix:/x default=drop", "a unix:/x what=1",
    ],
)  # fmt: skip
def test_unreadable(text: str) -> None:
    with pytest.raises(Invalid):
        parse_milter(text)
