"""FETCH and UID FETCH (RFC 9051 §6.4.5): rows in chunks, bodies in batches, large messages in pieces."""

from collections.abc import Iterator, Sequence
from typing import Final

from mailstead.ground.formats.summary import HEADER_MAX
from mailstead.ground.model.flags import Flag, FlagOp, Flags
from mailstead.ground.model.ids import BlobId
from mailstead.ground.model.uidset import UidSet
from mailstead.ground.wire.imap.command import Fetch
from mailstead.ground.wire.imap.response import Code
from mailstead.servers.imap.items import Plan, compile_items
from mailstead.servers.imap.reply import Reply, ok
from mailstead.servers.imap.session import Session
from mailstead.servers.imap.streaming import stream_row
from mailstead.services.folders.reading import INLINE_MAX, FetchRow

BATCH_BYTES: Final = 1 << 20
"""Bodies held at once."""


async def fetch(session: Session, command: Fetch) -> Reply:
    """RFC 9051 §6.4.5: an item that sets \\Seen does so in the units before its answer, which then tells the flags."""
    selected = session.in_folder
    uids = session.resolve(command.numbers, by_uid=command.by_uid)
    plan = compile_items(command.items)
    if plan.sets_seen and not selected.is_read_only and await _mark_seen(session, uids):
        plan = compile_items(command.items, with_flags=True)
    found = await (_send_flags(session, plan, uids) if plan.is_flags_only else _send_rows(session, plan, uids))
    if not command.by_uid and found < len(uids):
        # RFC 2180 §4.1.2, RFC 5530 §3: others expunged some, which this client has not been told yet.
        return ok("Some of the messages are gone", Code.EXPUNGEISSUED)
    return ok("FETCH completed")


async def _send_flags(session: Session, plan: Plan, uids: UidSet) -> int:
    selected, found = session.in_folder, 0
    async for rows in session.services.folders.reading.flag_rows(selected.place.folder_id, uids):
        session.send(selected.announce_keywords(row.keywords for row in rows))
        numbers = selected.numbering.numbers_of([row.uid for row in rows])
        await session.give(plan.render(numbers, rows, ()))
        found += len(rows)
    return found


async def _send_rows(session: Session, plan: Plan, uids: UidSet) -> int:
    selected, found = session.in_folder, 0
    reading = session.services.folders.reading
    async for rows in reading.rows(selected.place.folder_id, uids, plan.load):
        session.send(selected.announce_keywords(row.keywords for row in rows))
        small = [row for row in rows if not _streams(plan, row)]
        large = [row for row in rows if _streams(plan, row)] if len(small) < len(rows) else []
        for batch in _batches(small) if plan.needs_blob else (small,):
            large += await _send_batch(session, plan, batch)
        for row in large:
            reader = await reading.open(BlobId(row.blob_id))
            await stream_row(session, plan, selected.numbering.numbers_of([row.uid])[0], row, reader)
        found += len(rows)
    return found


def _streams(plan: Plan, row: FetchRow) -> bool:
    return (plan.needs_blob and row.size - len(row.prefix) > INLINE_MAX) or len(row.header) >= HEADER_MAX


async def _send_batch(session: Session, plan: Plan, rows: Sequence[FetchRow]) -> Sequence[FetchRow]:
    """Gives back those whose bytes the database does not hold."""
    absent: list[FetchRow] = []
    blobs: Sequence[bytes] = (b"",) * len(rows)
    if plan.needs_blob:
        bodies = await session.services.folders.reading.bodies(rows)
        absent = [row for row in rows if row.blob_id not in bodies]
        rows = [row for row in rows if row.blob_id in bodies] if absent else rows
        blobs = [bodies[BlobId(row.blob_id)] for row in rows]
    numbers = session.in_folder.numbering.numbers_of([row.uid for row in rows])
    await session.give(plan.render(numbers, rows, blobs))
    return absent


def _batches(rows: Sequence[FetchRow]) -> Iterator[Sequence[FetchRow]]:
    """Cut by the bytes that bodies will take."""
    start = weight = 0
    for index, row in enumerate(rows):
        if weight and weight + row.size > BATCH_BYTES:
            yield rows[start:index]
            start, weight = index, 0
        weight += row.size
    yield rows[start:]


async def _mark_seen(session: Session, uids: UidSet) -> bool:
    """Set \\Seen where it is missing; True if any was."""
    selected, folders = session.in_folder, session.services.folders
    unseen: list[int] = []
    async for rows in folders.reading.flag_rows(selected.place.folder_id, uids):
        unseen += [row.uid for row in rows if not row.bits & Flag.SEEN]
    async for done in folders.filing.store_flags(selected.place, UidSet.of(unseen), FlagOp.ADD, Flags(Flag.SEEN)):
        selected.told_own(done.modseq)
    return bool(unseen)
