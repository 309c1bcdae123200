"""STORE and UID STORE (RFC 9051 §6.4.6)."""

from mailstead.ground.model.uidset import UidSet
from mailstead.ground.wire.imap.command import Store
from mailstead.ground.wire.imap.response import Code
from mailstead.servers.imap.reply import Reply, no, ok
from mailstead.servers.imap.session import Session
from mailstead.services.folders.filing import cut


async def store(session: Session, command: Store) -> Reply:
    """One unit for each 500 messages; the answer tells the flags of all of them unless it is to be silent."""
    selected = session.in_folder
    if selected.is_read_only:
        return no("Mailbox is selected read-only", Code.NOPERM)
    uids = session.resolve(command.numbers, by_uid=command.by_uid)
    filing = session.services.folders.filing
    pieces = cut(uids)
    async for done in filing.store_flags(selected.place, uids, command.op, command.flags):
        selected.told_own(done.modseq)
        piece = next(pieces)
        if command.is_silent:
            session.send(selected.announce_keywords(row.keywords for row in done.rows))
        elif len(done.rows) == len(piece):
            await session.give(selected.render_flags(done.rows))
        else:
            await _tell(session, piece)
    return ok("STORE completed")


async def _tell(session: Session, uids: UidSet) -> None:
    """RFC 9051 §6.4.6: also of those whose flags were as wanted already."""
    selected = session.in_folder
    async for rows in session.services.folders.reading.flag_rows(selected.place.folder_id, uids):
        await session.give(selected.render_flags(rows))
