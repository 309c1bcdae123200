"""Rows of blobs: one for each content, marked when unused, reaped after their time."""

import asyncio
from typing import Any

import pytest

from mailstead.ground.model.ids import BlobId, Instant
from mailstead.ground.model.uidset import UidSet
from mailstead.store.port.blobs import StagedBlob
from mailstead.store.port.duties import Reaped
from mailstead.store.port.messages import Load
from mailstead.store.sql.check import Finding, check
from tests.support.mailbox import NOW, Mailbox, make_mailbox, staged
from tests.support.spooled import letter, recipient
from tests.support.stores import AnyStore

LATER = Instant(NOW + 1_000_000_000)


@pytest.fixture
async def box(store: AnyStore) -> Mailbox:
    return await make_mailbox(store)


async def put(store: AnyStore, blob: StagedBlob) -> tuple[BlobId, bool]:
    return await store.write(lambda tx: tx.blobs.put(blob))


async def reap(store: AnyStore, unused_since: Instant = LATER, limit: int = 100) -> Reaped:
    return await store.write(lambda tx: tx.duties.reap_blobs(unused_since=unused_since, limit=limit))


async def blob_of(box: Mailbox, uid: int) -> BlobId:
    rows = await box.store.read(lambda tx: tx.messages.fetch(box.folders["INBOX"], uid, uid, Load.MESSAGE))
    return BlobId(rows[0].blob_id)


async def is_there(store: AnyStore, blob: BlobId) -> bool:
    return bool(await store.read(lambda tx: tx.messages.bodies([blob])))


async def test_known_bytes_keep_their_first_id(store: AnyStore) -> None:
    assert await put(store, staged(1, b"a")) == (1, True)
    assert await put(store, staged(2, b"a")) == (1, False)
    assert await put(store, staged(3, b"b")) == (3, True)
    assert await store.read(lambda tx: tx.messages.bodies([BlobId(1), BlobId(2), BlobId(3)])) == {1: b"a", 3: b"b"}


async def test_the_file_of_a_double_is_discarded(store: AnyStore, monkeypatch: pytest.MonkeyPatch) -> None:
    discarded: list[BlobId] = []
    monkeypatch.setattr(store.blobs, "discard", discarded.append)
    for identity in (1, 2):
        await put(store, staged(identity, b"large", is_file=True))
    assert discarded == [2]

    async def fails(tx: Any) -> None:
        await tx.blobs.put(staged(3, b"large", is_file=True))
        raise ValueError("after all")

    with pytest.raises(ValueError, match="after all"):
        await store.write(fails)
    assert discarded == [2]


async def test_two_letters_share_a_blob_until_both_are_gone(box: Mailbox) -> None:
    inbox = box.folders["INBOX"]
    await box.append(inbox, b"same")
    await box.append(inbox, b"same")
    blob = await blob_of(box, 1)
    assert await blob_of(box, 2) == blob
    await box.expunge(inbox, UidSet.of([1]))
    assert await reap(box.store) == Reaped(0, [])
    await box.expunge(inbox, UidSet.of([2]))
    assert await is_there(box.store, blob)
    assert await reap(box.store, NOW) == Reaped(0, [])  # its time has not come
    assert await reap(box.store) == Reaped(1, [])
    assert not await is_there(box.store, blob)
    assert await reap(box.store) == Reaped(0, [])


async def test_bytes_that_come_back_are_kept(box: Mailbox) -> None:
    inbox = box.folders["INBOX"]
    await box.append(inbox, b"same")
    blob = await blob_of(box, 1)
    await box.expunge(inbox, UidSet.of([1]))
    assert await box.append(inbox, b"same") == 2
    assert await blob_of(box, 2) == blob
    assert await reap(box.store) == Reaped(0, [])
    assert await is_there(box.store, blob)
    rows = await box.store.read(lambda tx: tx.messages.fetch(inbox, 2, 2, Load.ENVELOPE))
    assert rows[0].envelope == b"ENV same"


async def test_a_blob_in_use_is_not_reaped_though_marked(box: Mailbox) -> None:
    """A mark is a hint: reaping looks again."""
    from mailstead.store.sql.blobs import MARK

    mark = MARK.replace("AND NOT EXISTS (SELECT 1 FROM message m WHERE m.blob_id = b.id)", "")
    await box.append(box.folders["INBOX"], b"kept")
    blob = await blob_of(box, 1)

    async def unit(tx: Any) -> int:
        return int(await tx.session.run(tx.session.dialect.fill(mark), {"ids": str([blob]), "now": NOW}))

    assert await box.store.write(unit) == 1
    assert await reap(box.store) == Reaped(1, [])
    assert await is_there(box.store, blob)
    assert await reap(box.store) == Reaped(0, [])


async def test_files_are_named_and_steps_are_small(box: Mailbox) -> None:
    inbox, blobs = box.folders["INBOX"], []
    for number in range(5):
        uid = await box.append(inbox, b"%d" % number, is_file=number % 2 == 0)
        blobs.append(await blob_of(box, uid))
    await box.expunge(inbox, UidSet(((1, 5),)))
    first, second, third = [await reap(box.store, limit=3) for _ in range(3)]
    assert (first.count, second.count, third) == (3, 2, Reaped(0, []))
    assert sorted(first.files + second.files) == blobs[::2]


async def test_release_by_hand_and_a_blob_that_waits_in_the_spool(store: AnyStore) -> None:
    await put(store, staged(1, b"waits"))
    await put(store, staged(2, b"nobody's"))
    await store.write(lambda tx: tx.spool.insert(letter(5, blob_id=BlobId(1)), [recipient(5)]))
    for _ in range(2):  # marking twice is once
        await store.write(lambda tx: tx.blobs.release([BlobId(1), BlobId(2), BlobId(99)], NOW))
    assert await reap(store) == Reaped(1, [])
    assert await is_there(store, BlobId(1))
    assert not await is_there(store, BlobId(2))


async def test_one_content_in_many_accounts_at_once(store: AnyStore) -> None:
    """Letters of the same bytes come and go while the reaper, without its days of grace, takes what it can."""
    boxes = [await make_mailbox(store, f"user{number}@example.test") for number in range(4)]

    async def live(box: Mailbox) -> None:
        inbox = box.folders["INBOX"]
        for number in range(12):
            uid = await box.append(inbox, b"same %d" % (number % 2))
            if number % 4:
                await box.expunge(inbox, UidSet.of([uid]))

    async def reap_all() -> None:
        for _ in range(30):
            await reap(store)
            await asyncio.sleep(0)

    await asyncio.gather(*(live(box) for box in boxes), reap_all(), reap_all())
    assert [report async for report in check(store) if isinstance(report, Finding)] == []
    for box in boxes:
        assert (await box.account_row()).used_messages == 3
