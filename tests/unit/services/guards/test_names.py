"""What has to be in the DNS before a domain sends."""

import pytest

from mailstead.services.guards.names import KeyName, NameGuard, NameRules
from mailstead.services.guards.spf import spf_fault
from tests.support.fake_clock import FakeClock
from tests.unit.services.guards.zone import Zone

US = "192.0.2.7"


class Keys:
    names_of: tuple[KeyName, ...] = (KeyName("k1._domainkey.home.test", "AAAB"),)

    async def names(self, domain: str) -> tuple[KeyName, ...]:
        return self.names_of


@pytest.mark.parametrize(
    ("spf", "fault"),
    [
        ("v=spf1 ip4:192.0.2.0/24 -all", ""),
        ("v=spf1 a -all", ""),
        ("v=spf1 a:mail.home.test/28 -all", ""),
        ("v=spf1 a/24//64 -all", ""),
        ("v=spf1 mx -all", ""),
        ("V=SPF1 include:other.test ~all", ""),
        ("v=spf1 redirect=other.test", ""),
        ("v=spf1 ?exists:%{i}.x.test -all", "does not let 192.0.2.7 send"),
        ("v=spf1 exists:%{i}.x.test -all", ""),  # it cannot be told without a letter
        ("v=spf1 +all", ""),
        ("v=spf1 unknown-modifier=x a:far.test", "does not let 192.0.2.7 send"),
        ("v=spf1 ip4:198.51.100.0/24 ip6:2001:db8::/32 -all", "does not let 192.0.2.7 send"),
        ("v=spf1 -ip4:192.0.2.7 +all", "does not let 192.0.2.7 send"),
        ("v=spf1 include:nowhere.test -all", "nowhere.test is named by an SPF record and has none"),
        ("v=spf1 include:home.test -all", "asks for more than 10 look-ups"),
        ("v=spf1 ip4:not.an.address -all", "is no network"),
        ("v=spf1 frobnicate -all", "which nobody knows"),
        ("v=spf10 +all", "home.test has no SPF record"),
    ],
)
async def test_spf(spf: str, fault: str) -> None:
    zone = Zone({
        "home.test TXT": ["something else", spf], "home.test A": [US], "mail.home.test A": ["192.0.2.1"],
        "home.test MX": ["mail.home.test", "mx.home.test"], "mx.home.test A": [US], "far.test A": ["203.0.113.1"],
        "other.test TXT": [f"v=spf1 ip4:{US} -all"],
    })  # fmt: skip
    found = await spf_fault(zone, "home.test", [US])
    assert found.endswith(fault) if fault else found == ""


async def test_every_address_of_ours_must_be_allowed() -> None:
    zone = Zone({"home.test TXT": ["v=spf1 ip4:192.0.2.7 -all"]})
    assert "2001:db8::1" in await spf_fault(zone, "home.test", [US, "2001:db8::1"])
    assert await spf_fault(Zone({"home.test TXT": ["v=spf1 a", "v=spf1 b"]}), "home.test", [US]) == (
        "home.test has 2 SPF records, and may have one"
    )


@pytest.mark.parametrize(
    ("record", "fault"),
    [
        ("v=DKIM1; k=rsa; p=AA AB", ""),
        ("v=DKIM1; p=BBBB", "holds another key"),
        ("v=DKIM1; p=", "holds another key"),
        ("", "the DKIM record k1._domainkey.home.test is missing"),
    ],
)
async def test_dkim(record: str, fault: str) -> None:
    zone = Zone({"k1._domainkey.home.test TXT": [record] if record else []})
    found = await NameGuard(zone, FakeClock(), Keys(), NameRules(dkim=True)).fault("home.test")
    assert found.endswith(fault) if fault else found == ""


async def test_a_domain_without_a_key() -> None:
    keys = Keys()
    keys.names_of = ()
    guard = NameGuard(Zone({}), FakeClock(), keys, NameRules(dkim=True))
    assert await guard.fault("home.test") == "home.test has no DKIM key"


async def test_what_was_found_holds_for_five_minutes_and_trouble_does_not() -> None:
    zone, clock = Zone({"mail.home.test A": [US]}), FakeClock()
    guard = NameGuard(zone, clock, Keys(), NameRules(spf=True, dkim=True, hosts=("mail.home.test",)))
    zone.is_silent = True
    assert "no name server answered in time" in await guard.fault("home.test")
    zone.is_silent = False
    missing = "home.test has no SPF record; the DKIM record k1._domainkey.home.test is missing"
    assert await guard.fault("home.test") == missing
    zone.rows = {"home.test TXT": ["v=spf1 +all"], "k1._domainkey.home.test TXT": ["p=AAAB"], **zone.rows}
    clock.advance(299)
    assert await guard.fault("home.test") == missing
    clock.advance(1)
    assert await guard.fault("home.test") == ""
