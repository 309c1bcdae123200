"""What the full-text index asks of the rows, on both engines."""

import pytest

from mailstead.ground.model.flags import Flags
from mailstead.ground.model.ids import AccountId, BlobId, MessageId
from mailstead.store.port.messages import Load
from tests.support.mailbox import Mailbox, make_mailbox
from tests.support.stores import AnyStore


@pytest.fixture
async def box(store: AnyStore) -> Mailbox:
    box = await make_mailbox(store)
    for number in range(6):
        await box.append(box.folders["INBOX"], b"%d" % (number % 3), Flags())
    return box


async def test_letters_are_found_by_their_blobs_and_ids(box: Mailbox) -> None:
    folder = box.folders["INBOX"]
    rows = await box.store.read(lambda tx: tx.messages.fetch(folder, 1, 9, Load.MESSAGE))
    blobs = [BlobId(row.blob_id) for row in rows]
    messages = [MessageId(row.message_id) for row in rows]
    nowhere = BlobId(4711)
    placed = await box.store.read(lambda tx: tx.finding.place_blobs(folder, [blobs[0], nowhere]))
    assert sorted(placed) == [row.uid for row in rows if row.blob_id == blobs[0]]
    assert len(placed) == 2
    placed = await box.store.read(lambda tx: tx.finding.place_messages(folder, [messages[1], MessageId(4711)]))
    assert placed == [rows[1].uid]
    other = box.folders["Trash"]
    assert await box.store.read(lambda tx: tx.finding.place_blobs(other, blobs)) == []
    assert await box.store.read(lambda tx: tx.finding.living_blobs([*blobs, nowhere])) == set(blobs)
    assert await box.store.read(lambda tx: tx.finding.living_messages(messages)) == set(messages)
    assert await box.store.read(lambda tx: tx.finding.place_blobs(folder, [])) == []


async def test_accounts_come_with_their_counters(box: Mailbox) -> None:
    rows = await box.store.read(lambda tx: tx.finding.counters(AccountId(0)))
    account, modseq = rows[0]
    assert modseq == await box.store.read(lambda tx: tx.modseq(account))
    assert await box.store.read(lambda tx: tx.finding.counters(rows[-1][0])) == []
    assert await box.store.read(lambda tx: tx.finding.counters(AccountId(0), 1)) == rows[:1]
