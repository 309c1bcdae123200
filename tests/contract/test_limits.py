"""Blocks and shared counts keep their promises on both engines."""

import asyncio
from dataclasses import replace

from mailstead.ground.model.block import LoginBlock
from mailstead.ground.model.ids import Instant
from mailstead.ground.model.policy import PROFILES, Policy, Profile, Rate, RateLimit
from mailstead.store.port import ReadTx, Tx
from mailstead.store.port.limits import SharedCount
from tests.support.stores import Engine

NOW = Instant(1_800_000_000_000)
LATER = Instant(NOW + 60_000)
BLOCK = LoginBlock(subject="192.0.2.7", domain="a.test", began_at=NOW, until=LATER, failures=5)
NET = replace(BLOCK, subject="192.0.2.0/24", domain="", until=Instant(LATER + 1))


async def test_a_block_holds_for_its_domain_until_it_ends(engine: Engine) -> None:
    here, there = await engine.open(), await engine.open()
    await here.write(lambda tx: tx.limits.put_block(replace(BLOCK, failures=1)))
    await here.write(lambda tx: tx.limits.put_block(BLOCK))
    await here.write(lambda tx: tx.limits.put_block(NET))
    subjects = ("192.0.2.7", "192.0.2.0/24")

    async def find(domain: str, now: Instant) -> LoginBlock | None:
        return await there.read(lambda tx: tx.limits.find_block(subjects, domain, now))

    assert await find("a.test", NOW) == BLOCK
    assert await find("", LATER) == NET
    assert await find("b.test", NOW) is None
    assert await find("a.test", LATER) is None
    assert await there.read(lambda tx: tx.limits.list_blocks(NOW)) == [NET, BLOCK]
    assert await there.read(lambda tx: tx.limits.list_blocks(LATER)) == [NET]


async def test_blocks_are_dropped_at_one_domain_or_at_all(engine: Engine) -> None:
    store = await engine.open()
    for domain in ("a.test", "b.test", "c.test"):
        await store.write(lambda tx, domain=domain: tx.limits.put_block(replace(BLOCK, domain=domain)))
    dropped = await store.write(lambda tx: tx.limits.drop_block(BLOCK.subject, "b.test", NOW))
    assert [block.domain for block in dropped] == ["b.test"]
    assert await store.write(lambda tx: tx.limits.drop_block(BLOCK.subject, "b.test", NOW)) == []
    dropped = await store.write(lambda tx: tx.limits.drop_block(BLOCK.subject, None, NOW))
    assert {block.domain for block in dropped} == {"a.test", "c.test"}


async def test_what_is_over_is_forgotten_in_steps(engine: Engine) -> None:
    store = await engine.open()
    for domain in ("a.test", "b.test"):
        await store.write(lambda tx, domain=domain: tx.limits.put_block(replace(BLOCK, domain=domain)))
    await store.write(lambda tx: tx.limits.put_block(NET))

    async def count(tx: Tx) -> None:
        await tx.limits.write_count("old", replace(await tx.limits.hold_count("old"), version=1), LATER)
        await tx.limits.write_count("new", replace(await tx.limits.hold_count("new"), version=1), Instant(LATER + 1))

    await store.write(count)
    steps = [await store.write(lambda tx: tx.limits.forget(LATER, 1)) for _ in range(3)]
    assert steps == [2, 1, 0]
    assert await store.read(lambda tx: tx.limits.list_blocks(NOW)) == [NET]
    assert (await store.write(lambda tx: tx.limits.hold_count("new"))).version == 1
    assert (await store.write(lambda tx: tx.limits.hold_count("old"))).version == 0


async def test_counts_lose_nothing_beside_each_other(engine: Engine) -> None:
    stores = [await engine.open(), await engine.open()]

    async def one_more(tx: Tx) -> None:
        held = await tx.limits.hold_count("a")
        counts = (sum(held.counts) + 1,)
        await tx.limits.write_count("a", SharedCount(NOW, counts, held.version + 1), LATER)

    await asyncio.gather(*(store.write(one_more) for store in stores * 5))
    assert await stores[0].write(lambda tx: tx.limits.hold_count("a")) == SharedCount(NOW, (10,), 10)


async def test_nodes_are_counted_while_they_are_seen(engine: Engine) -> None:
    store = await engine.open()
    for name, at in (("one", NOW), ("two", LATER), ("one", LATER)):
        await store.write(lambda tx, name=name, at=at: tx.limits.see_node(name, at))
    assert await store.read(lambda tx: tx.limits.count_nodes(LATER)) == 2
    await store.write(lambda tx: tx.limits.see_node("two", Instant(LATER + 90_000_000)))
    assert await store.read(lambda tx: tx.limits.count_nodes(NOW)) == 1


async def test_rates_of_all_domains_come_in_pages(engine: Engine) -> None:
    store = await engine.open()
    mu = PROFILES[Profile.MU]

    async def furnish(tx: Tx) -> None:
        for name in ("c.test", "a.test", "b.test"):
            await tx.directory.insert_domain(name, now=NOW, default_quota=0)
        first = await tx.directory.find_domain("a.test")
        assert first is not None
        await tx.directory.insert_domain("other.test", now=NOW, default_quota=0, alias_of=first.id)
        await tx.policies.put_policy("b.test", mu, version=await tx.policies.advance(), now=NOW)

    await store.write(furnish)

    async def page(tx: ReadTx, after: str) -> list[tuple[str, RateLimit]]:
        return await tx.limits.list_rates(after, 2)

    first = await store.read(lambda tx: page(tx, ""))
    assert first == [("a.test", Policy().rate_limit), ("b.test", mu.rate_limit)]
    assert first[1][1].smtp_per_ip == Rate(10, 60)
    assert await store.read(lambda tx: page(tx, "b.test")) == [("c.test", Policy().rate_limit)]
