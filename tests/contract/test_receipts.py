"""A request under a key is done once, on both engines, however many come at once."""

import asyncio

import pytest

from mailstead.ground.model.errors import Conflict
from mailstead.ground.model.ids import Instant
from mailstead.store.port import Tx
from mailstead.store.port.receipts import Receipt
from tests.support.stores import AnyStore, Engine

NOW = Instant(1_800_000_000_000)


async def claim(
    store: AnyStore, key: str, digest: str = "d", *, who: str = "ann", now: Instant = NOW
) -> Receipt | None:
    """As the API does: claim, do it, keep the answer."""

    async def unit(tx: Tx) -> Receipt | None:
        found = await tx.receipts.claim(who, key, digest, now)
        if found is None:
            await tx.receipts.keep(who, key, 201, f"answer to {key}")
        return found

    return await store.write(unit)


async def test_the_second_finds_what_the_first_was_answered(engine: Engine) -> None:
    store = await engine.open()
    assert await claim(store, "k") is None
    assert await claim(store, "k", "other") == Receipt("d", 201, "answer to k")
    assert await claim(store, "k", who="bob") is None, "a key is its owner's"


async def test_of_many_at_once_one_is_done(engine: Engine) -> None:
    stores = [await engine.open() for _ in range(3)]
    found = await asyncio.gather(*(claim(stores[n % 3], "k") for n in range(12)))
    assert sorted(map(str, found)) == sorted([str(None), *[str(Receipt("d", 201, "answer to k"))] * 11])


async def test_what_failed_is_free_again(engine: Engine) -> None:
    store = await engine.open()

    async def fails(tx: Tx) -> None:
        await tx.receipts.claim("ann", "k", "d", NOW)
        raise Conflict("no")

    with pytest.raises(Conflict):
        await store.write(fails)
    assert await claim(store, "k", "another request") is None


async def test_old_ones_are_forgotten_a_few_at_a_time(engine: Engine) -> None:
    store = await engine.open()
    for number in range(25):
        await claim(store, f"k{number}", now=Instant(NOW + number))
    await store.write(lambda tx: tx.receipts.forget(Instant(NOW + 24)))
    assert await claim(store, "k19") is None, "forgotten"
    assert await claim(store, "k20") is not None, "at the next turn"
    await store.write(lambda tx: tx.receipts.forget(Instant(NOW + 24)))
    assert await claim(store, "k23") is None
    assert await claim(store, "k24") is not None, "not old enough"
