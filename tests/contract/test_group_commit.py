"""SQLite alone: what the group of a turn does when the engine itself fails, and when another worker holds the lock."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import apsw
import pytest

from mailstead.ground.model.errors import Busy, NoSpace
from mailstead.store.port import Lane, Tx
from mailstead.store.sql.lanes import Bounds
from mailstead.store.sql.lock import ProcessLock, lock_path
from mailstead.store.sql.sqlite import SqliteStore
from tests.contract.test_units import modseq_of, uids_of
from tests.support.mailboxes import deliver, file_letter, make_mailbox, rendered
from tests.support.stores import Engine, sqlite_engine


@pytest.fixture
async def engine(tmp_path: Path) -> AsyncIterator[Engine]:
    async with sqlite_engine(tmp_path) as made:
        yield made


def count_commits(store: Any) -> list[str]:
    commits: list[str] = []
    store._writer.set_commit_hook(lambda: bool(commits.append("commit")))
    return commits


async def test_the_units_of_one_turn_share_one_commit(engine: Engine) -> None:
    store = await engine.open()
    mailbox = await make_mailbox(store)
    commits = count_commits(store)
    await asyncio.gather(*(deliver(store, mailbox, n, b"%d" % n) for n in range(1, 11)))
    assert len(commits) == 1
    assert await uids_of(store, mailbox) == list(range(1, 11))


async def test_a_group_has_bounds(engine: Engine) -> None:
    store = await engine.open(bounds=Bounds(group_units=10, group_octets=1000, group_seconds=60))
    mailbox = await make_mailbox(store)
    commits = count_commits(store)

    async def touch(tx: Tx) -> None:
        await tx.advance(mailbox.account)

    await asyncio.gather(*(store.write(touch) for _ in range(35)))
    assert len(commits) == 4
    await asyncio.gather(*(store.write(touch, size=400) for _ in range(9)))
    assert len(commits) == 7


async def test_interactive_units_go_first_and_bulk_ones_do_not_starve(engine: Engine) -> None:
    store = await engine.open(bounds=Bounds(group_units=1))
    mailbox = await make_mailbox(store)
    order: list[str] = []

    async def touch(tx: Tx, name: str) -> None:
        order.append(name)
        await tx.advance(mailbox.account)

    bulk = [store.write(lambda tx: touch(tx, "b"), lane=Lane.BULK) for _ in range(2)]
    interactive = [store.write(lambda tx: touch(tx, "i")) for _ in range(10)]
    await asyncio.gather(*bulk, *interactive)
    assert "".join(order) == "iiiibiiiibii"


@pytest.mark.parametrize("kind", [apsw.FullError, apsw.IOError, apsw.InterruptError])
async def test_a_group_rolled_back_runs_again_one_by_one(engine: Engine, kind: type[Exception]) -> None:
    """The engine ends the whole transaction in the middle: the others are done all the same, each by itself."""
    store = await engine.open()
    mailbox = await make_mailbox(store)
    commits = count_commits(store)
    runs: list[str] = []

    async def unlucky(tx: Any) -> None:
        runs.append("unlucky")
        await file_letter(tx, mailbox, 77, store.blobs.stage_small(b"unlucky"), rendered())
        await tx.session.run("ROLLBACK")  # as SQLite does by itself then
        raise kind("on purpose")

    results = await asyncio.gather(
        deliver(store, mailbox, 1, b"a"),
        store.write(unlucky, incoming=True),
        deliver(store, mailbox, 2, b"b"),
        return_exceptions=True,
    )
    assert isinstance(results[1], kind if kind is apsw.InterruptError else NoSpace)
    assert runs == ["unlucky", "unlucky"]
    assert len(commits) == 2
    assert await uids_of(store, mailbox) == [1, 2]
    assert [results[0].uid, results[2].uid] == [1, 2]  # type: ignore[union-attr]
    wakes = [wake.modseq for batch in engine.wakes for wake in batch]
    assert wakes == [await modseq_of(store, mailbox) - 1, await modseq_of(store, mailbox)]


async def test_a_commit_that_fails_is_told_to_nobody_as_done(engine: Engine) -> None:
    store = await engine.open()
    mailbox = await make_mailbox(store)
    before = await modseq_of(store, mailbox)
    engine.wakes.clear()
    refusals = iter([True, False, True])
    store._writer.set_commit_hook(lambda: next(refusals))  # type: ignore[union-attr]
    results = await asyncio.gather(
        deliver(store, mailbox, 1, b"a"), deliver(store, mailbox, 2, b"b"), return_exceptions=True
    )
    assert [type(result).__name__ for result in results] == ["Filed", "ConstraintError"]
    store._writer.set_commit_hook(None)  # type: ignore[union-attr]
    assert await uids_of(store, mailbox) == [1]
    assert [wake.modseq for batch in engine.wakes for wake in batch] == [before + 1]


async def test_a_unit_that_awaits_something_foreign_is_refused(engine: Engine) -> None:
    store = await engine.open()
    mailbox = await make_mailbox(store)

    async def foreign(tx: Tx) -> None:
        await tx.advance(mailbox.account)
        await asyncio.sleep(0)

    before = await modseq_of(store, mailbox)
    with pytest.raises(RuntimeError, match="awaited something other"):
        await store.write(foreign)
    assert await modseq_of(store, mailbox) == before


async def test_busy_when_another_holds_the_lock_past_the_deadline_and_readers_are_served(engine: Engine) -> None:
    store = await engine.open(bounds=Bounds(wait_seconds=0.3))
    assert isinstance(store, SqliteStore)
    mailbox = await make_mailbox(store)
    lock = ProcessLock(lock_path(Path(engine.where)))
    assert lock.take(1)
    waiting = asyncio.create_task(deliver(store, mailbox, 1, b"x"))
    reads = 0
    while not waiting.done():
        assert await uids_of(store, mailbox) == []
        reads += 1
        await asyncio.sleep(0)
    with pytest.raises(Busy):
        await waiting
    assert reads > 10
    late = asyncio.create_task(deliver(store, mailbox, 2, b"y"))
    await asyncio.sleep(0)
    lock.give_back()
    assert (await late).uid == 1
    lock.close()


async def test_another_program_that_writes_for_a_while_is_waited_for(engine: Engine) -> None:
    """It knows nothing of our lock."""
    store = await engine.open()
    mailbox = await make_mailbox(store)
    stranger = apsw.Connection(engine.where)
    stranger.execute("BEGIN IMMEDIATE")
    waiting = asyncio.create_task(deliver(store, mailbox, 1, b"x"))
    for _ in range(3):
        await asyncio.sleep(0.01)
        assert await uids_of(store, mailbox) == []
    assert not waiting.done()
    stranger.execute("ROLLBACK")
    assert (await waiting).uid == 1
    stranger.close()


async def test_a_lock_that_comes_back_in_time(engine: Engine) -> None:
    store = await engine.open()
    mailbox = await make_mailbox(store)
    lock = ProcessLock(lock_path(Path(engine.where)))
    assert lock.take(1)
    asyncio.get_running_loop().call_later(0.2, lock.give_back)
    filed = await asyncio.gather(*(deliver(store, mailbox, n, b"%d" % n) for n in range(5)))
    assert [one.uid for one in filed] == [1, 2, 3, 4, 5]
    lock.close()


async def test_mail_waits_below_the_reserve_while_flags_go_on(engine: Engine) -> None:
    store = await engine.open(reserve=1 << 60)
    mailbox = await make_mailbox(store)
    assert not store.has_room()
    with pytest.raises(NoSpace):
        await deliver(store, mailbox, 1, b"x")

    async def touch(tx: Tx) -> None:
        await tx.advance(mailbox.account)

    await store.write(touch)


async def test_the_last_to_close_leaves_no_log(engine: Engine) -> None:
    one, two = await engine.open(), await engine.open()
    mailbox = await make_mailbox(one)
    await asyncio.gather(*(deliver(worker, mailbox, n, b"%d" % n) for n, worker in enumerate((one, two))))
    assert isinstance(two, SqliteStore)
    assert two.wal_size() > 0
    await one.close()
    await uids_of(two, mailbox)
    await two.close()
    assert not Path(f"{engine.where}-wal").exists()
    assert len(await uids_of(await engine.open(), mailbox)) == 2


async def test_a_checkpoint_loses_nothing_and_a_long_log_starts_anew(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = await engine.open()
    assert isinstance(store, SqliteStore)
    mailbox = await make_mailbox(store)
    await deliver(store, mailbox, 1, b"x")
    await store.checkpoint()
    monkeypatch.setattr("mailstead.store.sql.sqlite.RESTART_PAST", 0)
    monkeypatch.setattr("mailstead.store.sql.sqlite.TRUNCATE_PAST", 0)
    await deliver(store, mailbox, 2, b"y")
    await store.checkpoint()
    assert store.wal_size() == 0
    await deliver(store, mailbox, 3, b"z")
    assert await uids_of(store, mailbox) == [1, 2, 3]


async def test_patient_units_wait_for_company_and_any_other_takes_them_along(engine: Engine) -> None:
    store = await engine.open()
    mailbox = await make_mailbox(store)

    async def touch(tx: Tx) -> None:
        await tx.advance(mailbox.account)

    await asyncio.gather(*(store.write(touch, patient=True) for _ in range(2)))  # there is company to be had
    commits = count_commits(store)
    first = asyncio.ensure_future(store.write(touch, patient=True))
    for _ in range(20):
        await asyncio.sleep(0)  # turns of the loop that a unit in a hurry would not have needed
    assert commits == []
    second = asyncio.ensure_future(store.write(touch, patient=True))
    await store.write(touch)
    assert len(commits) == 1
    await asyncio.gather(first, second)
    assert len(commits) == 1


async def test_a_patient_unit_alone_does_not_wait(engine: Engine) -> None:
    store = await engine.open()
    mailbox = await make_mailbox(store)
    commits = count_commits(store)

    async def touch(tx: Tx) -> None:
        await tx.advance(mailbox.account)

    waiting = asyncio.ensure_future(store.write(touch, patient=True))
    for _ in range(3):
        await asyncio.sleep(0)
    assert waiting.done()
    assert len(commits) == 1
