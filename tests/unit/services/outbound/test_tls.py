"""Lines as good as they have to be: opportunistic, required, verified, judged; and what is said of it."""

import ssl
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from mailstead.ground.formats.tlsrpt import ResultType
from mailstead.ground.model.attempt import Attempt, Ending, Health
from mailstead.ground.model.envelope import Wishes
from mailstead.ground.model.route import Route, TlsLevel
from mailstead.net.dns import Mx
from mailstead.services.outbound.parcel import Parcel
from mailstead.services.outbound.tls_policy import (
    Excluded,
    Flaw,
    Hop,
    HostFacts,
    HostPolicy,
    TlsReport,
    TlsUse,
)
from tests.support.authority import Authority
from tests.support.names import Names
from tests.support.outbound_scene import endings, names_of, outbound, parcel, statuses
from tests.support.peer import Peer


@dataclass
class Told:
    """A trust that says what the test has it say, and keeps the reports."""

    policy: HostPolicy | Excluded
    reports: list[TlsReport] = field(default_factory=list)
    hops: list[Hop] = field(default_factory=list)
    hosts: list[HostFacts] = field(default_factory=list)
    facts: Mapping[str, str | int] = field(default_factory=dict)

    async def judge_hop(self, hop: Hop) -> "Told":
        self.hops.append(hop)
        return self

    async def judge_host(self, host: HostFacts) -> HostPolicy | Excluded:
        self.hosts.append(host)
        return self.policy

    def report(self, report: TlsReport) -> None:
        self.reports.append(report)

    @property
    def results(self) -> list[ResultType | None]:
        return [report.result for report in self.reports]


@pytest.fixture(scope="module")
def authority() -> Authority:
    return Authority()


@pytest.fixture
def tls(authority: Authority, tmp_path: Path) -> ssl.SSLContext:
    return authority.host(tmp_path, "mx.b.test")


@pytest.fixture
def ca(authority: Authority, tmp_path: Path) -> Path:
    return authority.write(tmp_path / "ca.pem")


def level(port: int, level: TlsLevel, **more: Any) -> Parcel:
    return parcel(port=port, route=Route(port=port, level=level), **more)


def steps(attempt: Attempt, what: str) -> list[dict[str, str | int]]:
    return [step.facts for step in attempt.steps if step.what == what]


async def test_may_encrypts_and_looks_at_no_certificate(tls: ssl.SSLContext) -> None:
    async with Peer("STARTTLS", "DSN", tls=tls).listen() as peer, outbound() as out:
        attempt = await out.attempt(level(peer.port, TlsLevel.MAY))
    assert endings(attempt) == [Ending.DELIVERED]
    assert peer.commands[:4] == ["EHLO out.a.test", "STARTTLS", "EHLO out.a.test", "MAIL FROM:<ann@a.test>"]
    assert peer.names_told == ["mx.b.test"]
    (told,) = steps(attempt, "tls")
    assert (told["version"], told["verified"], told["subject"]) == ("TLSv1.3", 0, "CN=mx.b.test")
    assert len(str(told["fingerprint"])) == 64


async def test_none_does_not_ask(tls: ssl.SSLContext) -> None:
    async with Peer("STARTTLS", tls=tls).listen() as peer, outbound() as out:
        assert endings(await out.attempt(level(peer.port, TlsLevel.NONE))) == [Ending.RELAYED]
    assert "STARTTLS" not in peer.commands


async def test_secure_verifies(tls: ssl.SSLContext, ca: Path) -> None:
    async with Peer("STARTTLS", tls=tls).listen() as peer, outbound(authorities=ca) as out:
        attempt = await out.attempt(level(peer.port, TlsLevel.SECURE))
    assert endings(attempt) == [Ending.RELAYED]
    assert steps(attempt, "tls")[0]["verified"] == 1


async def test_secure_refuses_strangers(tls: ssl.SSLContext) -> None:
    async with Peer("STARTTLS", tls=tls).listen() as peer, outbound() as out:
        attempt = await out.attempt(level(peer.port, TlsLevel.SECURE))
    assert (endings(attempt), statuses(attempt)) == ([Ending.DEFERRED], ["4.7.5"])
    assert attempt.health is Health.DEAD
    assert peer.connections == 1
    assert not peer.letters


@pytest.mark.parametrize(
    ("names", "expired", "result"),
    [
        (("other.test",), False, ResultType.CERTIFICATE_HOST_MISMATCH),
        (("mx.b.test",), True, ResultType.CERTIFICATE_EXPIRED),
    ],
)
async def test_why_a_certificate_is_refused(
    authority: Authority, ca: Path, tmp_path: Path, names: tuple[str, ...], expired: bool, result: ResultType
) -> None:
    trust = Told(HostPolicy(use=TlsUse.MUST, is_webpki=True))
    context = authority.host(tmp_path, *names, expired=expired)
    async with Peer("STARTTLS", tls=context).listen() as peer, outbound(authorities=ca, trust=trust) as out:
        attempt = await out.attempt(parcel(port=peer.port))
    assert statuses(attempt) == ["4.7.5"]
    assert trust.results == [result]
    assert (trust.reports[0].host, trust.reports[0].peer_ip) == ("mx.b.test", "127.0.0.1")
    assert trust.reports[0].greeting == "peer.test"


@pytest.mark.parametrize("offers", [(), ("STARTTLS",)])
async def test_secure_needs_starttls(offers: tuple[str, ...], ca: Path) -> None:
    script = {"STARTTLS": b"454 4.7.0 not now"}
    async with Peer(*offers, **script).listen() as peer, outbound(authorities=ca) as out:
        attempt = await out.attempt(level(peer.port, TlsLevel.SECURE))
    assert (endings(attempt), statuses(attempt)) == ([Ending.DEFERRED], ["4.7.4"])
    assert not any(command.startswith("MAIL") for command in peer.commands)


async def test_may_goes_on_where_starttls_is_refused() -> None:
    async with Peer("STARTTLS", STARTTLS=b"454 4.7.0 not now").listen() as peer, outbound() as out:
        assert endings(await out.attempt(level(peer.port, TlsLevel.MAY))) == [Ending.RELAYED]
    assert peer.connections == 1


async def test_may_tries_once_more_in_the_clear() -> None:
    """A peer without a certificate closes instead of shaking hands."""
    async with Peer("STARTTLS").listen() as peer, outbound() as out:
        attempt = await out.attempt(level(peer.port, TlsLevel.MAY))
    assert endings(attempt) == [Ending.RELAYED]
    assert peer.connections == 2
    assert steps(attempt, "retry") == [{"host": "mx.b.test [127.0.0.1]", "tls": "no"}]


async def test_secure_never_does(ca: Path) -> None:
    async with Peer("STARTTLS").listen() as peer, outbound(authorities=ca) as out:
        attempt = await out.attempt(level(peer.port, TlsLevel.SECURE))
    assert (endings(attempt), peer.connections) == ([Ending.DEFERRED], 1)


async def test_tls_first(tls: ssl.SSLContext, ca: Path) -> None:
    async with Peer(tls=tls, tls_first=True).listen() as peer, outbound(authorities=ca) as out:
        route = Route(host="mx.b.test", port=peer.port, is_tls_first=True, level=TlsLevel.SECURE)
        assert endings(await out.attempt(parcel(route=route))) == [Ending.RELAYED]
    assert "STARTTLS" not in peer.commands


async def test_a_host_that_is_an_address(tls: ssl.SSLContext) -> None:
    async with Peer("STARTTLS", tls=tls).listen() as peer, outbound() as out:
        attempt = await out.attempt(parcel(route=Route(host="127.0.0.1", port=peer.port)))
    assert endings(attempt) == [Ending.RELAYED]
    assert steps(attempt, "tls")[0]["version"] == "TLSv1.3"


async def test_a_name_that_is_none_for_tls(tls: ssl.SSLContext) -> None:
    names = Names().add("mx", "b.test", Mx(1, ".b.test")).add("a", ".b.test", "127.0.0.1")
    async with Peer("STARTTLS", tls=tls).listen() as peer, outbound(names) as out:
        assert endings(await out.attempt(level(peer.port, TlsLevel.MAY))) == [Ending.RELAYED]
    assert peer.connections == 2


async def test_tls_first_never_speaks_in_the_clear() -> None:
    async with Peer().listen() as peer, outbound() as out:
        route = Route(host="mx.b.test", port=peer.port, is_tls_first=True, level=TlsLevel.MAY)
        attempt = await out.attempt(parcel(route=route))
    assert statuses(attempt) == ["4.7.5"]
    assert not any(command.startswith(("EHLO", "MAIL")) for command in peer.commands)


class Judge:
    """Of DANE: keeps what it was shown."""

    def __init__(self, flaw: Flaw | None) -> None:
        self.flaw = flaw
        self.chains: list[Sequence[bytes]] = []

    def __call__(self, chain: Sequence[bytes]) -> Flaw | None:
        self.chains.append(chain)
        return self.flaw


async def test_a_judge_is_shown_the_chain(tls: ssl.SSLContext) -> None:
    judge = Judge(None)
    trust = Told(HostPolicy(use=TlsUse.MUST, judge=judge, source="dane", server_name="base.b.test"))
    async with Peer("STARTTLS", tls=tls).listen() as peer, outbound(trust=trust) as out:
        assert endings(await out.attempt(parcel(port=peer.port))) == [Ending.RELAYED]
    assert [len(chain) for chain in judge.chains] == [1]
    assert judge.chains[0][0].startswith(b"\x30\x82")
    assert peer.names_told == ["base.b.test"]
    assert trust.results == [None]
    assert trust.hosts == [HostFacts(name="mx.b.test", canonical="mx.b.test", is_secure=False, port=peer.port)]


async def test_a_judge_refuses(tls: ssl.SSLContext) -> None:
    trust = Told(HostPolicy(use=TlsUse.MUST, judge=Judge(Flaw(ResultType.VALIDATION_FAILURE, "no record fits"))))
    async with Peer("STARTTLS", tls=tls).listen() as peer, outbound(trust=trust) as out:
        attempt = await out.attempt(parcel(port=peer.port))
    assert (endings(attempt), statuses(attempt)) == ([Ending.DEFERRED], ["4.7.5"])
    assert "no record fits" in attempt.results[0].diagnostic
    assert not peer.letters


@pytest.mark.parametrize("is_judged", [True, False])
async def test_a_policy_that_only_tests(tls: ssl.SSLContext, is_judged: bool) -> None:
    flaw = Flaw(ResultType.VALIDATION_FAILURE, "no")
    policy = HostPolicy(
        use=TlsUse.MUST, is_enforced=False, is_webpki=not is_judged, judge=Judge(flaw) if is_judged else None
    )
    trust = Told(policy)
    async with Peer("STARTTLS", tls=tls).listen() as peer, outbound(trust=trust) as out:
        attempt = await out.attempt(parcel(port=peer.port))
    assert endings(attempt) == [Ending.RELAYED]
    assert trust.results[0] in (ResultType.VALIDATION_FAILURE, ResultType.CERTIFICATE_NOT_TRUSTED)
    assert len(peer.names_told) == 1, "it went over TLS all the same"


async def test_excluded_hosts_are_not_tried() -> None:
    trust = Told(Excluded(ResultType.STS_POLICY_INVALID, "not in the policy"))
    async with Peer().listen() as peer, outbound(trust=trust) as out:
        attempt = await out.attempt(parcel(port=peer.port))
        assert statuses(attempt) == ["4.7.5"]
        assert (peer.connections, trust.results) == (0, [ResultType.STS_POLICY_INVALID])
        assert attempt.health is Health.DEAD
        relaxed = await out.attempt(parcel(port=peer.port, is_tls_optional=True))
    assert endings(relaxed) == [Ending.RELAYED]


async def test_tls_required_no_relaxes_policies(tls: ssl.SSLContext) -> None:
    trust = Told(HostPolicy(use=TlsUse.MUST, is_webpki=True))
    async with Peer("STARTTLS", tls=tls).listen() as peer, outbound(trust=trust) as out:
        assert endings(await out.attempt(parcel(port=peer.port, is_tls_optional=True))) == [Ending.RELAYED]
        assert len(peer.names_told) == 1
        strict = await out.attempt(parcel(port=peer.port))
    assert endings(strict) == [Ending.DEFERRED], "a connection opened for less is not used for more"


REQUIRED = Wishes(require_tls=True)


def vouching() -> Names:
    return names_of().secure("b.test", "mx.b.test")


async def test_requiretls(tls: ssl.SSLContext, ca: Path) -> None:
    async with (
        Peer("STARTTLS", "REQUIRETLS", tls=tls).listen() as peer,
        outbound(vouching(), authorities=ca) as out,
    ):
        attempt = await out.attempt(parcel(port=peer.port, wishes=REQUIRED))
    assert endings(attempt) == [Ending.RELAYED]
    assert peer.letters[0].mail == b"MAIL FROM:<ann@a.test> REQUIRETLS"


async def test_requiretls_not_offered(tls: ssl.SSLContext, ca: Path) -> None:
    async with Peer("STARTTLS", tls=tls).listen() as peer, outbound(vouching(), authorities=ca) as out:
        attempt = await out.attempt(parcel(port=peer.port, wishes=REQUIRED))
        assert (endings(attempt), statuses(attempt)) == ([Ending.FAILED], ["5.7.30"])
        bounce = await out.attempt(parcel(port=peer.port, wishes=REQUIRED, sender=None))
    assert endings(bounce) == [Ending.RELAYED], "a bounce is not held to it"


@pytest.mark.parametrize("offers", [(), ("STARTTLS", "REQUIRETLS")])
async def test_requiretls_without_trust(tls: ssl.SSLContext, offers: tuple[str, ...]) -> None:
    async with Peer(*offers, tls=tls).listen() as peer, outbound(vouching()) as out:
        attempt = await out.attempt(parcel(port=peer.port, wishes=REQUIRED))
    assert (endings(attempt), statuses(attempt)) == ([Ending.FAILED], ["5.7.10"])
    assert attempt.health is Health.GOOD
    assert not peer.letters


async def test_requiretls_where_nothing_vouches_for_the_name(tls: ssl.SSLContext, ca: Path) -> None:
    async with Peer("STARTTLS", "REQUIRETLS", tls=tls).listen() as peer, outbound(authorities=ca) as out:
        attempt = await out.attempt(parcel(port=peer.port, wishes=REQUIRED))
    assert (statuses(attempt), peer.connections) == (["5.7.10"], 0)


async def test_nothing_said_before_tls_counts(tls: ssl.SSLContext) -> None:
    """RFC 3207 §6: a reply injected behind the 220 is not the answer to our EHLO."""
    script = {"STARTTLS": b"220 go\r\n250-evil\r\n250 SIZE 1"}
    async with Peer("STARTTLS", "SIZE 1000", tls=tls, **script).listen() as peer, outbound() as out:
        attempt = await out.attempt(level(peer.port, TlsLevel.MAY))
    assert endings(attempt) == [Ending.RELAYED]
    assert peer.connections == 1
