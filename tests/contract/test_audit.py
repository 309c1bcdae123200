"""The chain of changes holds on both engines, whoever writes at the same time and whoever meddles with it later."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from mailstead.ground.model.audit import ORIGIN, Actor, Deed, Head, Sought, Through
from mailstead.ground.model.errors import Conflict
from mailstead.ground.model.ids import Instant
from mailstead.services.accounts.auditing import verify
from mailstead.services.accounts.directory import Directory
from mailstead.store.port import ReadTx, Tx
from tests.support.directory import CountingHasher
from tests.support.fake_clock import FakeClock
from tests.support.stores import AnyStore, Engine

NOW = Instant(1_800_000_000_000)
ANN = Actor("ann@a.test", Through.API, "192.0.2.7")
ROOT = Actor("root", Through.COMMAND)


def deed(number: int, **more: Any) -> Deed:
    facts = {"action": "user.created", "subject": f"u{number}@a.test", "domain": "a.test", "after": {"n": number}}
    return Deed(**(facts | more))


async def put(store: AnyStore, *numbers: int, actor: Actor = ANN) -> None:
    for number in numbers:
        await store.write(lambda tx, number=number: tx.audit.record(actor, deed(number), Instant(NOW + number)))


def directory_of(store: AnyStore) -> Directory:
    return Directory(store=store, hasher=CountingHasher(), clock=FakeClock(), default_domain="a.test")


async def chain(store: AnyStore) -> list[Any]:
    async def unit(tx: ReadTx) -> list[Any]:
        return await tx.audit.read_chain(0)

    return list(await store.read(unit))


async def test_an_entry_is_what_was_told_without_secrets_and_without_what_stayed(engine: Engine) -> None:
    store = await engine.open()
    before, after = {"password": "old", "quota": 1, "role": "user"}, {"password": "new", "quota": 1, "role": "admin"}
    told = deed(1, action="user.changed", before=before, after=after)
    made = await store.write(lambda tx: tx.audit.record(ANN, told, NOW))
    assert (made.number, made.at, made.actor) == (1, NOW, ANN)
    assert made.before == '{"password":"(secret)","role":"user"}'
    assert made.after == '{"password":"(secret)","role":"admin"}'
    assert await chain(store) == [made]
    odd = deed(2, subject="é\u2028", before={"nested": {"secret": "s3", "x": "\ud800"}}, after=None)
    other = await store.write(lambda tx: tx.audit.record(ROOT, odd, NOW))
    assert (other.after, "s3" in other.before) == ("", False)
    assert (await verify(directory_of(store))).fault is None


async def test_entries_are_found_by_all_that_is_said(engine: Engine) -> None:
    store = await engine.open()
    await put(store, 1, 2)
    await put(store, 3, actor=ROOT)
    other = deed(4, action="user_x", domain="b.test", subject="b")
    await store.write(lambda tx: tx.audit.record(ANN, other, Instant(NOW + 4)))

    async def found(before: int | None = None, limit: int = 100, **wish: Any) -> list[int]:
        sought = Sought(**wish)
        entries = await store.read(lambda tx: tx.audit.list_entries(sought, before=before, limit=limit))
        return [entry.number for entry in entries]

    assert await found() == [4, 3, 2, 1]
    assert await found(limit=2) == [4, 3]
    assert await found(before=3) == [2, 1]
    assert await found(who="root") == [3]
    assert await found(action="user") == [3, 2, 1], "a part before the dot, and no other word"
    assert await found(action="user.created", subject="u2@a.test") == [2]
    assert await found(domains=("b.test",)) == [4]
    assert await found(domains=()) == []
    assert await found(since=Instant(NOW + 2), until=Instant(NOW + 4)) == [3, 2]


async def test_writers_at_the_same_time_make_one_chain(engine: Engine) -> None:
    stores = [await engine.open() for _ in range(3)]
    await asyncio.gather(*(put(store, *range(n * 20, n * 20 + 20)) for n, store in enumerate(stores)))
    entries = await chain(stores[0])
    assert [entry.number for entry in entries] == list(range(1, 61))
    assert {entry.subject for entry in entries} == {f"u{n}@a.test" for n in range(60)}
    found = await verify(directory_of(stores[0]))
    assert (found.fault, found.reached) == (None, Head(60, entries[-1].hash))


async def test_a_unit_that_fails_leaves_no_entry(engine: Engine) -> None:
    store = await engine.open()
    await put(store, 1)

    async def fails(tx: Tx) -> None:
        await tx.directory.insert_domain("x.test", now=NOW, default_quota=0)
        await tx.audit.record(ANN, deed(2), NOW)
        raise Conflict("no")

    with pytest.raises(Conflict):
        await store.write(fails)
    await put(store, 3)
    assert [(entry.number, entry.subject) for entry in await chain(store)] == [(1, "u1@a.test"), (2, "u3@a.test")]
    assert await store.read(lambda tx: tx.directory.find_domain("x.test")) is None
    assert (await verify(directory_of(store))).fault is None


async def meddle(engine: Engine, *statements: str) -> None:
    """As somebody does who has the database."""
    if engine.name == "sqlite":
        import apsw

        connection = apsw.Connection(str(Path(engine.where)))
        for statement in statements:
            connection.execute(statement)
        connection.close()
        return
    import psycopg

    async with await psycopg.AsyncConnection.connect(engine.where, autocommit=True) as connection:
        for statement in statements:
            await connection.execute(statement)


@pytest.mark.parametrize(
    ("statements", "broken_at"),
    [
        (["UPDATE audit SET after = '{}' WHERE number = 3"], 3),
        (["UPDATE audit SET at = at + 1 WHERE number = 2"], 2),
        (["UPDATE audit SET who = 'eve' WHERE number = 1"], 1),
        (["UPDATE audit SET address = '' WHERE number = 5"], 5),
        (["DELETE FROM audit WHERE number = 3"], 3),
        (["DELETE FROM audit WHERE number = 5"], 5),
        (["DELETE FROM audit"], 1),
        (["UPDATE audit SET number = -1 WHERE number = 2", "UPDATE audit SET number = 2 WHERE number = 3",
          "UPDATE audit SET number = 3 WHERE number = -1"], 2),
        (["DELETE FROM audit WHERE number = 4", "UPDATE audit SET number = 4 WHERE number = 5",
          "UPDATE audit_head SET number = 4"], 4),
    ],
)  # fmt: skip
async def test_what_was_changed_later_is_found_at_its_place(
    engine: Engine, statements: list[str], broken_at: int
) -> None:
    store = await engine.open()
    await put(store, 1, 2, 3, 4, 5)
    await meddle(engine, *statements)
    found = await verify(directory_of(store))
    assert found.fault is not None
    assert found.fault.number == broken_at


async def test_a_chain_rewritten_whole_is_found_by_a_head_that_was_noted(engine: Engine) -> None:
    store = await engine.open()
    await put(store, 1, 2, 3)
    directory = directory_of(store)
    noted = (await verify(directory)).head
    assert (await verify(directory, noted)).fault is None
    await meddle(
        engine, "DELETE FROM audit WHERE number = 3",
        f"UPDATE audit_head SET number = 2, hash = (SELECT hash FROM audit WHERE number = 2) WHERE hash <> '{ORIGIN}'",
    )  # fmt: skip
    assert (await verify(directory)).fault is None, "it looks whole"
    missing = await verify(directory, noted)
    assert missing.fault is not None
    assert missing.fault.number == 3
    await put(store, 4)
    other = await verify(directory, noted)
    assert other.fault is not None
    assert "noted" in other.fault.what


async def test_every_field_is_sealed(engine: Engine) -> None:
    from mailstead.ground.model.audit import seal

    store = await engine.open()
    await put(store, 1)
    (entry,) = await chain(store)
    changes: list[Callable[[Any], Any]] = [
        lambda e: replace(e, number=2), lambda e: replace(e, at=Instant(1)), lambda e: replace(e, action="x"),
        lambda e: replace(e, subject="x"), lambda e: replace(e, domain="x"), lambda e: replace(e, before="x"),
        lambda e: replace(e, after="x"), lambda e: replace(e, actor=ROOT),
        lambda e: replace(e, actor=replace(ANN, address="x")),
        lambda e: replace(e, actor=replace(ANN, through=Through.IMAP)),
    ]  # fmt: skip
    assert seal(entry, ORIGIN) == entry.hash
    assert len({seal(change(entry), ORIGIN) for change in changes} | {entry.hash}) == len(changes) + 1
