"""Records of traffic end when their domain wants it, and at the latest when the configuration says so."""

from dataclasses import replace
from pathlib import Path

from mailstead.ground.model.ids import Instant
from mailstead.ground.model.policy import Policy, Trace
from mailstead.services.policy.forgetting import DAY, Forgetting
from mailstead.store.port import Tx
from mailstead.store.port.trails import Refusal, RefusalMark
from tests.support.fake_clock import FakeClock
from tests.support.smtp_scene import furnish
from tests.support.stores import AnyStore, sqlite_engine


async def days_left(store: AnyStore, now: Instant, domain: str) -> list[int]:
    rows = await store.read(lambda tx: tx.trails.walk_refusals(domain, Instant(0), RefusalMark(Instant(now + 1))))
    return [(now - row.at) // DAY for row in rows]


async def test_each_in_its_time(tmp_path: Path) -> None:
    clock = FakeClock()
    now = clock.now()
    async with sqlite_engine(tmp_path) as engine:
        store = await engine.open()
        await furnish(store, {"accounts": "ann@brief.test,bob@long.test"})

        async def unit(tx: Tx) -> None:
            for domain, days in (("brief.test", 2), ("long.test", 3650)):
                policy = replace(Policy(), trace=Trace(days=days))
                await tx.policies.put_policy(domain, policy, version=await tx.policies.advance(), now=now)
            rows = [
                Refusal(at=Instant(now - age * DAY), domain=domain, detail=b"{}")
                for age in (40, 20, 3, 1, 0)
                for domain in ("brief.test", "long.test", "")
            ]
            await tx.trails.insert_refusals(rows)

        await store.write(unit)
        await Forgetting(store, clock, keep_ms=30 * DAY, most=1000).run()
        assert await days_left(store, now, "brief.test") == [0, 1]
        assert await days_left(store, now, "long.test") == await days_left(store, now, "") == [0, 1, 3, 20]
        await Forgetting(store, clock, keep_ms=30 * DAY, most=3).run()
        assert [await days_left(store, now, domain) for domain in ("brief.test", "long.test", "")] == [[0], [0], [0]]
