"""The rules of units of work, on both engines."""

import asyncio
from typing import Any

import pytest

from mailstead.ground.model.change import Change, ChangeKind, Wake
from mailstead.ground.model.errors import Busy, NotFound, OverQuota
from mailstead.ground.model.ids import AccountId, BlobId, FolderId, MessageId
from mailstead.store.port import Lane, ReadTx, Tx
from mailstead.store.sql.lanes import Bounds
from tests.support.mailboxes import NOW, Mailbox, deliver, file_letter, make_mailbox, rendered
from tests.support.stores import AnyStore, Engine


async def modseq_of(store: AnyStore, mailbox: Mailbox) -> int:
    return await store.read(lambda tx: tx.modseq(mailbox.account))


async def uids_of(store: AnyStore, mailbox: Mailbox) -> list[int]:
    return list(await store.read(lambda tx: tx.placements.uids(mailbox.inbox)))


async def test_a_unit_answers_what_it_returns_and_is_there(store: AnyStore, engine: Engine) -> None:
    mailbox = await make_mailbox(store)
    filed = await deliver(store, mailbox, 1, b"body")
    other = await engine.open()
    assert await uids_of(other, mailbox) == [filed.uid]
    assert await modseq_of(other, mailbox) == filed.modseq


async def test_whoever_has_seen_n_has_seen_all_below_n(store: AnyStore, engine: Engine) -> None:
    """Two workers file into one account at once while readers look: their events never have a gap."""
    other = await engine.open()
    mailbox = await make_mailbox(store)
    start = await modseq_of(store, mailbox)
    done = asyncio.Event()

    async def watch(worker: AnyStore) -> int:
        looks = 0
        while not done.is_set():
            await asyncio.sleep(0)

            async def look(tx: ReadTx) -> tuple[int, list[int]]:
                top = await tx.modseq(mailbox.account)
                return top, [change.modseq for change in await tx.changes(mailbox.account, start)]

            top, seen = await worker.read(look)
            assert seen == list(range(start + 1, top + 1))
            looks += 1
        return looks

    watchers = [asyncio.create_task(watch(worker)) for worker in (store, other)]
    await asyncio.gather(
        *(deliver(worker, mailbox, n * 2 + i, b"%d" % n) for n in range(60) for i, worker in enumerate((store, other)))
    )
    done.set()
    assert all(await asyncio.gather(*watchers))
    assert await modseq_of(store, mailbox) == start + 120
    assert await uids_of(store, mailbox) == list(range(1, 121))


async def test_units_over_several_accounts_in_any_order(store: AnyStore, engine: Engine) -> None:
    """Accounts are locked in ascending id: nobody waits in a ring."""
    other = await engine.open()
    boxes = [await make_mailbox(store, f"user{n}") for n in range(4)]

    async def touch(tx: Tx, accounts: list[AccountId]) -> None:
        modseqs = await tx.advance(*accounts)
        for account, modseq in modseqs.items():
            await tx.change(Change(account, modseq, boxes[0].inbox, ChangeKind.FLAGS), NOW)

    before = [await modseq_of(store, box) for box in boxes]
    orders = [[box.account for box in (boxes if n % 2 else reversed(boxes))] for n in range(40)]
    await asyncio.gather(
        *((store, other)[n % 2].write(lambda tx, order=order: touch(tx, order)) for n, order in enumerate(orders))
    )
    assert [await modseq_of(store, box) for box in boxes] == [n + 40 for n in before]


async def test_a_unit_that_fails_takes_nothing_with_it(store: AnyStore, engine: Engine) -> None:
    mailbox = await make_mailbox(store)
    engine.wakes.clear()

    async def failing(tx: Tx) -> None:
        await file_letter(tx, mailbox, 999, store.blobs.stage_small(b"bad"), rendered())
        raise OverQuota("on purpose")

    results = await asyncio.gather(
        deliver(store, mailbox, 1, b"first"),
        store.write(failing),
        deliver(store, mailbox, 2, b"second"),
        return_exceptions=True,
    )
    assert isinstance(results[1], OverQuota)
    assert sorted(await uids_of(store, mailbox)) == [1, 2]
    assert await store.read(lambda tx: tx.messages.bodies([BlobId(999)])) == {}
    with pytest.raises(NotFound):
        await store.read(lambda tx: tx.messages.get_message(MessageId(999)))
    assert {wake.account_id for batch in engine.wakes for wake in batch} == {mailbox.account}
    assert max(wake.modseq for batch in engine.wakes for wake in batch) == await modseq_of(store, mailbox)


async def test_a_failing_unit_alone(store: AnyStore, engine: Engine) -> None:
    mailbox = await make_mailbox(store)
    engine.wakes.clear()
    before = await modseq_of(store, mailbox)

    async def failing(tx: Tx) -> None:
        modseqs = await tx.advance(mailbox.account)
        await tx.change(Change(mailbox.account, modseqs[mailbox.account], mailbox.inbox, ChangeKind.FLAGS), NOW)
        raise KeyError("a bug")

    with pytest.raises(KeyError):
        await store.write(failing)
    assert await modseq_of(store, mailbox) == before
    assert engine.wakes == []
    await deliver(store, mailbox, 1, b"after it")
    assert await modseq_of(store, mailbox) == before + 1


async def test_an_error_of_the_engine_is_the_callers_alone(store: AnyStore) -> None:
    mailbox = await make_mailbox(store)

    async def failing(tx: Any) -> None:
        await tx.advance(mailbox.account)
        await tx.session.run("INSERT INTO account (id) VALUES (NULL)")

    before = await modseq_of(store, mailbox)
    results = await asyncio.gather(
        deliver(store, mailbox, 1, b"x"), store.write(failing), deliver(store, mailbox, 2, b"y"), return_exceptions=True
    )
    assert isinstance(results[1], Exception)
    assert await modseq_of(store, mailbox) == before + 2


async def test_wakes_come_after_the_commit_and_coalesced(engine: Engine) -> None:
    store = await engine.open()
    mailbox = await make_mailbox(store)
    other = await engine.open()
    engine.wakes.clear()

    async def several(tx: Tx) -> int:
        modseq = 0
        for _ in range(3):
            modseq = (await tx.advance(mailbox.account))[mailbox.account]
            await tx.change(Change(mailbox.account, modseq, mailbox.inbox, ChangeKind.FLAGS), NOW)
        return modseq

    modseq = await store.write(several)
    [[wake]] = engine.wakes
    assert (wake.account_id, wake.modseq) == (mailbox.account, modseq)
    assert [change.modseq for change in wake.changes] == [modseq - 2, modseq - 1, modseq]
    assert await modseq_of(other, mailbox) == modseq


async def test_a_port_that_fails_harms_no_caller(store: AnyStore, monkeypatch: pytest.MonkeyPatch) -> None:
    mailbox = await make_mailbox(store)

    def broken(wakes: list[Wake]) -> None:
        raise RuntimeError("the bus is gone")

    monkeypatch.setattr(getattr(store, "_runner", store), "_on_commit", broken)
    filed = await deliver(store, mailbox, 1, b"x")
    assert await uids_of(store, mailbox) == [filed.uid]


async def test_a_caller_cancelled_before_its_turn_removes_its_unit(engine: Engine) -> None:
    store = await engine.open(**({"pool_size": 1} if engine.name == "postgres" else {}))
    mailbox = await make_mailbox(store)
    before = await modseq_of(store, mailbox)
    ran: list[int] = []
    go_on = asyncio.Event()

    async def unit(tx: Tx) -> None:
        ran.append(1)
        await tx.advance(mailbox.account)

    async def holding_the_only_connection(tx: Tx) -> None:
        await go_on.wait()

    holder = asyncio.create_task(store.write(holding_the_only_connection)) if engine.name == "postgres" else None
    tasks = [asyncio.create_task(store.write(unit)) for _ in range(2)]
    tasks[0].cancel()  # before it took its first step
    await asyncio.sleep(0)
    tasks[1].cancel()  # while its unit waits
    results = await asyncio.gather(*tasks, return_exceptions=True)
    assert all(isinstance(result, asyncio.CancelledError) for result in results)
    go_on.set()
    if holder is not None:
        await holder
    await deliver(store, mailbox, 1, b"x")
    assert ran == []
    assert await modseq_of(store, mailbox) == before + 1


async def test_once_it_runs_a_unit_runs_to_its_end(engine: Engine) -> None:
    """On SQLite nothing can come between; on PostgreSQL the caller goes and its unit stays."""
    store = await engine.open()
    mailbox = await make_mailbox(store)
    before = await modseq_of(store, mailbox)
    tasks: list[asyncio.Task[None]] = []
    ended = asyncio.Event()

    async def unit(tx: Tx) -> None:
        tasks[0].cancel()
        await tx.advance(mailbox.account)
        ended.set()

    tasks.append(asyncio.create_task(store.write(unit)))
    with pytest.raises(asyncio.CancelledError):
        await tasks[0]
    await asyncio.wait_for(ended.wait(), 5)
    await store.close()
    other = await engine.open()
    assert await modseq_of(other, mailbox) == before + 1


async def test_a_full_queue_answers_busy_at_once(engine: Engine) -> None:
    store = await engine.open(bounds=Bounds(units=10, octets=1000))
    mailbox = await make_mailbox(store)

    async def unit(tx: Tx) -> None:
        await tx.advance(mailbox.account)

    results = await asyncio.gather(*(store.write(unit) for _ in range(15)), return_exceptions=True)
    assert sum(isinstance(result, Busy) for result in results) == 5
    assert sum(result is None for result in results) == 10
    results = await asyncio.gather(*(store.write(unit, size=400) for _ in range(4)), return_exceptions=True)
    assert sum(isinstance(result, Busy) for result in results) == 2
    assert await store.write(unit, size=1_000_000) is None  # alone it may be of any size


async def test_lanes_are_bounded_apart(engine: Engine) -> None:
    store = await engine.open(bounds=Bounds(units=3))
    mailbox = await make_mailbox(store)

    async def unit(tx: Tx) -> None:
        await tx.advance(mailbox.account)

    bulk = [store.write(unit, lane=Lane.BULK) for _ in range(5)]
    interactive = [store.write(unit) for _ in range(3)]
    results = await asyncio.gather(*bulk, *interactive, return_exceptions=True)
    assert [isinstance(result, Busy) for result in results] == [False] * 3 + [True] * 2 + [False] * 3


async def test_reads_see_one_view(store: AnyStore, engine: Engine) -> None:
    mailbox = await make_mailbox(store)
    other = await engine.open()
    filed = await deliver(store, mailbox, 1, b"x")

    async def look(tx: ReadTx) -> tuple[int, int, int]:
        folder = await tx.folders.get_folder(mailbox.inbox)
        return folder.messages, len(await tx.placements.uids(mailbox.inbox)), await tx.modseq(mailbox.account)

    assert await other.read(look) == (1, 1, filed.modseq)


async def test_reads_write_nothing(store: AnyStore) -> None:
    mailbox = await make_mailbox(store)

    async def sneaky(tx: Any) -> None:
        await tx.session.run("UPDATE account SET modseq = 77 WHERE id = :id", {"id": mailbox.account})

    before = await modseq_of(store, mailbox)
    with pytest.raises(Exception):  # noqa: B017 - each engine has its own
        await store.read(sneaky)
    assert await modseq_of(store, mailbox) == before


async def test_a_failing_read_leaves_the_next_one_alone(store: AnyStore) -> None:
    mailbox = await make_mailbox(store)
    with pytest.raises(NotFound):
        await store.read(lambda tx: tx.folders.get_folder(FolderId(12345)))
    assert await uids_of(store, mailbox) == []


async def test_closing_finishes_what_waits_and_takes_no_more(engine: Engine) -> None:
    store = await engine.open()
    mailbox = await make_mailbox(store)
    waiting = [asyncio.create_task(deliver(store, mailbox, n, b"%d" % n)) for n in range(1, 21)]
    await asyncio.sleep(0)
    await store.close()
    assert len(await asyncio.gather(*waiting)) == 20
    with pytest.raises(Busy):
        await deliver(store, mailbox, 99, b"late")
    with pytest.raises(Busy):
        await uids_of(store, mailbox)
    other = await engine.open()
    assert len(await uids_of(other, mailbox)) == 20


async def test_known_bytes_keep_their_first_blob(store: AnyStore, engine: Engine) -> None:
    mailbox = await make_mailbox(store)
    ids = []
    for number in (1, 2):
        writer = store.blobs.stage()
        writer.write(b"0123456789" * 60_000)
        staged = await writer.finish()
        ids.append(staged.id)
        assert staged.data is None
        await store.write(lambda tx, number=number, staged=staged: file_letter(tx, mailbox, number, staged, rendered()))
    for number in (1, 2):
        message = await store.read(lambda tx, number=number: tx.messages.get_message(MessageId(number)))
        assert message.blob_id == ids[0]
    files = [path.name for path in (engine.folder / "blobs").rglob("*.zst")]
    assert files == [f"{ids[0]:016x}.zst"]
    reader = await store.blobs.open(ids[0])
    assert await reader.read(599_990, 100) == b"0123456789"
