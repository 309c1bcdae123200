"""Events: in order, never cut inside one modseq, forgotten with a mark."""

import asyncio
from typing import Any

import pytest

from mailstead.ground.model.change import Change, ChangeKind
from mailstead.ground.model.errors import NotFound
from mailstead.ground.model.ids import AccountId, FolderId, Instant, ModSeq
from mailstead.ground.model.uidset import UidSet
from tests.support.mailbox import NOW, SEEN, Mailbox, make_mailbox
from tests.support.stores import AnyStore, Engine


@pytest.fixture
async def box(store: AnyStore) -> Mailbox:
    return await make_mailbox(store)


async def changes(box: Mailbox, after: int = 0, limit: int = 1000) -> list[Change]:
    return await box.store.read(lambda tx: tx.changes(box.account, ModSeq(after), limit))


async def oldest(box: Mailbox) -> int:
    return await box.store.read(lambda tx: tx.oldest_change(box.account))


async def forget(store: AnyStore, before: int, limit: int = 500) -> int:
    return await store.write(lambda tx: tx.duties.forget_changes(before=Instant(before), limit=limit))


async def test_advance_gives_one_more_each_time(store: AnyStore, box: Mailbox) -> None:
    other = await make_mailbox(store, "bob@example.test")
    accounts = (other.account, box.account, other.account)
    first = await store.write(lambda tx: tx.advance(*accounts))
    assert first == {box.account: 2, other.account: 2}
    assert await store.write(lambda tx: tx.advance(box.account)) == {box.account: 3}
    assert await box.store.read(lambda tx: tx.modseq(box.account)) == 3
    with pytest.raises(NotFound):
        await store.write(lambda tx: tx.advance(box.account, AccountId(99_999)))
    assert await box.store.read(lambda tx: tx.modseq(box.account)) == 3
    for call in (lambda tx: tx.modseq(AccountId(99_999)), lambda tx: tx.oldest_change(AccountId(99_999))):
        with pytest.raises(NotFound):
            await store.read(call)


async def test_events_come_in_order(box: Mailbox) -> None:
    inbox = box.folders["INBOX"]
    await box.append(inbox)
    await box.store_flags(inbox, UidSet.of([1]), *_seen())
    await box.expunge(inbox, UidSet.of([1]))
    one = UidSet.of([1])
    assert await changes(box) == [
        Change(box.account, ModSeq(2), inbox, ChangeKind.APPENDED, one),
        Change(box.account, ModSeq(3), inbox, ChangeKind.FLAGS, one),
        Change(box.account, ModSeq(4), inbox, ChangeKind.EXPUNGED, one),
    ]
    assert [change.modseq for change in await changes(box, after=3)] == [4]
    assert await changes(box, after=4) == []


def _seen() -> tuple[Any, Any]:
    from mailstead.ground.model.flags import FlagOp

    return FlagOp.ADD, SEEN


async def test_one_modseq_is_never_cut(box: Mailbox) -> None:
    sets = [UidSet(((1, 3), (7, 7))), UidSet(), UidSet.of([9])]

    async def step(tx: Any, modseq: ModSeq) -> None:
        for number, uids in enumerate(sets):
            await tx.change(Change(box.account, modseq, FolderId(number), ChangeKind.FLAGS, uids), NOW)

    for _ in range(2):
        await box.advanced(step)
    found = await changes(box, limit=2)
    assert [(change.folder_id, change.uids) for change in found] == list(enumerate(sets))
    assert len(await changes(box, limit=4)) == 6
    assert len(await changes(box, after=found[-1].modseq, limit=1)) == 3


async def test_a_unit_sees_its_own(box: Mailbox) -> None:
    async def step(tx: Any, modseq: ModSeq) -> list[Change]:
        await tx.change(Change(box.account, modseq, FolderId(1), ChangeKind.FOLDER_CREATED), NOW)
        return list(await tx.changes(box.account, modseq - 1))

    assert len(await box.advanced(step)) == 1


async def test_wakes_follow_the_commit(engine: Engine, box: Mailbox) -> None:
    engine.wakes.clear()
    await box.append(box.folders["INBOX"])
    wakes = [wake for group in engine.wakes for wake in group]
    assert [(wake.account_id, wake.modseq) for wake in wakes] == [(box.account, 2)]


async def test_whoever_has_seen_n_has_seen_all_below(box: Mailbox) -> None:
    """Writers at once and a reader between them: no event ever appears behind one that was read before."""
    inbox, seen = box.folders["INBOX"], 1
    writers = [asyncio.create_task(box.append(inbox)) for _ in range(40)]
    read: list[int] = []
    while not all(writer.done() for writer in writers):
        found = await changes(box, after=seen)
        read += [change.modseq for change in found]
        seen = read[-1] if read else seen
        await asyncio.sleep(0)
    await asyncio.gather(*writers)
    read += [change.modseq for change in await changes(box, after=seen)]
    assert read == list(range(2, 42))


async def test_forgetting_leaves_a_mark(box: Mailbox) -> None:
    inbox = box.folders["INBOX"]
    for _ in range(6):
        await box.append(inbox)  # modseq 2 at NOW, 3 a second later, ...
    assert await oldest(box) == 0
    while await forget(box.store, NOW + 2500, limit=2):
        pass
    assert await oldest(box) == 4
    assert [change.modseq for change in await changes(box)] == [5, 6, 7]
    assert await forget(box.store, NOW + 2500) == 0
    while await forget(box.store, NOW + 100_000):
        pass
    assert await changes(box) == []
    assert await oldest(box) == 7


async def test_forgetting_goes_through_all_accounts(store: AnyStore) -> None:
    boxes = [await make_mailbox(store, f"user{number}@example.test") for number in range(25)]
    for box in boxes:
        await box.append(box.folders["INBOX"])
    steps = 0
    while await forget(store, NOW + 1):
        steps += 1
    assert 2 <= steps < 10
    for box in boxes:
        assert await oldest(box) == 2
    assert await forget(store, NOW) == 0
