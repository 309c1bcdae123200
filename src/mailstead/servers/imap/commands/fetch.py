"""FETCH and UID FETCH (RFC 9051 §6.4.5): rows in chunks, bodies in batches, large messages in pieces."""

from collections.abc import Iterator, Sequence
from typing import Final

from mailstead.ground.formats.summary import HEADER_MAX
from mailstead.ground.model.flags import Flag, FlagOp, Flags
from mailstead.ground.model.ids import BlobId, ModSeq
from mailstead.ground.model.uidset import UidSet
from mailstead.ground.wire.imap.command import Attribute, Fetch, FetchItem
from mailstead.ground.wire.imap.response import Code
from mailstead.ground.wire.imap.resync import code_messagelimit
from mailstead.servers.imap.items import Plan, compile_items
from mailstead.servers.imap.limit import finish, keep_to_limit
from mailstead.servers.imap.reply import Refusal, Reply, bad, no
from mailstead.servers.imap.resyncing import everything_so_far, tell_vanished
from mailstead.servers.imap.session import Session
from mailstead.servers.imap.streaming import stream_row
from mailstead.services.folders.reading import INLINE_MAX, FetchRow

SYNCED: Final = (Attribute.UID, Attribute.FLAGS, Attribute.MODSEQ)
BATCH_BYTES: Final = 1 << 20
"""Bodies held at once."""


async def fetch(session: Session, command: Fetch) -> Reply:
    """RFC 9051 §6.4.5: an item that sets \\Seen does so in the units before its answer, which then tells the flags."""
    selected, head = session.in_folder, session.speech.fetch_head
    items = _items(session, command)
    uids, limited = keep_to_limit(session, await _choose(session, command))
    plan = compile_items(items, head=head)
    if plan.sets_seen and not selected.is_read_only and await _mark_seen(session, uids):
        plan = compile_items(_with_flags(session, items), head=head)
    found = await (_send_flags(session, plan, uids) if plan.is_flags_only else _send_rows(session, plan, uids))
    if not command.by_uid and found < len(uids):
        # RFC 2180 §4.1.2, RFC 5530 §3: others expunged some, which this client has not been told yet.
        return finish(session, "Some of the messages are gone", limited, Code.EXPUNGEISSUED)
    return finish(session, "FETCH completed", limited)


def _items(session: Session, command: Fetch) -> tuple[FetchItem, ...]:
    """What was asked for. RFC 9586 §3.3: with UIDONLY, UID only then; RFC 7162 §3.1.4.1: CHANGEDSINCE brings MODSEQ."""
    if command.vanished and not session.speech.qresync:
        raise Refusal(bad("VANISHED is for those who enabled QRESYNC"))  # RFC 7162 §3.2.6
    items = command.items[1:] if command.is_uid_implied and session.speech.uid_only else command.items
    if command.changed_since is not None and Attribute.MODSEQ not in items:
        items = (*items, Attribute.MODSEQ)
    if Attribute.MODSEQ in items:
        session.use_condstore()
    return items


def _with_flags(session: Session, items: tuple[FetchItem, ...]) -> tuple[FetchItem, ...]:
    """FLAGS too, since this FETCH set \\Seen; for those who keep modseqs also UID and MODSEQ (RFC 7162 §3.2.4)."""
    more = [Attribute.FLAGS]
    if session.speech.condstore:
        more = [Attribute.FLAGS, Attribute.MODSEQ] if session.speech.uid_only else [*SYNCED]
    return (*(item for item in more if item not in items), *items)


async def _choose(session: Session, command: Fetch) -> UidSet:
    """RFC 9394 §3.4: PARTIAL first, then CHANGEDSINCE."""
    selected, deltas = session.in_folder, session.services.folders.deltas
    uids = session.resolve(command.numbers, by_uid=command.by_uid)
    if command.window is not None:
        limit = session.services.settings.message_limit
        if abs(command.window.last - command.window.first) >= limit:
            raise Refusal(no("PARTIAL asks for too many messages", code_messagelimit(limit)))  # RFC 9738 §3.1
        start, stop = command.window.cut(len(uids))
        uids = uids.numbers(start + 1, stop)
    if command.changed_since is None:
        return uids
    since = ModSeq(command.changed_since)
    delta = await deltas.read(selected.place, since)
    if command.vanished:
        everything = everything_so_far(session)
        await tell_vanished(session, delta, command.numbers.resolve(everything.last) & everything)
    return await deltas.touched_since(selected.place, uids, since, delta)


async def _send_flags(session: Session, plan: Plan, uids: UidSet) -> int:
    selected, found = session.in_folder, 0
    async for rows in session.services.folders.reading.flag_rows(selected.place.folder_id, uids):
        session.send(selected.announce_keywords(row.keywords for row in rows))
        numbers = selected.subjects([row.uid for row in rows])
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
            await stream_row(session, plan, selected.subjects([row.uid])[0], row, reader)
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
    numbers = session.in_folder.subjects([row.uid for row in rows])
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
