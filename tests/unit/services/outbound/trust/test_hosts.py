"""What is asked of the line to a host: the operator's rule, DANE, MTA-STS, the route."""

import hashlib
from typing import Any

import pytest

from mailstead.ground.formats.tlsa import Tlsa
from mailstead.ground.formats.tlsrpt import ResultType
from mailstead.ground.model.errors import Busy
from mailstead.ground.model.route import Route, Speech, TlsLevel
from mailstead.ground.model.tls_rule import TlsDemand, TlsRule
from mailstead.net.dns import Trouble
from mailstead.services.outbound.tls_policy import (
    Excluded,
    Flaw,
    Hop,
    HostFacts,
    HostPolicy,
    TlsUse,
)
from tests.support.chains import issue
from tests.unit.services.outbound.trust.conftest import Scene

LEAF = issue("mx.example.test", hosts=("mx.example.test",))
MEANT = Tlsa(3, 1, 1, hashlib.sha256(LEAF.spki).digest())
UNUSABLE = Tlsa(1, 1, 1, hashlib.sha256(LEAF.spki).digest())
TLSA = "_25._tcp.mx.example.test"


async def judge(
    scene: Scene,
    *,
    name: str = "mx.example.test",
    level: TlsLevel = TlsLevel.MAY,
    secure: tuple[bool, bool] = (True, True),
    canonical: str = "",
    route: Route | None = None,
    **options: bool,
) -> HostPolicy | Excluded:
    """`secure`: the answers about MX and addresses."""
    hop = Hop(domain="example.test", route=route or Route(level=level), has_mx=True, is_secure=secure[0])
    trust = await scene.trust(**options).judge_hop(hop)
    host = HostFacts(name=name, canonical=canonical or name, is_secure=secure[1], port=hop.route.port)
    return await trust.judge_host(host)


async def test_nothing_published_is_the_route(scene: Scene) -> None:
    assert await judge(scene, secure=(False, False)) == HostPolicy(use=TlsUse.MAY)
    vouched = HostPolicy(use=TlsUse.MUST, is_webpki=True, is_name_vouched=True)
    assert await judge(scene, level=TlsLevel.SECURE) == vouched
    assert (await judge(scene, level=TlsLevel.NONE)).use is TlsUse.NEVER  # type: ignore[union-attr]


async def test_usable_tlsa_is_mandatory_and_authenticated(scene: Scene) -> None:
    scene.names.put("TLSA", TLSA, MEANT, UNUSABLE, secure=True)
    for level in TlsLevel:
        policy = await judge(scene, level=level)
        assert isinstance(policy, HostPolicy)
        assert (policy.use, policy.source, policy.server_name) == (TlsUse.MUST, "dane", "mx.example.test")
        assert policy.is_name_vouched
        assert not policy.is_webpki
        assert policy.judge is not None
        assert policy.judge(LEAF.chain) is None
        stranger = issue("mx.example.test", hosts=("mx.example.test",))
        assert policy.judge(stranger.chain) == Flaw(
            ResultType.CERTIFICATE_NOT_TRUSTED, "no TLSA record means this certificate"
        )
        assert str(MEANT) in str(policy.facts["tlsa"])


@pytest.mark.parametrize("secure", [(False, True), (True, False), (False, False)])
async def test_tlsa_is_not_even_asked_where_an_answer_was_not_secure(scene: Scene, secure: tuple[bool, bool]) -> None:
    """RFC 7672 §2.2.1 and §2.2.2: who could change these could choose the host."""
    scene.names.put("TLSA", TLSA, MEANT, secure=True)
    policy = await judge(scene, secure=secure)
    assert isinstance(policy, HostPolicy)
    assert policy.source == "route"
    assert ("TLSA", TLSA) not in scene.names.asked


async def test_tlsa_that_is_not_secure_is_none(scene: Scene) -> None:
    scene.names.put("TLSA", TLSA, MEANT)
    assert (await judge(scene)).source == "route"  # type: ignore[union-attr]


@pytest.mark.parametrize("trouble", Trouble)
async def test_tlsa_that_cannot_be_known_excludes_the_host(scene: Scene, trouble: Trouble) -> None:
    """RFC 7672 §2.1.3: bogus or unreachable is a failure for now, whatever MTA-STS says."""
    scene.publish()
    scene.names.fail("TLSA", TLSA, trouble)
    excluded = await judge(scene)
    assert isinstance(excluded, Excluded)
    assert (excluded.result, excluded.status) == (ResultType.DNSSEC_INVALID, "4.7.5")


async def test_unusable_tlsa_is_mandatory_tls_with_anybody(scene: Scene) -> None:
    """RFC 7672 §2.1.1."""
    scene.names.put("TLSA", TLSA, UNUSABLE, secure=True)
    policy = await judge(scene)
    assert isinstance(policy, HostPolicy)
    assert (policy.use, policy.is_authenticated, policy.source) == (TlsUse.MUST, False, "dane")
    assert (await judge(scene, level=TlsLevel.NONE)).use is TlsUse.MUST  # type: ignore[union-attr]
    assert (await judge(scene, level=TlsLevel.SECURE)).is_webpki  # type: ignore[union-attr]
    scene.publish(b"testing")
    policy = await judge(scene)
    assert isinstance(policy, HostPolicy)
    assert (policy.use, policy.is_authenticated, policy.is_enforced) == (TlsUse.MUST, False, True)


async def test_unusable_tlsa_leaves_mta_sts_in_force(scene: Scene) -> None:
    scene.names.put("TLSA", TLSA, UNUSABLE, secure=True)
    scene.publish()
    policy = await judge(scene)
    assert isinstance(policy, HostPolicy)
    assert (policy.use, policy.is_webpki, policy.is_enforced) == (TlsUse.MUST, True, True)
    scene.names.put("TLSA", "_25._tcp.other.test", UNUSABLE, secure=True)
    assert isinstance(await judge(scene, name="other.test"), Excluded)


async def test_the_end_of_aliases_comes_first(scene: Scene) -> None:
    """RFC 7672 §2.2.3, then the name that the MX record has."""
    scene.names.put("TLSA", "_25._tcp.real.test", MEANT, secure=True)
    policy = await judge(scene, canonical="real.test")
    assert isinstance(policy, HostPolicy)
    assert policy.server_name == "real.test"
    scene.names.put("TLSA", "_25._tcp.real.test", secure=True)
    scene.names.put("TLSA", TLSA, MEANT, secure=True)
    policy = await judge(scene, canonical="real.test")
    assert isinstance(policy, HostPolicy)
    assert policy.server_name == "mx.example.test"


@pytest.mark.parametrize("name", ["mx.example.test", "real.test", "example.test", "other.test"])
async def test_names_under_dane_ta(scene: Scene, name: str) -> None:
    """RFC 7672 §3.2.2: the base domain, the host, the next hop."""
    root = issue("Root", ca=True, days=(-1, 1000))
    scene.names.put("TLSA", "_25._tcp.real.test", Tlsa(2, 1, 1, hashlib.sha256(root.spki).digest()), secure=True)
    policy = await judge(scene, canonical="real.test")
    assert isinstance(policy, HostPolicy)
    assert policy.judge is not None
    flaw = policy.judge(issue("x", root, hosts=(name,), days=(-1, 1000)).chain)
    if name == "other.test":
        assert flaw == Flaw(ResultType.CERTIFICATE_HOST_MISMATCH, "the certificate is of another host")
    else:
        assert flaw is None


async def test_dane_can_be_switched_off(scene: Scene) -> None:
    scene.names.put("TLSA", TLSA, MEANT, secure=True)
    assert (await judge(scene, dane=False)).source == "route"  # type: ignore[union-attr]


async def test_a_relay_has_policies_of_its_own(scene: Scene) -> None:
    """RFC 8461 §3.4: the domain of a smart host is that host's."""
    scene.publish()
    scene.names.put("TLSA", "_587._tcp.mx.example.test", MEANT, secure=True)
    relay = Route(host="mx.example.test", port=587)
    policy = await judge(scene, route=relay, secure=(False, True))
    assert isinstance(policy, HostPolicy)
    assert (policy.source, policy.is_name_vouched) == ("dane", True)
    assert (await judge(scene, route=relay, secure=(False, False))).source == "mta-sts"  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("domain", "route"),
    [
        ("mx.example.test", Route(host="mx.example.test", level=TlsLevel.NONE)),
        ("192.0.2.1", Route(host="192.0.2.1")),
        ("[192.0.2.1]", Route()),
        ("2001:db8::1", Route(host="2001:db8::1")),
        ("/run/lmtp", Route(host="/run/lmtp", protocol=Speech.LMTP)),
        ("mx.example.test", Route(host="mx.example.test", protocol=Speech.LMTP)),
    ],
)
async def test_who_has_no_policies_is_not_asked(scene: Scene, domain: str, route: Route) -> None:
    trust = await scene.trust().judge_hop(Hop(domain=domain, route=route, is_secure=True))
    policy = await trust.judge_host(HostFacts(name=domain, canonical=domain, is_secure=True, port=25))
    assert isinstance(policy, HostPolicy)
    assert policy.source == "route"
    assert not scene.names.asked


async def test_enforce(scene: Scene) -> None:
    scene.publish()
    for level in TlsLevel:
        assert await judge(scene, secure=(False, False), level=level) == HostPolicy(
            use=TlsUse.MUST, is_webpki=True, is_name_vouched=True, source="mta-sts"
        )
    excluded = await judge(scene, name="mx.evil.test", secure=(False, False))
    assert isinstance(excluded, Excluded)
    assert excluded.result is ResultType.VALIDATION_FAILURE
    assert (await judge(scene, mta_sts=False, secure=(False, False))) == HostPolicy(use=TlsUse.MAY)


async def test_testing(scene: Scene) -> None:
    scene.publish(b"testing")
    assert await judge(scene, secure=(False, False)) == HostPolicy(
        use=TlsUse.MUST, is_webpki=True, is_enforced=False, is_name_vouched=True, source="mta-sts"
    )
    assert await judge(scene, name="mx.evil.test", secure=(False, False)) == HostPolicy(use=TlsUse.MAY)
    kept = HostPolicy(use=TlsUse.MUST, is_webpki=True, is_name_vouched=True)
    assert await judge(scene, level=TlsLevel.SECURE, secure=(False, False)) == kept


async def test_none(scene: Scene) -> None:
    scene.publish(b"none")
    assert await judge(scene, name="mx.evil.test", secure=(False, False)) == HostPolicy(use=TlsUse.MAY)


async def demand(scene: Scene, demand: TlsDemand) -> None:
    rule = TlsRule("example.test", demand, scene.clock.now())
    await scene.store.write(lambda tx: tx.trust.put_tls_rule(rule))


@pytest.mark.parametrize(
    ("wanted", "use", "webpki"),
    [
        (TlsDemand.NONE, TlsUse.NEVER, False),
        (TlsDemand.MAY, TlsUse.MAY, False),
        (TlsDemand.ENCRYPT, TlsUse.MUST, False),
        (TlsDemand.SECURE, TlsUse.MUST, True),
    ],
)
async def test_a_rule_comes_before_all(scene: Scene, wanted: TlsDemand, use: TlsUse, webpki: bool) -> None:
    scene.publish()
    scene.names.put("TLSA", TLSA, MEANT, secure=True)
    await demand(scene, wanted)
    policy = await judge(scene, level=TlsLevel.SECURE)
    assert isinstance(policy, HostPolicy)
    assert (policy.use, policy.is_webpki, policy.judge, policy.source) == (use, webpki, None, "rule")
    assert not scene.fetcher.asked


@pytest.mark.parametrize("records", [(), (UNUSABLE,)])
async def test_dane_only(scene: Scene, records: tuple[Any, ...]) -> None:
    await demand(scene, TlsDemand.DANE_ONLY)
    scene.names.put("TLSA", TLSA, MEANT, secure=True)
    assert (await judge(scene, dane=False)).source == "dane"  # type: ignore[union-attr]
    scene.names.put("TLSA", TLSA, *records, secure=True)
    excluded = await judge(scene)
    assert isinstance(excluded, Excluded)
    assert excluded.result is ResultType.DANE_REQUIRED
    insecure = await judge(scene, secure=(False, True))
    assert isinstance(insecure, Excluded)


async def test_rules_that_cannot_be_read_hold_all_back(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    async def busy(_unit: object) -> None:
        raise Busy("later")

    trust = scene.trust()
    monkeypatch.setattr(trust, "_store", type("Store", (), {"read": staticmethod(busy)}))
    hop = await trust.judge_hop(Hop(domain="example.test", route=Route()))
    found = await hop.judge_host(HostFacts(name="mx.example.test", canonical="", is_secure=False, port=25))
    assert isinstance(found, Excluded)
    assert found.status == "4.3.0"
