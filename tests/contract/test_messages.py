"""Messages: a FETCH reads what it asked for and no more."""

from dataclasses import replace
from itertools import product
from typing import Any

import pytest

from mailstead.ground.model.errors import NotFound
from mailstead.ground.model.flags import Flag, Flags
from mailstead.ground.model.ids import BlobId, MessageId
from mailstead.ground.model.uidset import UidSet
from mailstead.store.port import Tx
from mailstead.store.port.messages import Depth, Facts, FetchRow, Load
from tests.support.mailbox import PREFIX, Mailbox, make_mailbox, rendered
from tests.support.stores import AnyStore

GROUPS = (Load.MESSAGE, Load.ENVELOPE, Load.STRUCTURE, Load.HEADER, Load.PARTS, Load.PREVIEW)


@pytest.fixture
async def box(store: AnyStore) -> Mailbox:
    box = await make_mailbox(store)
    for number in range(5):
        await box.append(box.folders["INBOX"], b"%d" % number, Flags.of(Flag.SEEN, ("word",)))
    return box


async def fetch(box: Mailbox, first: int, last: int, load: int, limit: int = 200) -> list[FetchRow]:
    return await box.store.read(lambda tx: tx.messages.fetch(box.folders["INBOX"], first, last, load, limit))


async def test_the_placement_alone(box: Mailbox) -> None:
    placements = await box.store.read(lambda tx: tx.placements.list_placements(box.folders["INBOX"], 1, 9))
    for row, placement in zip(await fetch(box, 1, 9, Load.ROW), placements, strict=True):
        assert (row.uid, row.bits, row.keywords, row.modseq) == (
            placement.uid, placement.flags.bits, placement.flags.keywords, placement.modseq,
        )  # fmt: skip
        assert (row.size, row.internal_date, row.saved_at) == (
            placement.size, placement.internal_date, placement.saved_at,
        )  # fmt: skip
        assert row[7:] == (placement.message_id, 0, b"", b"", b"", b"", b"", b"", b"", "", 0)


async def test_every_combination(box: Mailbox) -> None:
    for chosen in product((0, 1), repeat=len(GROUPS)):
        load = sum(group for group, wanted in zip(GROUPS, chosen, strict=True) if wanted)
        (row,) = await fetch(box, 2, 2, load)
        whole = rendered(b"1")
        assert row.prefix == (PREFIX if load else b"")
        assert bool(row.blob_id) == bool(load)
        assert row.envelope == (whole.envelope if load & Load.ENVELOPE else b"")
        assert (row.bodystructure, row.body) == (
            (whole.bodystructure, whole.body) if load & Load.STRUCTURE else (b"", b"")
        )
        assert (row.header, row.fields) == ((whole.header, whole.fields) if load & Load.HEADER else (b"", b""))
        assert row.parts == (whole.parts if load & Load.PARTS else b"")
        assert row.preview == (whole.preview if load & Load.PREVIEW else "")


async def test_ranges_and_limits(box: Mailbox) -> None:
    await box.expunge(box.folders["INBOX"], UidSet.of([3]))
    for load in (Load.ROW, Load.ENVELOPE | Load.HEADER):
        assert [row.uid for row in await fetch(box, 1, 0xFFFFFFFF, load)] == [1, 2, 4, 5]
        assert [row.uid for row in await fetch(box, 2, 9, load, 2)] == [2, 4]
        assert await fetch(box, 3, 3, load) == []


async def test_facts(box: Mailbox) -> None:
    """What SORT and THREAD compare, as deep as asked for."""
    rows, whole = await fetch(box, 1, 9, Load.ROW), rendered(b"1")

    async def facts(first: int, last: int, depth: int, limit: int = 200) -> list[Facts]:
        return await box.store.read(lambda tx: tx.messages.facts(box.folders["INBOX"], first, last, depth, limit))

    assert await facts(1, 9, Depth.ROW) == [Facts(row.uid, row.size, row.internal_date) for row in rows]
    second = Facts(2, rows[1].size, rows[1].internal_date, whole.sent_at, whole.subject_base)
    assert await facts(2, 2, Depth.RENDERED) == [second]
    assert await facts(2, 2, Depth.HEADER) == [second._replace(header=whole.header)]
    await box.expunge(box.folders["INBOX"], UidSet.of([3]))
    for depth in (Depth.ROW, Depth.RENDERED, Depth.HEADER):
        assert [row.uid for row in await facts(2, 0xFFFFFFFF, depth, 2)] == [2, 4]


async def test_bodies(box: Mailbox) -> None:
    blobs = [BlobId(row.blob_id) for row in await fetch(box, 1, 3, Load.MESSAGE)]
    bodies = await box.store.read(lambda tx: tx.messages.bodies([*blobs, BlobId(1)]))
    assert bodies == dict(zip(blobs, (b"0", b"1", b"2"), strict=True))
    assert await box.store.read(lambda tx: tx.messages.bodies([])) == {}


async def test_bodies_in_files_are_not_given(box: Mailbox) -> None:
    uid = await box.append(box.folders["INBOX"], b"large", is_file=True)
    (row,) = await fetch(box, uid, uid, Load.MESSAGE)
    assert await box.store.read(lambda tx: tx.messages.bodies([BlobId(row.blob_id)])) == {}


async def test_get_message_and_what_was_computed(box: Mailbox) -> None:
    (row,) = await fetch(box, 1, 1, Load.MESSAGE)
    message = await box.store.read(lambda tx: tx.messages.get_message(MessageId(row.message_id)))
    assert (message.account_id, message.blob_id, message.prefix) == (box.account, row.blob_id, PREFIX)
    assert (message.size, message.received_at) == (row.size, row.internal_date)
    assert await box.store.read(lambda tx: tx.messages.get_rendered(message.blob_id)) == rendered(b"0")
    for call in (
        lambda tx: tx.messages.get_message(MessageId(1)),
        lambda tx: tx.messages.get_rendered(BlobId(1)),
    ):
        with pytest.raises(NotFound):
            await box.store.read(call)


async def test_a_newer_rendering_replaces_the_older(box: Mailbox) -> None:
    (row,) = await fetch(box, 1, 1, Load.MESSAGE)
    blob = BlobId(row.blob_id)
    await box.store.write(lambda tx: tx.messages.put_rendered(blob, rendered(b"new", version=2)))
    assert await box.store.read(lambda tx: tx.messages.get_rendered(blob)) == rendered(b"new", version=2)


async def test_text_that_an_engine_cannot_hold(box: Mailbox) -> None:
    """What a letter says must never make its filing fail."""
    from dataclasses import replace

    (row,) = await fetch(box, 1, 1, Load.MESSAGE)
    wild = replace(rendered(b"\0\xff"), preview="a\0b\udcffé", subject_base="\ud800", message_id="\0", sent_at=None)

    async def unit(tx: Any) -> None:
        await tx.messages.put_rendered(BlobId(row.blob_id), wild)

    await box.store.write(unit)
    found = await box.store.read(lambda tx: tx.messages.get_rendered(BlobId(row.blob_id)))
    assert (found.preview, found.subject_base, found.message_id) == ("a\N{REPLACEMENT CHARACTER}b?é", "?", "\ufffd")
    assert found.sent_at is None
    assert found.header == wild.header


async def test_a_copy_of_another_account_remembers_its_origin(box: Mailbox) -> None:
    """RFC 8474 §5.1."""
    (original,) = await fetch(box, 1, 1, Load.ORIGIN)
    assert original.origin_id == original.message_id
    message = await box.store.read(lambda tx: tx.messages.get_message(MessageId(original.message_id)))
    copy = replace(message, id=MessageId(message.id + 1_000_000), origin_id=message.id)

    async def unit(tx: Tx) -> None:
        await tx.messages.insert(copy)

    await box.store.write(unit)
    assert await box.store.read(lambda tx: tx.messages.get_message(copy.id)) == copy
