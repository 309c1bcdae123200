"""Both lists keep their promises on both engines."""

import asyncio
from dataclasses import replace

import pytest

from mailstead.ground.model.address import Address
from mailstead.ground.model.blocks import Entry, Side, keys_of
from mailstead.ground.model.errors import LimitReached, NotFound
from mailstead.ground.model.ids import Instant
from mailstead.services.blocks.blocks import Blocks
from mailstead.store.port import ReadTx, Tx
from mailstead.store.sql import blocks as sql
from tests.support.fake_clock import FakeClock
from tests.support.stores import AnyStore, Engine

NOW = Instant(1_800_000_000_000)
EVE = Address("eve", "bad.test")
ENTRY = Entry(side=Side.BLOCK, pattern="eve@bad.test", reason="spam", who="ada", added_at=NOW)


async def put(store: AnyStore, *entries: Entry) -> int:
    async def unit(tx: Tx) -> int:
        mark = await tx.blocks.advance()
        for entry in entries:
            await tx.blocks.put_entry(entry)
        return mark

    return await store.write(unit)


async def drop(store: AnyStore, entry: Entry) -> Entry:
    async def unit(tx: Tx) -> Entry:
        await tx.blocks.advance()
        return await tx.blocks.delete_entry(entry.side, entry.scope, entry.pattern)

    return await store.write(unit)


async def everything(store: AnyStore, side: Side = Side.BLOCK, scope: str | None = None) -> list[Entry]:
    async def unit(tx: ReadTx) -> list[Entry]:
        return await tx.blocks.list_entries(side, scope=scope)

    return await store.read(unit)


async def test_an_entry_is_what_was_put(store: AnyStore) -> None:
    ends = replace(ENTRY, pattern="192.0.2.0/24", expires_at=Instant(NOW + 5))
    allow = replace(ENTRY, side=Side.ALLOW)
    local = replace(ENTRY, scope="a.test")
    assert await put(store, ENTRY, ends, allow, local) == 1
    assert await everything(store) == [ends, ENTRY, local]
    assert await everything(store, scope="a.test") == [local]
    assert await everything(store, Side.ALLOW) == [allow]
    found = await store.read(lambda tx: tx.blocks.find(keys_of("192.0.2.9", EVE)))
    assert sorted(found, key=str) == sorted([ENTRY, ends, allow, local], key=str)
    renewed = replace(ENTRY, reason="more spam", expires_at=Instant(NOW + 9))
    assert await put(store, renewed) == 2
    assert await everything(store, scope="") == [ends, renewed]
    assert await drop(store, ENTRY) == renewed
    with pytest.raises(NotFound, match="not on the block list"):
        await drop(store, ENTRY)
    assert await store.read(lambda tx: tx.blocks.mark()) == 3


async def test_pages_go_on_where_the_last_one_ended(store: AnyStore) -> None:
    entries = [
        replace(ENTRY, pattern=f"u{n}@bad.test", scope=scope) for scope in ("", "a.test", "b.test") for n in range(3)
    ]
    await put(store, *entries)
    seen: list[Entry] = []
    while True:
        after = (seen[-1].scope, seen[-1].pattern) if seen else ("", "")
        page = await store.read(lambda tx, after=after: tx.blocks.list_entries(Side.BLOCK, after=after, limit=2))
        if not page:
            break
        seen += page
    assert seen == entries


async def test_what_has_run_out_is_dropped_in_steps(store: AnyStore) -> None:
    await put(store, ENTRY, *(replace(ENTRY, pattern=f"u{n}@bad.test", expires_at=Instant(NOW + n)) for n in range(5)))

    async def forget() -> int:
        return await store.write(lambda tx: tx.blocks.forget_entries(now=Instant(NOW + 3), limit=3))

    assert [await forget() for _ in range(3)] == [3, 1, 0]
    assert [entry.pattern for entry in await everything(store)] == ["eve@bad.test", "u4@bad.test"]


async def test_there_is_a_bound_and_what_goes_makes_room(store: AnyStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sql, "ENTRIES_MAX", 2)
    other, third = replace(ENTRY, pattern="a@bad.test"), replace(ENTRY, pattern="b@bad.test")
    await put(store, ENTRY, other)
    await put(store, replace(ENTRY, reason="again"))
    with pytest.raises(LimitReached):
        await put(store, third)
    assert len(await everything(store)) == 2
    await drop(store, other)
    await put(store, third)


async def test_entries_of_a_domain_go_with_it(store: AnyStore) -> None:
    domain = await store.write(lambda tx: tx.directory.insert_domain("a.test", now=NOW, default_quota=0))
    await put(store, ENTRY, replace(ENTRY, scope="a.test"), replace(ENTRY, scope="a.test", side=Side.ALLOW))
    before = await store.read(lambda tx: tx.blocks.mark())
    await store.write(lambda tx: tx.directory.delete_domain(domain.id))
    assert await everything(store) == [ENTRY]
    assert await everything(store, Side.ALLOW) == []
    assert await store.read(lambda tx: tx.blocks.mark()) > before


async def test_another_node_knows_with_its_next_question(engine: Engine) -> None:
    here, there = await engine.open(), await engine.open()
    clock = FakeClock()
    blocks = Blocks(there, clock)
    assert not await blocks.is_blocked("192.0.2.9", EVE)
    await put(here, ENTRY)
    assert await blocks.is_blocked("192.0.2.9", EVE)
    assert not await blocks.is_blocked("192.0.2.9")
    await put(here, replace(ENTRY, side=Side.ALLOW, pattern="192.0.2.0/24", scope="a.test"))
    assert await blocks.is_blocked("192.0.2.9", EVE)
    assert not await blocks.is_blocked("192.0.2.9", EVE, domain="a.test")
    assert await blocks.is_allowed("192.0.2.9", domain="a.test")
    await drop(here, ENTRY)
    assert not await blocks.is_blocked("192.0.2.9", EVE)


async def test_those_who_change_at_once_all_count(store: AnyStore) -> None:
    marks = await asyncio.gather(*(put(store, replace(ENTRY, pattern=f"u{n}@bad.test")) for n in range(10)))
    assert sorted(marks) == list(range(1, 11))
    assert len(await everything(store)) == 10


async def test_a_long_list_is_found_in_by_its_key(engine: Engine) -> None:
    """Not one step more for 3,000 entries than for none: neither engine reads a whole table."""
    store = await engine.open()
    await put(store, *(replace(ENTRY, pattern=f"u{n}@bad.test") for n in range(3000)))
    if engine.name == "sqlite":
        import apsw

        plan = apsw.Connection(engine.where).execute(
            "EXPLAIN QUERY PLAN " + sql.FIND.replace("{in_words}", "IN (SELECT value FROM json_each(:words))"),
            {"words": "[]"},
        )
        assert any("SEARCH block_entry USING PRIMARY KEY (looked_up=?)" in row[-1] for row in plan)
    assert await store.read(lambda tx: tx.blocks.find(keys_of("192.0.2.9", Address("u7", "bad.test")))) == [
        replace(ENTRY, pattern="u7@bad.test")
    ]
