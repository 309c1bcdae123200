"""Which words of a peer mean that nobody is there, and which that they do not want us."""

import pytest

from mailstead.ground.model.attempt import Ending, Result
from mailstead.ground.model.ids import Instant
from mailstead.services.guards.suppression import SuppressionRules, is_block, is_bounce, suppress
from tests.support.mailbox import NOW
from tests.support.spooled import letter, recipient

HOST = "mx.far.test [192.0.2.1]"


def result(status: str, said: str, ending: Ending = Ending.FAILED, host: str = HOST) -> Result:
    return Result(0, ending, status, said, host)


@pytest.mark.parametrize(
    ("status", "said", "is_one"),
    [
        ("5.7.1", "550 5.7.1 Your IP is on a blocklist", True),
        ("5.7.606", "550 5.7.606 Access denied, banned sending IP; blocked", True),
        ("5.7.1", "550 5.7.1 Listed at an RBL", True),
        ("4.7.1", "450 4.7.1 temporarily BLACKLISTED", True),
        ("5.7.1", "550 5.7.1 Relay access denied", False),
        ("5.7.1", "550 5.7.1 Message roadblocks", False),
        ("5.1.1", "550 5.1.1 no such user, sender not blocked", False),
    ],
)
def test_blocks(status: str, said: str, is_one: bool) -> None:
    assert is_block(result(status, said, Ending.FAILED if status[0] == "5" else Ending.DEFERRED)) is is_one
    assert not is_block(result(status, said, Ending.DELIVERED))
    assert not is_block(result(status, said, host=""))


@pytest.mark.parametrize("status", ["5.1.1", "5.1.2", "5.1.10", "5.2.1"])
def test_who_does_not_exist_is_suppressed_for_a_while(status: str) -> None:
    one = suppress(letter(1), recipient(1), result(status, "550  no\r\n such ü user"), SuppressionRules(kept=5), NOW)
    assert one is not None
    assert (one.domain, str(one.address), one.reason) == ("home.test", "bob@far.test", "550 no such ? user")
    assert (one.added_at, one.expires_at) == (NOW, Instant(NOW + 5))


@pytest.mark.parametrize(
    "against",
    [
        result("5.2.2", "552 full"),
        result("5.7.1", "550 no"),
        result("4.1.1", "450 later", Ending.DEFERRED),
        result("5.1.1", "suppressed after an earlier bounce", host=""),  # our own words are no proof
        result("2.0.0", "250 ok", Ending.DELIVERED),
    ],
)
def test_who_may_exist_is_not(against: Result) -> None:
    assert suppress(letter(1), recipient(1), against, SuppressionRules(), NOW) is None


def test_a_null_mx_is_a_bounce_though_nobody_said_it() -> None:
    assert is_bounce(result("5.1.10", "far.test takes no mail", host=""))
    assert not is_bounce(result("5.4.7", "its time was over", host=""))


def test_nobody_is_suppressed_for_no_domain_or_when_it_is_off() -> None:
    gone = result("5.1.1", "550 no")
    assert suppress(letter(1, domain=""), recipient(1), gone, SuppressionRules(), NOW) is None
    assert suppress(letter(1), recipient(1), gone, SuppressionRules(is_on=False), NOW) is None
