"""Who is the same stranger, and when they may come again."""

import pytest

from mailstead.ground.model.address import Address
from mailstead.ground.model.greylist import (
    DAY,
    MINUTE,
    Friend,
    Known,
    client_of,
    is_forgotten,
    is_trusted,
    sender_key,
    wait_of,
    words_for,
)
from mailstead.ground.model.ids import Instant
from mailstead.ground.model.policy import Greylist

WISH = Greylist()
NOW = Instant(1_800_000_000_000)


@pytest.mark.parametrize(
    ("ip", "client"),
    [("192.0.2.77", "192.0.2.0/24"), ("2001:db8:0:7:8::9", "2001:db8:0:7::/64"), ("127.0.0.1", "127.0.0.0/24")],
)
def test_a_client_is_its_network(ip: str, client: str) -> None:
    assert client_of(ip) == client


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("ann@a.test", "Ann@a.test"),
        ("ann+news@a.test", "ann+shop@a.test"),
        ("bounce-123-ann@a.test", "bounce-4567-ann@a.test"),
        ("msg.5f3a9c@a.test", "msg.0b77@a.test"),
        ("prvs=1234abcdef=ann@a.test", "ann@a.test"),
        ("SRS0=HHH=TT=far.test=bob@a.test", "SRS0=XYZ=UU=far.test=bob@a.test"),
        ("owner-list+ann=far.test@a.test", "owner-list+bob=near.test@a.test"),
    ],
)
def test_letters_of_one_sender_have_one_key(one: str, other: str) -> None:
    assert sender_key(Address.parse(one)) == sender_key(Address.parse(other))


def test_other_senders_have_other_keys() -> None:
    keys = {sender_key(Address.parse(text)) for text in ("ann@a.test", "ann@b.test", "bob@a.test", "+x@a.test")}
    assert len(keys | {sender_key(None)}) == 5
    assert sender_key(Address.parse("deadbeef@a.test")) == "deadbeef@a.test", "letters alone are a name"


def known(ago: int, *, passed: bool = False) -> Known:
    at = Instant(NOW - ago)
    return Known(at, at if passed else None, at)


def test_the_wait_is_the_rest_of_the_delay() -> None:
    assert wait_of(known(0), WISH, NOW) == 5 * MINUTE
    assert wait_of(known(5 * MINUTE - 1), WISH, NOW) == 1
    assert wait_of(known(5 * MINUTE), WISH, NOW) == 0
    assert wait_of(known(0, passed=True), WISH, NOW) == 0
    assert wait_of(known(-DAY), WISH, NOW) == 5 * MINUTE, "a clock that was set back"
    assert wait_of(known(0), Greylist(delay_minutes=0), NOW) == 0


def test_who_stays_away_is_forgotten() -> None:
    assert not is_forgotten(known(2 * DAY - 1), WISH, NOW)
    assert is_forgotten(known(2 * DAY), WISH, NOW)
    assert is_forgotten(known(DAY), Greylist(expiry_days=1), NOW)
    assert not is_forgotten(known(30 * DAY - 1, passed=True), WISH, NOW)
    assert is_forgotten(known(30 * DAY, passed=True), WISH, NOW)


def test_friends_have_come_often_and_lately() -> None:
    assert is_trusted(Friend(3, Instant(NOW - DAY)), WISH, NOW)
    assert not is_trusted(Friend(2, NOW), WISH, NOW)
    assert not is_trusted(Friend(9, Instant(NOW - 30 * DAY)), WISH, NOW)


def test_words_say_when_to_come_again() -> None:
    assert words_for(5 * MINUTE) == "Greylisted, come again in 5 minutes"
    assert words_for(MINUTE + 1) == "Greylisted, come again in 2 minutes"
    assert words_for(1) == "Greylisted, come again in 1 minute"
    assert words_for(0) == "Greylisted, come again now"
