"""How entries are written, and which one wins."""

import pytest

from mailstead.ground.model.address import Address
from mailstead.ground.model.blocks import Entry, Side, Standing, key_of, keys_of, read_pattern, weigh
from mailstead.ground.model.errors import Invalid
from mailstead.ground.model.ids import Instant

EVE = Address("Eve", "bad.test")
NOW = Instant(1_000)


@pytest.mark.parametrize(
    ("text", "pattern"),
    [
        ("Spammer@Bad.Test", "spammer@bad.test"),
        ("*@spammydomain.com", "*@spammydomain.com"),
        ("@spammydomain.com", "*@spammydomain.com"),
        ("*@*.bad.test", "*@*.bad.test"),
        ("*@BÜCHER.test", "*@xn--bcher-kva.test"),
        ("192.168.1.100", "192.168.1.100"),
        (" 192.0.2.77/24 ", "192.0.2.0/24"),
        ("2001:DB8::1", "2001:db8::1"),
        ("2001:db8:0:1::5/64", "2001:db8:0:1::/64"),
        ("::ffff:192.0.2.9", "192.0.2.9"),
        ("::ffff:192.0.2.9/120", "192.0.2.0/24"),
    ],
)
def test_there_is_one_form_of_each(text: str, pattern: str) -> None:
    assert read_pattern(text) == pattern


@pytest.mark.parametrize(
    "text", ["", "bad.test", "*", "a b@c", "*@", "*@*", "192.0.2.300", "0.0.0.0/0", "10.0.0.0/7", "::/0", "*@-.test"]
)
def test_what_means_nobody_or_everybody_is_refused(text: str) -> None:
    with pytest.raises(Invalid):
        read_pattern(text)


def test_a_client_behind_a_mapped_address_is_the_same_one() -> None:
    assert keys_of("::ffff:192.0.2.9", None) == keys_of("192.0.2.9", None)
    assert keys_of("192.0.2.9", None)[:2] == (key_of("192.0.2.9"), key_of("192.0.2.8/31"))


def entry(side: Side, pattern: str, scope: str = "", until: int | None = None) -> Entry:
    return Entry(side=side, pattern=pattern, scope=scope, expires_at=None if until is None else Instant(until))


def stand(*entries: Entry) -> Standing:
    return weigh(entries, keys_of("192.0.2.9", EVE), NOW)


def test_the_allow_list_outweighs_the_block_list() -> None:
    blocked = entry(Side.BLOCK, "eve@bad.test")
    assert stand(blocked).objection() == stand(blocked).objection_of_all == "eve@bad.test"
    both = stand(blocked, entry(Side.ALLOW, "192.0.2.0/24"))
    assert (both.objection(), both.objection("a.test"), both.is_allowed("a.test")) == ("", "", True)


def test_a_domain_may_think_otherwise() -> None:
    shut = entry(Side.BLOCK, "*@bad.test")
    mixed = stand(shut, entry(Side.ALLOW, "eve@bad.test", "a.test"))
    assert (mixed.objection_of_all, mixed.objection("a.test"), mixed.objection("b.test")) == ("", "", "*@bad.test")
    assert (mixed.is_shared, stand(shut).is_shared) == (False, True)
    own = stand(entry(Side.BLOCK, "192.0.2.9", "b.test"))
    assert (own.objection_of_all, own.objection("a.test"), own.objection("b.test")) == ("", "", "192.0.2.9")


def test_the_nearest_pattern_is_named() -> None:
    assert stand(entry(Side.BLOCK, "*@bad.test"), entry(Side.BLOCK, "eve@bad.test")).objection() == "eve@bad.test"
    assert stand(entry(Side.BLOCK, "192.0.2.0/24"), entry(Side.BLOCK, "*@*.test")).objection() == "*@*.test"


def test_what_has_run_out_says_nothing() -> None:
    assert stand(entry(Side.BLOCK, "eve@bad.test", until=1_000)).objection() == ""
    assert stand(entry(Side.BLOCK, "eve@bad.test", until=1_001)).objection() == "eve@bad.test"
    back = stand(entry(Side.BLOCK, "*@bad.test"), entry(Side.ALLOW, "eve@bad.test", until=999))
    assert back.objection() == "*@bad.test"
