"""MTA-STS policies: asked for, kept, refreshed, never given up for a failure."""

import asyncio
from typing import Any

import pytest

from mailstead.ground.formats.mtasts import Mode
from mailstead.ground.formats.tlsrpt import ResultType
from mailstead.ground.model.errors import Busy
from mailstead.ground.model.route import Route
from mailstead.net.dns import Trouble
from mailstead.net.guarded import FetchFailed
from mailstead.services.outbound.tls_policy import Facts, Hop
from mailstead.services.outbound.trust.judging import DomainTrust
from tests.unit.services.outbound.trust.conftest import Scene

HOP = Hop(domain="example.test", route=Route())
HOST = "mta-sts.example.test"
DAY, HOUR = 86_400, 3_600


async def facts(trust: DomainTrust) -> Facts:
    return (await trust.judge_hop(HOP)).facts


async def stored(scene: Scene) -> Any:
    return await scene.store.read(lambda tx: tx.trust.find_sts_policy("example.test"))


async def test_no_record_asks_nobody(scene: Scene) -> None:
    scene.publish()
    scene.names.put("TXT", "_mta-sts.example.test", b"v=spf1 -all")
    assert await facts(scene.trust()) == {}
    assert not scene.fetcher.asked


async def test_a_policy_is_fetched_once_for_all_workers_and_restarts(scene: Scene) -> None:
    scene.publish()
    first, second = scene.trust(), scene.trust()
    assert await facts(first) == {"mta-sts": "enforce", "mta-sts id": "1"}
    assert await facts(first) == await facts(second)
    assert scene.fetcher.asked == [HOST]


async def test_all_who_want_it_wait_for_one_fetch(scene: Scene) -> None:
    scene.publish()
    scene.fetcher.go.clear()
    trust = scene.trust()
    first, *others = [asyncio.create_task(facts(trust)) for _ in range(5)]
    await scene.fetcher.came.wait()
    first.cancel()
    scene.fetcher.go.set()
    assert all(found["mta-sts"] == "enforce" for found in await asyncio.gather(*others))
    assert scene.fetcher.asked == [HOST]


async def test_another_id_fetches_anew(scene: Scene) -> None:
    scene.publish()
    trust = scene.trust()
    await facts(trust)
    scene.publish(b"none", policy_id="2")
    assert (await facts(trust))["mta-sts"] == "enforce"  # two workers that see two ids must not fetch in turns
    scene.clock.advance(301)
    assert await facts(trust) == {"mta-sts": "none", "mta-sts id": "2"}
    assert (await stored(scene)).policy.mode is Mode.NONE


@pytest.mark.parametrize("lost", ["record", "dns", "fetch", "invalid"])
async def test_a_policy_at_hand_stays_in_force(scene: Scene, lost: str) -> None:
    """RFC 8461 §5.1: an attacker on the way gains nothing by breaking what brings the policy."""
    scene.publish()
    trust = scene.trust()
    kept = await facts(trust)
    if lost == "record":
        del scene.names.answers["TXT", "_mta-sts.example.test"]
    elif lost == "dns":
        scene.names.fail("TXT", "_mta-sts.example.test", Trouble.TIMEOUT)
    else:
        scene.publish(policy_id="2")
        broken = FetchFailed("gone") if lost == "fetch" else b"nonsense"
        scene.fetcher.texts[HOST] = broken
    scene.clock.advance(2 * DAY)
    assert await facts(trust) == kept
    scene.clock.advance(6 * DAY)
    assert "mta-sts id" not in await facts(trust)  # its time is over


@pytest.mark.parametrize(
    ("broken", "result"),
    [
        (FetchFailed("404"), ResultType.STS_POLICY_FETCH_ERROR),
        (FetchFailed("expired", is_certificate=True), ResultType.STS_WEBPKI_INVALID),
        (b"version: STSv1\nmode: enforce\n", ResultType.STS_POLICY_INVALID),
    ],
)
async def test_failures_are_told_apart_and_not_repeated_at_once(
    scene: Scene, broken: bytes | FetchFailed, result: ResultType
) -> None:
    scene.publish()
    good = scene.fetcher.texts[HOST]
    scene.fetcher.texts[HOST] = broken
    trust = scene.trust()
    assert (await facts(trust))["mta-sts"] == result.value
    scene.fetcher.texts[HOST] = good
    scene.clock.advance(299)
    assert (await facts(trust))["mta-sts"] == result.value
    assert len(scene.fetcher.asked) == 1
    scene.clock.advance(2)
    assert (await facts(trust))["mta-sts"] == "enforce"


async def test_a_policy_of_no_age_serves_the_letter_at_hand(scene: Scene) -> None:
    scene.publish(max_age=0)
    trust = scene.trust()
    for _ in range(2):
        assert (await facts(trust))["mta-sts"] == "enforce"
    assert len(scene.fetcher.asked) == 2


async def test_a_store_that_takes_nothing_does_not_weaken_it(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    scene.publish()

    async def busy(*_args: object, **_options: object) -> None:
        raise Busy("later")

    monkeypatch.setattr(scene.store, "write", busy)
    assert (await facts(scene.trust()))["mta-sts"] == "enforce"


async def test_policies_in_use_are_refreshed_before_they_end(scene: Scene) -> None:
    scene.publish(max_age=3 * DAY)
    trust = scene.trust()
    await facts(trust)
    scene.clock.advance(HOUR)
    await trust.maintain()
    assert len(scene.fetcher.asked) == 1
    for _ in range(4):
        scene.clock.advance(DAY + 1)
        await trust.maintain()
    assert len(scene.fetcher.asked) == 5
    scene.names.fail("TXT", "_mta-sts.example.test")
    assert await facts(trust) == {"mta-sts": "enforce", "mta-sts id": "1"}


async def test_a_failing_refresh_keeps_it_and_waits(scene: Scene) -> None:
    scene.publish(max_age=3 * DAY)
    trust = scene.trust()
    await facts(trust)
    fetched_at = (await stored(scene)).fetched_at
    scene.fetcher.texts.clear()
    scene.clock.advance(DAY + 1)
    await trust.maintain()
    await trust.maintain()
    assert len(scene.fetcher.asked) == 2
    kept = await stored(scene)
    assert (kept.fetched_at, kept.tried_at) == (fetched_at, scene.clock.now())
    scene.clock.advance(3 * DAY)
    await trust.maintain()
    assert await stored(scene) is None


async def test_what_nobody_uses_is_not_refreshed(scene: Scene) -> None:
    scene.publish(max_age=60 * DAY)
    trust = scene.trust()
    await facts(trust)
    scene.clock.advance(20 * DAY)
    await facts(trust)  # used: noted
    scene.clock.advance(29 * DAY)
    await trust.maintain()
    assert len(scene.fetcher.asked) == 2
    scene.clock.advance(2 * DAY)
    await trust.maintain()
    assert len(scene.fetcher.asked) == 2
