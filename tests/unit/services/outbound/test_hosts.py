"""Which hosts, in which order, and where they are (RFC 5321 §5.1, RFC 7505)."""

from random import Random
from typing import Any

import pytest

from mailstead.ground.model.attempt import Ending, Health
from mailstead.ground.model.route import Route
from mailstead.net.clock import SystemClock
from mailstead.net.dns import Mx, Trouble
from mailstead.services.outbound.hosts import Finder, Whereabouts, address_of_literal
from mailstead.services.outbound.story import Setback, Story
from tests.support.names import Names
from tests.support.outbound_scene import endings, names_of, outbound, parcel, settings, statuses
from tests.support.peer import Peer


def finder(names: Names, **more: Any) -> Finder:
    return Finder(names, settings(**more), Random(3).shuffle, Story(SystemClock()))


async def order(names: Names, domain: str = "b.test", **more: Any) -> list[str]:
    return [host.name for host in (await finder(names, **more).find_exchangers(domain)).hosts]


async def test_by_preference_and_at_random_among_equals() -> None:
    names = Names().add("mx", "b.test", Mx(20, "d"), Mx(10, "a"), Mx(10, "b"), Mx(10, "c"), Mx(5, "first"))
    find = finder(names)
    seen = {tuple(host.name for host in (await find.find_exchangers("b.test")).hosts) for _ in range(60)}
    assert all(one[0] == "first" and one[-1] == "d" for one in seen)
    assert len(seen) == 6


async def test_without_mx_the_domain_itself() -> None:
    found = await finder(Names().add("a", "b.test", "192.0.2.1")).find_exchangers("b.test")
    assert ([host.name for host in found.hosts], found.has_mx) == (["b.test"], False)


async def test_at_most_so_many_hosts() -> None:
    names = Names().add("mx", "b.test", *(Mx(10, f"h{n}") for n in range(50)))
    assert len(await order(names, max_hosts=4)) == 4


@pytest.mark.parametrize(
    ("names", "status"),
    [
        (Names(), "5.1.2"),
        (Names().add("mx", "b.test", Mx(0, ".")), "5.1.10"),
        (Names().break_("mx", "b.test", Trouble.TIMEOUT), "4.4.3"),
        (Names().add("mx", "b.test", Mx(10, "us.a.test"), Mx(10, "x"), Mx(20, "y")), "5.4.6"),
    ],
)
async def test_no_host_at_all(names: Names, status: str) -> None:
    with pytest.raises(Setback) as caught:
        await order(names, own_names=frozenset({"us.a.test"}))
    assert caught.value.status == status


async def test_only_hosts_nearer_than_we_are() -> None:
    names = Names().add("mx", "b.test", Mx(5, "near"), Mx(10, "us.a.test"), Mx(10, "same"), Mx(20, "far"))
    assert await order(names, own_names=frozenset({"us.a.test"})) == ["near"]


async def test_both_families_in_turn() -> None:
    names = (
        Names().add("aaaa", "h", "2001:db8::1", "2001:db8::2").add("a", "h", "192.0.2.1").alias("h0", "h").secure("h")
    )
    where = await finder(names).locate("h")
    assert where == Whereabouts("h", ("2001:db8::1", "192.0.2.1", "2001:db8::2"), is_secure=True)
    assert (await finder(names).locate("h0")).canonical == "h"


async def test_one_family_is_enough() -> None:
    names = Names().add("a", "h", "192.0.2.1").break_("aaaa", "h")
    assert (await finder(names).locate("h")).addresses == ("192.0.2.1",)


@pytest.mark.parametrize(
    ("names", "status"),
    [
        (Names().break_("a", "h").break_("aaaa", "h"), "4.4.3"),
        (Names().add("txt", "h", b""), "5.4.4"),
        (Names().add("a", "h", "0.0.0.0", "224.0.0.1").add("aaaa", "h", "::", "::ffff:0.0.0.0"), "5.4.4"),
    ],
)
async def test_no_address(names: Names, status: str) -> None:
    with pytest.raises(Setback) as caught:
        await finder(names).locate("h")
    assert caught.value.status == status


def test_literals() -> None:
    assert address_of_literal("[192.0.2.1]") == "192.0.2.1"
    assert address_of_literal("[IPv6:2001:db8::1]") == "2001:db8::1"
    assert address_of_literal("b.test") is None
    with pytest.raises(Setback):
        address_of_literal("[X400:a]")


async def test_a_letter_to_a_literal() -> None:
    names = Names()
    async with Peer().listen() as peer, outbound(names) as out:
        attempt = await out.attempt(parcel("bob@[127.0.0.1]", port=peer.port))
    assert endings(attempt) == [Ending.RELAYED]
    assert attempt.results[0].host == "127.0.0.1"
    assert names.asked == []
    assert peer.letters[0].rcpts == [b"RCPT TO:<bob@[127.0.0.1]>"]


@pytest.mark.parametrize("count", [1, 3])
async def test_silent_addresses_are_passed_over(count: int) -> None:
    """Nobody listens on 127.0.0.2 to 127.0.0.4 at that port."""
    names = (
        Names().add("mx", "b.test", Mx(1, "h")).add("a", "h", *(f"127.0.0.{n + 2}" for n in range(count)), "127.0.0.1")
    )
    async with Peer().listen() as peer, outbound(names) as out:
        attempt = await out.attempt(parcel(port=peer.port))
    assert attempt.results[0].host == "h [127.0.0.1]"
    failed = [step.facts for step in attempt.steps if step.what == "connect" and "error" in step.facts]
    assert [facts["error"] for facts in failed] == ["Connection refused"] * count


async def test_nobody_answers() -> None:
    names = Names().add("mx", "b.test", Mx(1, "h"), Mx(2, "i")).add("a", "h", "127.0.0.2", "127.0.0.3")
    async with Peer().listen() as peer, outbound(names) as out:
        attempt = await out.attempt(parcel(port=peer.port))
        few = await out.attempt(parcel(port=peer.port))
    assert (endings(attempt), statuses(attempt)) == ([Ending.DEFERRED], ["4.4.1"])
    assert attempt.results[0].diagnostic == "h [127.0.0.3]: Connection refused"
    assert (attempt.health, attempt.why) == (Health.DEAD, "h [127.0.0.3]: Connection refused")
    assert few.results == attempt.results


async def test_at_most_so_many_addresses() -> None:
    names = Names().add("mx", "b.test", Mx(1, "h")).add("a", "h", *(f"127.0.1.{n}" for n in range(1, 9)))
    async with Peer().listen() as peer, outbound(names, max_addresses=3) as out:
        attempt = await out.attempt(parcel(port=peer.port))
    assert sum(step.what == "connect" for step in attempt.steps) == 3


async def test_dns_failure_defers() -> None:
    async with outbound(Names().break_("mx", "b.test")) as out:
        attempt = await out.attempt(parcel())
    assert (endings(attempt), statuses(attempt), attempt.health) == ([Ending.DEFERRED], ["4.4.3"], Health.DEAD)
    assert attempt.why == "MX of b.test: the name server failed"


async def test_our_own_address_ends_the_search() -> None:
    names = Names().add("mx", "b.test", Mx(1, "near"), Mx(2, "us"), Mx(3, "far"))
    names.add("a", "near", "127.0.0.2").add("a", "us", "192.0.2.9").add("a", "far", "127.0.0.1")
    async with Peer().listen() as peer, outbound(names, own_addresses=frozenset({"192.0.2.9"})) as out:
        attempt = await out.attempt(parcel(port=peer.port))
    assert (statuses(attempt), peer.connections) == (["4.4.1"], 0)
    assert ("a", "far") not in names.asked


async def test_null_mx_fails_for_good() -> None:
    async with outbound(Names().add("mx", "b.test", Mx(0, "."))) as out:
        attempt = await out.attempt(parcel("x@b.test", "y@b.test"))
    assert (endings(attempt), statuses(attempt)) == ([Ending.FAILED] * 2, ["5.1.10"] * 2)
    assert attempt.health is Health.GOOD


async def test_through_a_proxy() -> None:
    """We look the host up, the proxy connects to its address."""

    class Proxied(Peer):
        asked = b""

        async def _serve(self, connection: Any) -> None:
            while not (await connection.read(10)).startswith(b"\x05"):
                pass
            connection.write(b"\x05\x00")
            self.asked = await connection.read(10)
            connection.write(b"\x05\x00\x00\x01" + bytes(6))
            await super()._serve(connection)

    async with Proxied("PIPELINING").listen() as peer, outbound(names_of(ip="192.0.2.7")) as out:
        route = Route(port=2525, proxies=(f"socks5://127.0.0.1:{peer.port}",))
        attempt = await out.attempt(parcel(route=route))
    assert endings(attempt) == [Ending.RELAYED]
    assert attempt.results[0].host == "mx.b.test [192.0.2.7]"
    assert peer.asked == b"\x05\x01\x00\x01\xc0\x00\x02\x07\x09\xdd"


async def test_a_proxy_that_is_not_there() -> None:
    async with outbound(names_of()) as out:
        attempt = await out.attempt(parcel(route=Route(proxies=("socks5://u:geheim@127.0.0.2:1",))))
    assert (statuses(attempt), attempt.health) == (["4.4.1"], Health.DEAD)
    assert "proxy 127.0.0.2: Connection refused" in attempt.results[0].diagnostic
    assert "geheim" not in repr(attempt)


async def test_a_relay_by_name_asks_for_no_mx() -> None:
    names = Names().add("mx", "relay.test", Mx(1, "elsewhere")).add("a", "relay.test", "127.0.0.1")
    async with Peer().listen() as peer, outbound(names, own_addresses=frozenset({"127.0.0.1"})) as out:
        attempt = await out.attempt(parcel(route=Route(host="relay.test", port=peer.port)))
    assert endings(attempt) == [Ending.RELAYED]
    assert {kind for kind, _ in names.asked} == {"a", "aaaa"}


async def test_a_host_of_our_own_name_is_us() -> None:
    async with Peer(EHLO=b"250 OUT.a.test at your service").listen() as peer, outbound() as out:
        attempt = await out.attempt(parcel(port=peer.port))
        assert (endings(attempt), statuses(attempt)) == ([Ending.FAILED], ["5.4.6"])
        relayed = await out.attempt(parcel(route=Route(host="mx.b.test", port=peer.port)))
    assert endings(relayed) == [Ending.RELAYED], "a route set by the operator may lead to this machine"


async def test_from_ipv6_to_ipv4() -> None:
    """Nobody listens on ::1 at that port."""
    names = names_of().add("aaaa", "mx.b.test", "::1")
    async with Peer().listen() as peer, outbound(names) as out:
        attempt = await out.attempt(parcel(port=peer.port))
    assert attempt.results[0].host == "mx.b.test [127.0.0.1]"
    assert [step.facts["host"] for step in attempt.steps if step.what == "connect"] == [
        "mx.b.test [::1]", "mx.b.test [127.0.0.1]",
    ]  # fmt: skip


async def test_the_other_hosts_of_a_route_stand_in() -> None:
    names = Names().add("a", "one.test", "127.0.0.2").add("a", "two.test", "127.0.0.1")
    async with Peer().listen() as peer, outbound(names) as out:
        route = Route(host="one.test", others=("nowhere.test", "two.test"), port=peer.port)
        attempt = await out.attempt(parcel(route=route))
    assert endings(attempt) == [Ending.RELAYED]
    assert attempt.results[0].host == "two.test [127.0.0.1]"
