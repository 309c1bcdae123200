"""STORE and UID STORE (RFC 9051 §6.4.6)."""

from mailstead.ground.model.ids import ModSeq
from mailstead.ground.model.uidset import UidSet
from mailstead.ground.wire.imap.command import Store
from mailstead.ground.wire.imap.response import Code
from mailstead.ground.wire.imap.resync import code_modified
from mailstead.servers.imap.limit import finish, keep_to_limit
from mailstead.servers.imap.progress import Progress
from mailstead.servers.imap.reply import Reply, no
from mailstead.servers.imap.session import Session
from mailstead.services.folders.filing import Flagged, cut


async def store(session: Session, command: Store) -> Reply:
    """One unit for each 500 messages; the answer tells the flags of all of them unless it is to be silent."""
    selected = session.in_folder
    if selected.is_read_only:
        return no("Mailbox is selected read-only", Code.NOPERM)
    uids, limited = keep_to_limit(session, session.resolve(command.numbers, by_uid=command.by_uid))
    since = None if command.unchanged_since is None else ModSeq(command.unchanged_since)
    if since is not None:
        session.use_condstore()
    progress, refused, pieces = Progress(session, len(uids)), UidSet(), cut(uids)
    filing = session.services.folders.filing
    async for done in filing.store_flags(selected.place, uids, command.op, command.flags, unchanged_since=since):
        selected.told_own(done.modseq)
        piece = next(pieces)
        refused |= done.refused
        await _answer(session, command, done, piece)
        await progress.went(len(piece))
    return finish(session, "STORE completed", limited, _modified(session, command, refused))


def _modified(session: Session, command: Store, refused: UidSet) -> bytes:
    """RFC 7162 §3.1.3: numbers for STORE, UIDs for UID STORE."""
    if not refused:
        return b""
    return code_modified(
        refused if command.by_uid else UidSet.of(session.in_folder.numbering.numbers_of(list(refused)))
    )


async def _answer(session: Session, command: Store, done: Flagged, piece: UidSet) -> None:
    selected = session.in_folder
    if not command.is_silent:
        if len(done.rows) == len(piece):
            await session.give(selected.render_flags(done.rows))
        else:
            await _tell(session, piece)
        return
    session.send(selected.announce_keywords(row.keywords for row in done.rows))
    if not session.speech.condstore:
        return
    passed = piece - done.refused
    if command.unchanged_since is None or len(done.rows) == len(passed):
        await session.give(selected.render_modseqs(done.rows))
    else:  # RFC 7162 §3.1.3: each that passed the test is told of, also where nothing had to change
        async for rows in session.services.folders.reading.flag_rows(selected.place.folder_id, passed):
            await session.give(selected.render_modseqs(rows))
    await _tell(session, done.refused)


async def _tell(session: Session, uids: UidSet) -> None:
    """RFC 9051 §6.4.6: also of those whose flags were as wanted already."""
    selected = session.in_folder
    async for rows in session.services.folders.reading.flag_rows(selected.place.folder_id, uids):
        await session.give(selected.render_flags(rows))
