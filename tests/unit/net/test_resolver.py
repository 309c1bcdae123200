"""The resolver against a name server that lies, fails, dawdles and cuts short."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import dns.message
import dns.rcode
import pytest

from mailstead.ground.formats.tlsa import Tlsa
from mailstead.net import resolver as resolver_module
from mailstead.net.dns import Answer, DnsError, Mx, Trouble
from mailstead.net.dns_exchange import Servers, find_servers
from mailstead.net.resolver import CachingResolver
from tests.support.fake_clock import FakeClock
from tests.support.nameserver import (
    Nameserver,
    Query,
    Replies,
    fault,
    nameserver,
    nothing,
    records,
    silence,
    truncated,
    when,
)

SHORT = (0.05, 0.05)


@pytest.fixture
async def server() -> AsyncIterator[Nameserver]:
    async with nameserver() as running:
        yield running


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
async def names(server: Nameserver, clock: FakeClock) -> AsyncIterator[CachingResolver]:
    made = CachingResolver(Servers.of(["127.0.0.1"], server.port), clock)
    yield made
    await made.close()


async def fails(names: CachingResolver, name: str = "example.test") -> Trouble:
    with pytest.raises(DnsError) as caught:
        await names.mx(name)
    assert (caught.value.name, caught.value.kind) == (name, "MX")
    return caught.value.trouble


async def test_each_kind_of_record(server: Nameserver, names: CachingResolver) -> None:
    server.on(
        "example.test", "MX",
        records("example.test. 60 IN MX 10 MX1.Example.test.", "example.test. 60 IN MX 20 mx2.example.test."),
    )  # fmt: skip
    server.on("mx1.example.test", "A", records("mx1.example.test. 60 IN A 192.0.2.1"))
    server.on("mx1.example.test", "AAAA", records("mx1.example.test. 60 IN AAAA 2001:db8::1"))
    server.on("example.test", "TXT", records('example.test. 60 IN TXT "one " "two"'))
    server.on("_25._tcp.mx1.example.test", "TLSA", records("_25._tcp.mx1.example.test. 60 IN TLSA 3 1 1 " + "ab" * 32))
    server.on("1.2.0.192.in-addr.arpa", "PTR", records("1.2.0.192.in-addr.arpa. 60 IN PTR mx1.example.test."))
    found = await names.mx("example.test")
    assert (found.name, set(found.records)) == (
        "example.test", {Mx(10, "mx1.example.test"), Mx(20, "mx2.example.test")},
    )  # fmt: skip
    assert await names.a("mx1.example.test") == Answer("mx1.example.test", ("192.0.2.1",))
    assert (await names.aaaa("mx1.example.test")).records == ("2001:db8::1",)
    assert (await names.txt("example.test")).records == (b"one two",)
    assert (await names.tlsa("_25._tcp.mx1.example.test")).records == (Tlsa(3, 1, 1, b"\xab" * 32),)
    assert (await names.ptr("192.0.2.1")).records == ("mx1.example.test",)


async def test_the_null_mx_is_a_dot(server: Nameserver, names: CachingResolver) -> None:
    server.on("example.test", "MX", records("example.test. 60 IN MX 0 ."))
    assert (await names.mx("example.test")).records == (Mx(0, "."),)


async def test_an_answer_is_kept_for_its_time(server: Nameserver, names: CachingResolver, clock: FakeClock) -> None:
    server.on(
        "example.test", "A", records("example.test. 60 IN A 192.0.2.1"), records("example.test. 60 IN A 192.0.2.2")
    )
    assert (await names.a("example.test")).records == ("192.0.2.1",)
    clock.advance(59)
    assert (await names.a("example.test")).records == ("192.0.2.1",)
    assert server.count("example.test", "A") == 1
    clock.advance(2)
    assert (await names.a("example.test")).records == ("192.0.2.2",)


async def test_a_ttl_is_capped(server: Nameserver, names: CachingResolver, clock: FakeClock) -> None:
    server.on("example.test", "A", records("example.test. 2147483647 IN A 192.0.2.1"))
    await names.a("example.test")
    clock.advance(resolver_module.TTL_MAX + 1)
    await names.a("example.test")
    assert server.count("example.test", "A") == 2


@pytest.mark.parametrize("exists", [True, False])
async def test_what_is_not_there_is_kept_as_long_as_the_soa_says(
    server: Nameserver, names: CachingResolver, clock: FakeClock, exists: bool
) -> None:
    server.on("example.test", "MX", nothing(ttl=30, exists=exists))
    assert await names.mx("example.test") == Answer("example.test", (), exists=exists)
    clock.advance(29)
    await names.mx("example.test")
    assert server.count("example.test", "MX") == 1
    clock.advance(2)
    await names.mx("example.test")
    assert server.count("example.test", "MX") == 2


async def test_what_is_not_there_without_soa_is_asked_again(server: Nameserver, names: CachingResolver) -> None:
    server.on("example.test", "MX", nothing(ttl=None))
    await names.mx("example.test")
    await names.mx("example.test")
    assert server.count("example.test", "MX") == 2


async def test_the_cache_is_bounded(
    server: Nameserver, names: CachingResolver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(resolver_module, "ENTRIES_MAX", 2)
    for name in ("a.test", "b.test", "a.test", "c.test", "a.test", "b.test"):
        await names.a(name)
    assert [server.count(name, "A") for name in ("a.test", "b.test", "c.test")] == [1, 2, 1]


async def test_equal_questions_fly_together(server: Nameserver, names: CachingResolver) -> None:
    go = asyncio.Event()
    server.on("example.test", "A", when(go, records("example.test. 0 IN A 192.0.2.1")))
    first, *others = [asyncio.create_task(names.a("example.test")) for _ in range(5)]
    await server.arrived.wait()
    first.cancel()  # the others lose nothing
    go.set()
    assert {answer.records for answer in await asyncio.gather(*others)} == {("192.0.2.1",)}
    assert server.count("example.test", "A") == 1


async def test_only_so_many_are_in_flight(server: Nameserver, clock: FakeClock) -> None:
    go = asyncio.Event()
    names = CachingResolver(Servers.of(["127.0.0.1"], server.port), clock)
    names._room = asyncio.Semaphore(2)
    for number in range(4):
        server.on(f"n{number}.test", "A", when(go, nothing()))
    asking = [asyncio.create_task(names.a(f"n{number}.test")) for number in range(4)]
    while len(server.asked) < 2:
        server.arrived.clear()
        await server.arrived.wait()
    assert len(server.asked) == 2
    assert names._room.locked()
    go.set()
    await asyncio.gather(*asking)
    assert len(server.asked) == 4
    await names.close()


async def test_aliases_are_followed(server: Nameserver, names: CachingResolver) -> None:
    server.on(
        "www.test", "A",
        records("www.test. 60 IN CNAME a.test.", "a.test. 60 IN CNAME b.test.", "b.test. 60 IN A 192.0.2.1"),
    )  # fmt: skip
    assert await names.a("www.test") == Answer("b.test", ("192.0.2.1",))


async def test_an_alias_that_ends_half_way_is_asked_on(server: Nameserver, names: CachingResolver) -> None:
    server.on("www.test", "A", records("www.test. 60 IN CNAME a.test.", secure=True))
    server.on("a.test", "A", records("a.test. 60 IN A 192.0.2.1"))
    assert await names.a("www.test") == Answer("a.test", ("192.0.2.1",), is_secure=False)


@pytest.mark.parametrize(
    "lines",
    [
        ("example.test. 60 IN CNAME a.test.", "a.test. 60 IN CNAME example.test."),
        ("example.test. 60 IN CNAME example.test.",),
    ],
)
async def test_aliases_in_a_circle_are_a_failure(
    server: Nameserver, names: CachingResolver, lines: tuple[str, ...]
) -> None:
    server.on("example.test", "MX", records(*lines))
    assert await fails(names) in (Trouble.SERVFAIL, Trouble.BOGUS)


async def test_aliases_over_many_answers_in_a_circle(server: Nameserver, names: CachingResolver) -> None:
    server.on("example.test", "MX", records("example.test. 60 IN CNAME a.test."))
    server.on("a.test", "MX", records("a.test. 60 IN CNAME example.test."))
    assert await fails(names) is Trouble.SERVFAIL
    assert len(server.asked) == resolver_module.ALIASES_MAX


async def test_what_is_cut_comes_by_tcp(server: Nameserver, names: CachingResolver) -> None:
    lines = [f'example.test. 60 IN TXT "{number:0200}"' for number in range(20)]
    server.on("example.test", "TXT", truncated(records(*lines)))
    assert len((await names.txt("example.test")).records) == 20
    assert [via for _, _, via in server.asked] == ["udp", "tcp"]


def forged(query: Query) -> Replies:
    """Another id, another question, another name, no question at all, noise: and only then the truth."""
    true = query.reply("example.test. 60 IN MX 10 mx.example.test.").to_wire()
    lie = query.reply("example.test. 60 IN MX 10 evil.test.").to_wire()
    wrong_id = bytes([lie[0] ^ 1]) + lie[1:]
    elsewhere = Query(dns.message.make_query("evil.test", "MX", id=query.message.id), "udp")
    own_question = query.message.to_wire()
    empty = lie[:4] + b"\0\0" + lie[6:]
    return [
        wrong_id,
        elsewhere.reply("evil.test. 60 IN MX 1 evil.test.").to_wire(),
        own_question,
        empty,
        b"",
        b"x" * 40,
        true,
    ]


async def test_forged_answers_are_passed_over(server: Nameserver, names: CachingResolver) -> None:
    server.on("example.test", "MX", forged)
    assert (await names.mx("example.test")).records == (Mx(10, "mx.example.test"),)


async def test_records_of_other_names_are_not_believed(server: Nameserver, names: CachingResolver) -> None:
    server.on(
        "example.test", "A",
        records("bank.test. 60 IN A 203.0.113.66", "example.test. 60 IN A 192.0.2.1"),
    )  # fmt: skip
    assert (await names.a("example.test")).records == ("192.0.2.1",)
    await names.a("bank.test")
    assert server.count("bank.test", "A") == 1


async def test_noise_after_a_good_head_is_a_failure(server: Nameserver, names: CachingResolver) -> None:
    server.on("example.test", "MX", lambda query: [query.reply().to_wire()[:6] + b"\0\7" + query.reply().to_wire()[8:]])
    assert await fails(names) is Trouble.SERVFAIL


@pytest.mark.parametrize(
    ("script", "trouble"),
    [
        (fault(dns.rcode.REFUSED), Trouble.REFUSED),
        (fault(), Trouble.SERVFAIL),
        (fault(extended=22), Trouble.SERVFAIL),
        (fault(extended=6), Trouble.BOGUS),
        (fault(extended=7), Trouble.BOGUS),
        (fault(extended=12), Trouble.BOGUS),
        (fault(dns.rcode.FORMERR), Trouble.SERVFAIL),
    ],
)
async def test_troubles_are_told_apart(
    server: Nameserver, names: CachingResolver, clock: FakeClock, script: object, trouble: Trouble
) -> None:
    server.on("example.test", "MX", script)  # type: ignore[arg-type]
    assert await fails(names) is trouble
    asked = len(server.asked)
    assert await fails(names) is trouble  # remembered for a moment
    assert len(server.asked) == asked
    clock.advance(resolver_module.FAILURE_TTL + 1)
    server.on("example.test", "MX", nothing())
    assert not (await names.mx("example.test")).records


async def test_a_validator_that_does_not_say_why(server: Nameserver, names: CachingResolver) -> None:
    def script(query: Query) -> Replies:
        good = query.reply("example.test. 60 IN MX 10 mx.example.test.")
        return [(good if query.is_unchecked else query.reply(rcode=dns.rcode.SERVFAIL)).to_wire()]

    server.on("example.test", "MX", script)
    assert await fails(names) is Trouble.BOGUS


async def test_silence_ends(server: Nameserver, clock: FakeClock) -> None:
    server.on("example.test", "MX", silence)
    names = CachingResolver(Servers.of(["127.0.0.1"], server.port), clock, patience=SHORT)
    assert await fails(names) is Trouble.TIMEOUT
    assert server.count("example.test", "MX") == len(SHORT)
    await names.close()


async def test_a_port_where_nobody_listens(clock: FakeClock) -> None:
    async with nameserver() as gone:
        port = gone.port
    names = CachingResolver(Servers.of(["127.0.0.1"], port), clock, patience=SHORT)
    assert await fails(names) is Trouble.TIMEOUT
    await names.close()


@pytest.mark.parametrize("first", [silence, fault(), fault(dns.rcode.REFUSED)])
async def test_another_server_is_asked_and_preferred_from_then_on(
    server: Nameserver, clock: FakeClock, first: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with nameserver("127.0.0.2") as other:
        monkeypatch.setattr("mailstead.net.dns_exchange._ask_udp", redirect({"127.0.0.2": other.port}))
        names = CachingResolver(Servers.of(["127.0.0.1", "127.0.0.2"], server.port), clock, patience=SHORT)
        server.on("example.test", "MX", first)  # type: ignore[arg-type]
        other.on("example.test", "MX", records("example.test. 60 IN MX 10 mx.example.test."))
        assert (await names.mx("example.test")).records == (Mx(10, "mx.example.test"),)
        await names.a("example.test")
        assert (server.count("example.test", "A"), other.count("example.test", "A")) == (0, 1)
        await names.close()


def redirect(ports: dict[str, int]) -> object:
    """Both servers have the same port in life; here each has the one that was free."""
    from mailstead.net.dns_exchange import _ask_udp

    async def ask(address: str, port: int, question: object) -> bytes:
        return await _ask_udp(address, ports.get(address, port), question)  # type: ignore[arg-type]

    return ask


async def test_bogus_is_not_asked_of_another(
    server: Nameserver, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with nameserver("127.0.0.2") as other:
        monkeypatch.setattr("mailstead.net.dns_exchange._ask_udp", redirect({"127.0.0.2": other.port}))
        names = CachingResolver(Servers.of(["127.0.0.1", "127.0.0.2"], server.port), clock)
        server.on("example.test", "MX", fault(extended=6))
        assert await fails(names) is Trouble.BOGUS
        assert not other.asked
        await names.close()


@pytest.mark.parametrize("trusted", [True, False])
async def test_security_counts_only_from_those_we_trust(server: Nameserver, clock: FakeClock, trusted: bool) -> None:
    server.on("example.test", "A", records("example.test. 60 IN A 192.0.2.1", secure=True))
    server.on("plain.test", "A", records("plain.test. 60 IN A 192.0.2.1"))
    server.on("", "NS", records(". 60 IN NS a.test.", secure=True))
    server.on(".", "NS", records(". 60 IN NS a.test.", secure=True))
    names = CachingResolver(Servers(("127.0.0.1",), server.port, are_trusted=trusted), clock)
    assert (await names.a("example.test")).is_secure is trusted
    assert not (await names.a("plain.test")).is_secure
    assert await names.validates() is trusted
    await names.close()


def test_servers_on_this_machine_are_trusted() -> None:
    assert Servers.of(["127.0.0.1", "::1"]).are_trusted
    assert not Servers.of(["127.0.0.1", "192.0.2.53"]).are_trusted
    assert not Servers.of(["127.0.0.11"]).are_trusted
    assert Servers.of(["192.0.2.53"], are_trusted=True).are_trusted


def test_the_servers_of_the_machine(tmp_path: Path) -> None:
    file = tmp_path / "resolv.conf"
    file.write_text("# c\nsearch a.test\nnameserver 192.0.2.53\nnameserver\nnameserver no\n nameserver 127.0.0.53\n")
    assert find_servers((), resolv_conf=file) == Servers(("192.0.2.53", "127.0.0.53"), 53, are_trusted=False)
    assert find_servers((), resolv_conf=tmp_path / "none") == Servers(("127.0.0.1",), 53, are_trusted=True)
    assert find_servers(["192.0.2.1"], 5353, file) == Servers(("192.0.2.1",), 5353, are_trusted=False)


@pytest.mark.parametrize("name", ["a..test", "x" * 64 + ".test", "a." * 130 + "test"])
async def test_what_is_no_name_is_asked_of_nobody(server: Nameserver, names: CachingResolver, name: str) -> None:
    assert await names.a(name) == Answer(name, (), exists=False)
    assert not server.asked


async def test_closing_ends_what_is_in_flight(server: Nameserver, names: CachingResolver) -> None:
    server.on("example.test", "A", silence)
    asking = asyncio.create_task(names.a("example.test"))
    await server.arrived.wait()
    await names.close()
    with pytest.raises(asyncio.CancelledError):
        await asking
