"""Sessions counted as TLS reports tell them (RFC 8460)."""

import hashlib

import pytest

from mailstead.ground.formats.tlsa import Tlsa
from mailstead.ground.formats.tlsrpt import PolicyFound, PolicyType, ResultType
from mailstead.ground.model.errors import Busy
from mailstead.ground.model.ids import Instant
from mailstead.ground.model.route import Route, TlsLevel
from mailstead.net.guarded import FetchFailed
from mailstead.services.outbound.tls_policy import Excluded, Hop, HopTrust, HostFacts, TlsReport
from mailstead.services.outbound.trust import counting
from mailstead.services.outbound.trust.counting import TlsCounts
from mailstead.store.port.trust import DAY_MS, TlsCount
from tests.support.fake_clock import START_MS
from tests.support.stores import AnyStore
from tests.unit.services.outbound.trust.conftest import Scene

DAY = START_MS // DAY_MS
AT = Instant(START_MS)
TLSA = "_25._tcp.mx.example.test"


async def session(
    hop: HopTrust, result: ResultType | None, *, host: str = "mx.example.test", secure: bool = False, greeting: str = ""
) -> None:
    policy = await hop.judge_host(HostFacts(name=host, canonical=host, is_secure=secure, port=25))
    hop.report(
        TlsReport(
            at=AT, host=host, policy=None if isinstance(policy, Excluded) else policy, result=result,
            detail="why", local_ip="192.0.2.1", peer_ip="192.0.2.2", greeting=greeting,
        )
    )  # fmt: skip


async def hop_of(scene: Scene, *, secure: bool = False, level: TlsLevel = TlsLevel.MAY) -> HopTrust:
    hop = Hop(domain="example.test", route=Route(level=level), has_mx=True, is_secure=secure)
    return await scene.trust().judge_hop(hop)


async def counted(scene: Scene) -> list[TlsCount]:
    for trust in scene.made:
        await trust.close()
    return await scene.store.read(lambda tx: tx.trust.list_tls_results(DAY, "example.test"))


async def test_without_policy(scene: Scene) -> None:
    hop = await hop_of(scene)
    await session(hop, None)
    await session(hop, None, host="mx2.example.test")
    await session(hop, ResultType.STARTTLS_NOT_SUPPORTED, greeting="mx\r\n\x00")
    found = PolicyFound(policy_type=PolicyType.NO_POLICY_FOUND, policy_domain="example.test")
    good, bad = await counted(scene)
    assert good == TlsCount(day=DAY, domain="example.test", policy=found, sessions=2)
    assert bad == TlsCount(
        day=DAY, domain="example.test", policy=found, result=ResultType.STARTTLS_NOT_SUPPORTED,
        local_ip="192.0.2.1", host="mx.example.test", peer_ip="192.0.2.2", greeting="mx", detail="why",
    )  # fmt: skip


async def test_in_the_clear_by_intent_is_no_session(scene: Scene) -> None:
    await session(await hop_of(scene, level=TlsLevel.NONE), None)
    assert await counted(scene) == []


async def test_under_mta_sts(scene: Scene) -> None:
    scene.publish(b"testing")
    hop = await hop_of(scene)
    await session(hop, None)
    await session(hop, None, host="mx.evil.test")  # used, and told of
    await session(hop, ResultType.CERTIFICATE_EXPIRED)
    counts = await counted(scene)
    assert {count.policy.policy_type for count in counts} == {PolicyType.STS}
    assert counts[0].policy.mx_host == ("mx.example.test", "*.example.test")
    assert counts[0].policy.policy_string[:2] == ("version: STSv1", "mode: testing")
    assert {(count.result, count.host) for count in counts} == {
        (None, ""),
        (ResultType.VALIDATION_FAILURE, "mx.evil.test"),
        (ResultType.CERTIFICATE_EXPIRED, "mx.example.test"),
    }


async def test_a_policy_that_could_not_be_had(scene: Scene) -> None:
    scene.publish()
    scene.fetcher.texts["mta-sts.example.test"] = FetchFailed("expired", is_certificate=True)
    await session(await hop_of(scene), None)
    [count] = await counted(scene)
    assert (count.result, count.policy.policy_type, count.detail) == (
        ResultType.STS_WEBPKI_INVALID, PolicyType.STS, "expired",
    )  # fmt: skip


async def test_under_dane(scene: Scene) -> None:
    record = Tlsa(3, 1, 1, hashlib.sha256(b"key").digest())
    scene.names.put("TLSA", TLSA, record, secure=True)
    hop = await hop_of(scene, secure=True)
    await session(hop, None, secure=True)
    [count] = await counted(scene)
    assert count.policy == PolicyFound(
        policy_type=PolicyType.TLSA, policy_string=(str(record),), policy_domain="mx.example.test"
    )
    assert count.result is None


async def test_unusable_tlsa_and_bogus_are_failures(scene: Scene) -> None:
    scene.names.put("TLSA", TLSA, Tlsa(0, 1, 1, b"x" * 32), secure=True)
    scene.names.fail("TLSA", "_25._tcp.mx2.example.test")
    hop = await hop_of(scene, secure=True)
    await session(hop, None, secure=True)
    await session(hop, ResultType.DNSSEC_INVALID, host="mx2.example.test", secure=True)
    counts = await counted(scene)
    assert {(count.result, count.policy.policy_domain) for count in counts} == {
        (ResultType.TLSA_INVALID, "mx.example.test"), (ResultType.DNSSEC_INVALID, "mx2.example.test"),
    }  # fmt: skip
    assert all(count.policy.policy_type is PolicyType.TLSA for count in counts)


async def test_what_is_too_much_is_lost_and_told(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[int] = []
    monkeypatch.setattr(counting, "emit", lambda _event, **fields: told.append(fields["count"]))
    monkeypatch.setattr(counting, "WAITING_MAX", 2)
    counts = TlsCounts(scene.store)
    found = PolicyFound(policy_type=PolicyType.NO_POLICY_FOUND, policy_domain="a.test")
    for name in ("a", "b", "c", "a", "d"):
        counts.note(TlsCount(day=DAY, domain=f"{name}.test", policy=found))
    await counts.stop()
    assert told == [2]
    assert await scene.store.read(lambda tx: tx.trust.list_tls_domains(DAY)) == ["a.test", "b.test"]


async def test_a_busy_store_loses_nothing(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    counts = TlsCounts(scene.store)
    found = PolicyFound(policy_type=PolicyType.NO_POLICY_FOUND, policy_domain="a.test")
    counts.note(TlsCount(day=DAY, domain="a.test", policy=found))
    with monkeypatch.context() as patch:
        patch.setattr(scene.store, "write", _busy)
        await counts.flush()
    counts.note(TlsCount(day=DAY, domain="a.test", policy=found))
    await counts.flush()
    [count] = await scene.store.read(lambda tx: tx.trust.list_tls_results(DAY, "a.test"))
    assert count.sessions == 2


async def _busy(*_args: object, **_options: object) -> None:
    raise Busy("later")


async def test_old_days_go(scene: Scene) -> None:
    store: AnyStore = scene.store
    found = PolicyFound(policy_type=PolicyType.NO_POLICY_FOUND, policy_domain="a.test")
    days = [DAY - counting.DAYS_KEPT - 1, DAY - counting.DAYS_KEPT]
    rows = [TlsCount(day=day, domain="a.test", policy=found) for day in days]
    await store.write(lambda tx: tx.trust.add_tls_results(rows))
    await scene.trust().maintain()
    left = [len(await store.read(lambda tx, day=day: tx.trust.list_tls_results(day, "a.test"))) for day in days]
    assert left == [0, 1]


async def test_what_carries_a_report_is_not_counted(scene: Scene) -> None:
    """It leaves in the clear rather than not at all, and a report a day would beget the next one."""
    hop = Hop(domain="example.test", route=Route(level=TlsLevel.MAY), has_mx=True, is_counted=False)
    await session(await scene.trust().judge_hop(hop), None)
    assert await counted(scene) == []
