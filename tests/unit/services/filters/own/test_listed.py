"""Lists in the DNS: what is asked, and which answers count."""

import pytest

from mailstead.ground.formats.spam.anatomy import dissect
from mailstead.ground.model.dns_list import DnsList, name_of_ip, parse_dns_list
from mailstead.ground.model.errors import Invalid
from mailstead.services.filters.own.listed import DnsLists
from tests.support.fake_clock import FakeClock
from tests.support.known_names import KnownNames

LETTER = dissect(
    b"From: a@b.test\r\n\r\nsee http://www.shop.test/x and http://192.0.2.9/y and http://www.shop.test/z\r\n"
)
HOSTS = ("list.test=3", "list.test/127.0.0.4=1.5", "other.test/127.0.0.9")


def lists(names: KnownNames, hosts: tuple[str, ...] = HOSTS, links: tuple[str, ...] = ()) -> DnsLists:
    return DnsLists(names, FakeClock(), tuple(map(parse_dns_list, hosts)), tuple(map(parse_dns_list, links)), 1.0)


async def weights(found: DnsLists, ip: str = "192.0.2.1") -> dict[str, float]:
    return {one.words: one.weight for one in await found.look_up(ip, LETTER)}


def test_names() -> None:
    assert name_of_ip("192.0.2.99", "l.test") == "99.2.0.192.l.test"
    assert name_of_ip("2001:db8::1", "l.test") == f"1{'.0' * 23}.8.b.d.0.1.0.0.2.l.test"


def test_entries() -> None:
    assert parse_dns_list("L.test") == DnsList("l.test")
    assert parse_dns_list(" l.test/127.0.0.2=-1.5") == DnsList("l.test", "127.0.0.2", -1.5)
    for text in ("", "l.test=many", "l.test/10.0.0.1", "a b", "l..test"):
        with pytest.raises(Invalid):
            parse_dns_list(text)


@pytest.mark.parametrize(
    ("answer", "weight"),
    [("127.0.0.2", 3.0), ("127.0.0.4", 3.0), ("127.255.255.254", None), ("203.0.113.1", None), ("10.0.0.1", None)],
)
async def test_answers_about_a_host(answer: str, weight: float | None) -> None:
    names = KnownNames()
    names.put("A", "1.2.0.192.list.test", answer)
    names.put("A", "1.2.0.192.other.test", "127.0.0.8")
    expected = {"192.0.2.1 is on the list list.test": weight} if weight else {}
    assert await weights(lists(names)) == expected


async def test_links_are_asked_about_once() -> None:
    names = KnownNames()
    names.put("A", "shop.test.sites.test", "127.0.0.2")
    names.put("A", "9.2.0.192.sites.test", "127.0.0.2")
    assert await weights(lists(names, (), ("sites.test=2.5",))) == {
        "shop.test is on the list sites.test": 2.5, "192.0.2.9 is on the list sites.test": 2.5
    }  # fmt: skip


async def test_nobody_is_asked_by_default() -> None:
    assert await weights(lists(KnownNames(), ())) == {}
