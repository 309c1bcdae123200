"""What is kept of the lines to other domains."""

import asyncio
from dataclasses import replace

from mailstead.ground.formats.mtasts import Mode, Policy
from mailstead.ground.formats.tlsrpt import PolicyFound, PolicyType, ResultType
from mailstead.ground.model.ids import Instant
from mailstead.ground.model.tls_rule import TlsDemand, TlsRule
from mailstead.store.port.trust import DAY_MS, StoredPolicy, TlsCount
from tests.support.stores import AnyStore, Engine

NOW = Instant(1_800_000_000_000)
POLICY = Policy(Mode.ENFORCE, 86_400, ("mx.example.test", "*.example.test"))
STORED = StoredPolicy("example.test", "1", POLICY, NOW, NOW, NOW)
STS = PolicyFound(
    policy_type=PolicyType.STS, policy_string=POLICY.lines(), policy_domain="example.test", mx_host=POLICY.mx
)
DAY = NOW // DAY_MS
COUNT = TlsCount(day=DAY, domain="example.test", policy=STS)


def later(milliseconds: int) -> Instant:
    return Instant(NOW + milliseconds)


async def find(store: AnyStore, domain: str = "example.test") -> StoredPolicy | None:
    return await store.read(lambda tx: tx.trust.find_sts_policy(domain))


async def keep(store: AnyStore, stored: StoredPolicy) -> None:
    await store.write(lambda tx: tx.trust.keep_sts_policy(stored))


async def test_a_policy_is_kept_and_replaced(store: AnyStore) -> None:
    assert await find(store) is None
    await keep(store, STORED)
    assert await find(store) == STORED
    none = StoredPolicy("example.test", "2", Policy(Mode.NONE, 5), later(1), later(1), later(1))
    await keep(store, none)
    assert await find(store) == none
    await keep(store, STORED)  # an answer that came late
    assert await find(store) == none


async def test_tries_and_uses_are_noted(store: AnyStore) -> None:
    await keep(store, STORED)
    await store.write(lambda tx: tx.trust.note_sts_try("example.test", later(5)))
    await store.write(lambda tx: tx.trust.note_sts_use("example.test", later(7)))
    await store.write(lambda tx: tx.trust.note_sts_use("example.test", later(6)))
    await store.write(lambda tx: tx.trust.note_sts_use("other.test", later(7)))
    assert await find(store) == replace(STORED, tried_at=later(5), used_at=later(7))


async def test_stale_policies_are_found_and_expired_ones_go(store: AnyStore) -> None:
    for number in range(4):
        at = later(number)
        await keep(store, StoredPolicy(f"d{number}.test", "1", Policy(Mode.NONE, 10), at, at, at))

    async def stale(tx):
        return await tx.trust.list_stale_sts_policies(tried_before=later(3), used_since=later(1), limit=5)

    assert [stored.domain for stored in await store.read(stale)] == ["d1.test", "d2.test"]
    gone = [
        await store.write(lambda tx: tx.trust.forget_sts_policies(expired_before=later(10_003), limit=2))
        for _ in range(3)
    ]
    assert gone == [2, 1, 0]
    assert await find(store, "d3.test")


async def test_rules(store: AnyStore) -> None:
    rules = [TlsRule(f"{name}.test", TlsDemand.DANE_ONLY, NOW, "why") for name in ("b", "a")]
    for rule in rules:
        await store.write(lambda tx, rule=rule: tx.trust.put_tls_rule(rule))
    changed = TlsRule("a.test", TlsDemand.NONE, later(1))
    await store.write(lambda tx: tx.trust.put_tls_rule(changed))
    assert await store.read(lambda tx: tx.trust.list_tls_rules()) == [changed, rules[0]]
    assert await store.read(lambda tx: tx.trust.find_tls_rule("a.test")) == changed
    assert await store.read(lambda tx: tx.trust.find_tls_rule("x.a.test")) is None
    assert [await store.write(lambda tx: tx.trust.drop_tls_rule("a.test")) for _ in range(2)] == [True, False]


async def results(store: AnyStore, day: int = DAY, domain: str = "example.test") -> set[TlsCount]:
    return set(await store.read(lambda tx: tx.trust.list_tls_results(day, domain)))


async def test_sessions_are_added_up(engine: Engine) -> None:
    first, second = await engine.open(), await engine.open()
    failed = replace(
        COUNT, result=ResultType.CERTIFICATE_EXPIRED, local_ip="192.0.2.1", host="mx.example.test",
        peer_ip="192.0.2.2", greeting="mx", detail="first", sessions=2,
    )  # fmt: skip
    batches = [[COUNT, failed], [replace(failed, detail="second"), COUNT, replace(COUNT, day=DAY + 1)]] * 5
    await asyncio.gather(
        *(
            (first, second)[turn % 2].write(lambda tx, some=some: tx.trust.add_tls_results(some))
            for turn, some in enumerate(batches)
        )
    )
    found = await results(first)
    assert {(count.result, count.sessions) for count in found} == {(None, 10), (ResultType.CERTIFICATE_EXPIRED, 20)}
    assert {replace(count, detail="", sessions=0) for count in found} == {
        replace(COUNT, sessions=0), replace(failed, detail="", sessions=0),
    }  # fmt: skip
    assert await results(first, DAY + 1) == {replace(COUNT, day=DAY + 1, sessions=5)}


async def test_domains_of_a_day(store: AnyStore) -> None:
    counts = [replace(COUNT, domain=f"{name}.test") for name in "cab"] + [replace(COUNT, day=DAY - 1, domain="x.test")]
    await store.write(lambda tx: tx.trust.add_tls_results(counts))
    assert await store.read(lambda tx: tx.trust.list_tls_domains(DAY, limit=2)) == ["a.test", "b.test"]
    assert await store.read(lambda tx: tx.trust.list_tls_domains(DAY, "b.test")) == ["c.test"]


async def test_old_results_go_and_policies_in_use_stay(store: AnyStore) -> None:
    plain = PolicyFound(policy_type=PolicyType.NO_POLICY_FOUND, policy_domain="example.test")
    old = [replace(COUNT, day=DAY - 5, host=str(n), policy=policy) for n in range(2) for policy in (STS, plain)]
    await store.write(lambda tx: tx.trust.add_tls_results([*old, COUNT]))
    gone = [await store.write(lambda tx: tx.trust.forget_tls_results(before_day=DAY, limit=3)) for _ in range(3)]
    assert gone == [3, 1, 0]
    assert await results(store) == {COUNT}
    assert await results(store, DAY - 5) == set()
    await store.write(lambda tx: tx.trust.add_tls_results(old))  # their policy comes anew
    assert await results(store, DAY - 5) == set(old)
