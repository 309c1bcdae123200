"""DANE against real programs: zones signed by BIND's tools, validated by Unbound, hosts with real TLS."""

import asyncio
import hashlib
import socket
import ssl
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest
from aiohttp import web
from cryptography.hazmat.primitives.serialization import Encoding

from mailstead.ground.formats.tlsa import Tlsa
from mailstead.ground.formats.tlsrpt import ResultType
from mailstead.ground.model.route import Route
from mailstead.net.clock import SystemClock
from mailstead.net.dns import DnsError, Trouble
from mailstead.net.dns_exchange import Servers
from mailstead.net.guarded import GuardedClient
from mailstead.net.https import HttpsFetcher
from mailstead.net.reach import Reach
from mailstead.net.resolver import CachingResolver
from mailstead.services.outbound.tls_policy import Excluded, Flaw, Hop, HostFacts, HostPolicy, TlsUse
from mailstead.services.outbound.trust.judging import DomainTrust
from tests.support.chains import Issued, issue
from tests.support.dns_lab import Lab, Zone, dns_lab
from tests.support.stores import sqlite_engine

pytestmark = pytest.mark.e2e


@dataclass
class Hosts:
    """The names of secure.test, each with a certificate and a port of its own."""

    leaves: dict[str, Issued]
    sockets: dict[str, socket.socket]

    def port(self, name: str) -> int:
        return int(self.sockets[name].getsockname()[1])


def make_hosts(stack: ExitStack) -> Hosts:
    root = issue("Root", ca=True)
    middle = issue("Middle", root, ca=True)
    leaves = {
        "ee": issue("nobody", hosts=("elsewhere.test",), days=(-9, -8)),
        "ta": issue("ta", middle, hosts=("mx-ta.secure.test",)),
        "wrong": issue("wrong", middle, hosts=("mx-wrong.secure.test",)),
        "misnamed": issue("misnamed", middle, hosts=("elsewhere.test",)),
        "unusable": issue("unusable", hosts=("mx-unusable.secure.test",)),
    }
    sockets = {name: stack.enter_context(socket.create_server(("127.0.0.1", 0))) for name in leaves}
    return Hosts(leaves, sockets)


def zone_of(hosts: Hosts) -> str:
    root = hosts.leaves["ta"].above
    assert root is not None
    assert root.above is not None
    anchor = Tlsa(2, 0, 1, hashlib.sha256(root.above.der).digest())
    stranger = issue("stranger")
    meant = {
        "ee": Tlsa(3, 1, 2, hashlib.sha512(hosts.leaves["ee"].spki).digest()),
        "ta": anchor,
        "wrong": Tlsa(3, 1, 1, hashlib.sha256(stranger.spki).digest()),
        "misnamed": anchor,
        "unusable": Tlsa(0, 0, 1, b"\0" * 32),
    }
    lines = ["@ A 127.0.0.1", "@ MX 10 ns", '@ TXT "one" "two"', "alias CNAME mx-ee", "mx-none A 127.0.0.1"]
    lines += ['_mta-sts TXT "v=STSv1; id=1;"', "mta-sts A 127.0.0.1"]
    for name, record in meant.items():
        lines += [
            f"{name} MX 10 mx-{name}",
            f"mx-{name} A 127.0.0.1",
            f"_{hosts.port(name)}._tcp.mx-{name} TLSA {record}",
        ]
    lines += [f'many TXT "{number:0200}"' for number in range(30)]
    return "\n".join(lines)


@pytest.fixture(scope="module")
def hosts() -> Iterator[Hosts]:
    with ExitStack() as stack:
        yield make_hosts(stack)


@pytest.fixture(scope="module")
def lab(hosts: Hosts) -> Iterator[Lab]:
    records = "@ MX 10 mx\nmx A 127.0.0.1\n_25._tcp.mx TLSA 3 1 1 " + "ab" * 32
    with dns_lab(
        Zone("secure.test", zone_of(hosts)),
        Zone("bogus.test", records, spoilt=(("127.0.0.1", "127.0.0.9"), ("ABABABAB", "ABABABAC"))),
        Zone("plain.test", records, signed=False),
    ) as running:
        yield running


@pytest.fixture
async def names(lab: Lab) -> AsyncIterator[CachingResolver]:
    made = CachingResolver(Servers.of(["127.0.0.1"], lab.resolver), SystemClock())
    yield made
    await made.close()


async def test_secure_answers_are_told_from_others(names: CachingResolver) -> None:
    assert (await names.mx("secure.test")).is_secure
    assert (await names.a("mx-ee.secure.test")).is_secure
    gone = await names.a("gone.secure.test")
    assert (gone.exists, gone.is_secure) == (False, True)
    none = await names.tlsa("_25._tcp.mx-none.secure.test")
    assert (none.records, none.is_secure) == ((), True)
    alias = await names.a("alias.secure.test")
    assert (alias.name, alias.records, alias.is_secure) == ("mx-ee.secure.test", ("127.0.0.1",), True)
    plain = await names.mx("plain.test")
    assert (len(plain.records), plain.is_secure) == (1, False)
    assert (await names.txt("secure.test")).records == (b"onetwo",)


async def test_what_udp_does_not_hold_comes_by_tcp(names: CachingResolver) -> None:
    many = await names.txt("many.secure.test")
    assert (len(many.records), many.is_secure) == (30, True)


@pytest.mark.parametrize("which", ["resolver", "telling"])
async def test_bogus_is_told_apart(lab: Lab, which: str) -> None:
    """From an Unbound that says why, and from one that only fails."""
    names = CachingResolver(Servers.of(["127.0.0.1"], getattr(lab, which)), SystemClock())
    with pytest.raises(DnsError) as caught:
        await names.a("mx.bogus.test")
    assert caught.value.trouble is Trouble.BOGUS
    await names.close()


async def test_who_validates_is_found_out(lab: Lab, names: CachingResolver) -> None:
    assert await names.validates("secure.test")
    assert not await names.validates("plain.test")
    authority = CachingResolver(Servers.of(["127.0.0.1"], lab.authority), SystemClock())
    assert not await authority.validates("secure.test")
    await authority.close()
    elsewhere = CachingResolver(Servers(("127.0.0.1",), lab.resolver, are_trusted=False), SystemClock())
    assert not await elsewhere.validates("secure.test")
    await elsewhere.close()


@pytest.fixture
async def trust(names: CachingResolver, tmp_path: Path) -> AsyncIterator[DomainTrust]:
    async with sqlite_engine(tmp_path) as engine:
        client = GuardedClient(names)
        made = DomainTrust(await engine.open(), names, HttpsFetcher(client).fetch, SystemClock())
        yield made
        await made.close()
        await client.close()


async def judge(trust: DomainTrust, names: CachingResolver, domain: str, port: int) -> HostPolicy | Excluded:
    """As whoever carries the letter asks: the MX, its addresses, then trust."""
    mx = await names.mx(domain)
    name = mx.records[0].host
    addresses = await names.a(name)
    hop = Hop(domain=domain, route=Route(), has_mx=True, is_secure=mx.is_secure)
    facts = HostFacts(name=name, canonical=addresses.name, is_secure=addresses.is_secure, port=port)
    return await (await trust.judge_hop(hop)).judge_host(facts)


async def show_chain(hosts: Hosts, name: str, server_name: str, folder: Path) -> list[bytes]:
    """What a real handshake brings."""

    async def idle(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.close()

    context = hosts.leaves[name].context(folder)
    server = await asyncio.start_server(idle, sock=hosts.sockets[name].dup(), ssl=context)
    anybody = ssl.create_default_context()
    anybody.check_hostname, anybody.verify_mode = False, ssl.CERT_NONE
    async with server:
        _, writer = await asyncio.open_connection(
            "127.0.0.1", hosts.port(name), ssl=anybody, server_hostname=server_name
        )
        session = writer.get_extra_info("ssl_object")
        chain = [ssl.PEM_cert_to_DER_cert(shown.public_bytes()) for shown in session._sslobj.get_unverified_chain()]
        writer.close()
    return chain


@pytest.mark.parametrize(
    ("name", "result"),
    [
        ("ee", None),  # out of date and of another name, as RFC 7672 §3.1.1 allows
        ("ta", None),
        ("wrong", ResultType.CERTIFICATE_NOT_TRUSTED),
        ("misnamed", ResultType.CERTIFICATE_HOST_MISMATCH),
    ],
)
async def test_hosts_are_held_to_their_records(
    hosts: Hosts, trust: DomainTrust, names: CachingResolver, tmp_path: Path, name: str, result: ResultType | None
) -> None:
    policy = await judge(trust, names, f"{name}.secure.test", hosts.port(name))
    assert isinstance(policy, HostPolicy)
    assert (policy.use, policy.source, policy.server_name) == (TlsUse.MUST, "dane", f"mx-{name}.secure.test")
    assert policy.judge is not None
    flaw = policy.judge(await show_chain(hosts, name, policy.server_name, tmp_path))
    assert (flaw.result if isinstance(flaw, Flaw) else None) is result


async def test_unusable_records_ask_for_tls_alone(hosts: Hosts, trust: DomainTrust, names: CachingResolver) -> None:
    policy = await judge(trust, names, "unusable.secure.test", hosts.port("unusable"))
    assert isinstance(policy, HostPolicy)
    assert (policy.use, policy.is_authenticated) == (TlsUse.MUST, False)


async def test_records_of_a_plain_zone_bind_nobody(trust: DomainTrust, names: CachingResolver) -> None:
    policy = await judge(trust, names, "plain.test", 25)
    assert isinstance(policy, HostPolicy)
    assert (policy.use, policy.source) == (TlsUse.MAY, "route")


async def test_bogus_records_exclude_the_host(trust: DomainTrust) -> None:
    hop = Hop(domain="bogus.test", route=Route(), has_mx=True, is_secure=True)
    facts = HostFacts(name="mx.bogus.test", canonical="mx.bogus.test", is_secure=True, port=25)
    found = await (await trust.judge_hop(hop)).judge_host(facts)
    assert isinstance(found, Excluded)
    assert found.result is ResultType.DNSSEC_INVALID
    assert Trouble.BOGUS.value in found.detail


async def test_mta_sts_by_real_names_and_https(hosts: Hosts, names: CachingResolver, tmp_path: Path) -> None:
    """From the TXT record to the host that the policy names, and not another."""
    root = hosts.leaves["ta"].above
    assert root is not None
    policy = "version: STSv1\nmode: enforce\nmx: mx-none.secure.test\nmax_age: 86400\n"

    async def answer(_request: web.Request) -> web.Response:
        return web.Response(text=policy)

    app = web.Application()
    app.router.add_get("/.well-known/mta-sts.txt", answer)
    runner = web.AppRunner(app)
    await runner.setup()
    certificate = issue("policy", root, hosts=("mta-sts.secure.test",))
    await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=certificate.context(tmp_path)).start()
    trusted = ssl.create_default_context(cadata=root.above.certificate.public_bytes(Encoding.PEM).decode())
    client = GuardedClient(names, Reach(["127.0.0.1"]), context=lambda: trusted)
    fetcher = HttpsFetcher(client, port=runner.addresses[0][1])
    async with sqlite_engine(tmp_path) as engine:
        trust = DomainTrust(await engine.open(), names, fetcher.fetch, SystemClock())
        hop = await trust.judge_hop(Hop(domain="secure.test", route=Route(), has_mx=True))
        found = {}
        for host in ("mx-none.secure.test", "ns.secure.test"):
            facts = HostFacts(name=host, canonical=host, is_secure=True, port=25)
            found[host] = await hop.judge_host(facts)
        await trust.close()
    await client.close()
    await runner.cleanup()
    assert found["mx-none.secure.test"] == HostPolicy(
        use=TlsUse.MUST, is_webpki=True, is_name_vouched=True, source="mta-sts"
    )
    assert isinstance(found["ns.secure.test"], Excluded)
