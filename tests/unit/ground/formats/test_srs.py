"""Sender rewriting."""

import pytest

from mailstead.ground.formats.srs import DAYS, is_rewritten, reverse, rewrite
from mailstead.ground.model.address import Address
from mailstead.ground.model.ids import Instant

DAY_MS = 86_400_000
NOW = Instant(1_795_168_800_000)
KEY, OTHER = b"k" * 32, b"o" * 32
OURS = "fwd.example"
BOB = Address("bob", "example.org")


def made(sender: Address = BOB, key: bytes = KEY, domain: str = OURS) -> Address:
    out = rewrite(sender, domain, key, NOW)
    assert out is not None
    return out


def later(days: int) -> Instant:
    return Instant(NOW + days * DAY_MS)


def test_golden() -> None:
    """As it stands in letters on their way: the hash must not change by a version."""
    assert str(made()) == "SRS0=F2PZU3=JJ=example.org=bob@fwd.example"
    assert reverse(made(), [KEY], NOW) == BOB


def test_who_is_not_rewritten() -> None:
    assert rewrite(None, OURS, KEY, NOW) is None
    ours = Address("ann", OURS)
    assert rewrite(ours, OURS, KEY, NOW) is ours


def test_case_may_change_on_the_way() -> None:
    sender = made(Address("Bob", "example.org"))
    assert reverse(Address(sender.local.lower(), OURS), [KEY], NOW) == BOB
    assert reverse(Address(sender.local.upper(), OURS), [KEY], NOW) == Address("BOB", "example.org")


@pytest.mark.parametrize(("days", "holds"), [(-2, False), (-1, True), (0, True), (DAYS, True), (DAYS + 1, False)])
def test_it_holds_for_two_weeks(days: int, holds: bool) -> None:
    assert (reverse(made(), [KEY], later(days)) is not None) is holds


def test_it_holds_over_the_end_of_the_cycle() -> None:
    last = Instant((1024 * 21 - 1) * DAY_MS)
    sender = rewrite(BOB, OURS, KEY, last)
    assert sender is not None
    assert "=77=" in sender.local
    assert reverse(sender, [KEY], Instant(last + 3 * DAY_MS)) == BOB


def test_old_secrets_hold() -> None:
    assert reverse(made(key=OTHER), [KEY, OTHER], NOW) == BOB
    assert reverse(made(key=OTHER), [KEY], NOW) is None
    assert reverse(made(), [], NOW) is None


def test_a_letter_forwarded_twice() -> None:
    """SRS1 leads straight to the first forwarder, which alone can read its own hash."""
    first = made(domain="one.example", key=OTHER)
    second = made(first)
    assert str(second) == f"SRS1=SBEVKO=one.example={first.local[4:]}@{OURS}"
    assert reverse(second, [KEY], later(400)) == first
    third = rewrite(second, "three.example", OTHER, NOW)
    assert third is not None
    assert third.local.split("=")[2:] == second.local.split("=")[2:]
    assert reverse(third, [OTHER], NOW) == first


@pytest.mark.parametrize("separator", "+-")
def test_other_separators_of_others(separator: str) -> None:
    first = Address(f"SRS0{separator}abcd=XY=example.org=bob", "one.example")
    assert reverse(made(first), [KEY], NOW) == first


@pytest.mark.parametrize(
    "local",
    [
        "SRS0=AAAAAA=JJ=example.org=bob", "SRS0==JJ=example.org=bob", "SRS0=F2PZU3=JJ=example.org=eve",
        "SRS0=F2PZU3=JJ=example.com=bob", "SRS0=F2PZU3=JK=example.org=bob", "SRS0=F2PZU=JJ=example.org=bob",
        "SRS0=F2PZU3==example.org=bob", "SRS0=F2PZU3=JJ=example.org=", "SRS0", "SRS1=F2PZU3=one.example==x",
        "SRS0=F2PZU3=\u212aB=example.org=bob", "SRS0=F2PZUſ=JJ=example.org=bob", "bob",
        "SRS2=F2PZU3=JJ=example.org=bob",
    ],
)  # fmt: skip
def test_what_is_not_ours(local: str) -> None:
    assert reverse(Address(local, OURS), [KEY], NOW) is None


def test_a_long_one_leaves_under_the_null_sender() -> None:
    """RFC 5321 §4.5.3.1.1."""
    assert rewrite(Address("b" * 40, "example.org"), OURS, KEY, NOW) is None
    assert made(Address("b" * 37, "example.org")).local.endswith("b" * 37)
    assert rewrite(Address("SRS0=" + "x" * 50, "example.org"), OURS, KEY, NOW) is None


def test_its_form() -> None:
    assert is_rewritten(made())
    assert is_rewritten(Address("srs1+x", OURS))
    assert not is_rewritten(Address("srs", OURS))
    assert not is_rewritten(Address("SRS0x", OURS))
