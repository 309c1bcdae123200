"""EXPUNGE, UID EXPUNGE, CLOSE and UNSELECT (RFC 9051 §6.4.1 to §6.4.3, RFC 4315 §2.1)."""

from mailstead.ground.model.sequence import SequenceSet
from mailstead.ground.wire.imap.command import Expunge
from mailstead.ground.wire.imap.response import Code
from mailstead.ground.wire.imap.resync import code_highestmodseq
from mailstead.servers.imap.limit import finish, keep_to_limit
from mailstead.servers.imap.progress import Progress
from mailstead.servers.imap.reply import Reply, no, ok
from mailstead.servers.imap.session import Session


async def expunge(session: Session, command: Expunge) -> Reply:
    """The EXPUNGE responses are the news that every command brings."""
    selected = session.in_folder
    if selected.is_read_only:
        return no("Mailbox is selected read-only", Code.NOPERM)
    gone, limited = await _expunge_deleted(session, command.uids)
    return finish(session, "EXPUNGE completed", limited, await tell_gone(session) if gone else b"")


async def tell_gone(session: Session) -> bytes:
    """RFC 7162 §3.2.7, §3.2.9: with QRESYNC the tagged OK tells how far the client is, once it heard what is gone."""
    selected = session.in_folder
    if not session.speech.qresync:
        return b""
    if session.notices is not None:  # RFC 5465: the client has said what it wants to hear
        await session.notices.tell(may_expunge=True, is_own=True, ask=True)
    else:
        await selected.sync(session.give, session.services.folders.reading, may_expunge=True, ask=True)
    return code_highestmodseq(selected.highest)


async def close(session: Session, _command: object) -> Reply:
    """RFC 9051 §6.4.1: deleted messages go without a word; a mailbox selected read-only stays as it is."""
    if not session.in_folder.is_read_only:
        await _expunge_deleted(session, None)
    session.deselect()
    return ok("CLOSE completed")


async def unselect(session: Session, _command: object) -> Reply:
    """RFC 9051 §6.4.2."""
    session.deselect()
    return ok("UNSELECT completed")


async def _expunge_deleted(session: Session, wanted: SequenceSet | None) -> tuple[bool, bytes]:
    """RFC 9051 §6.4.3: all that is flagged \\Deleted, told to this client or not; with UIDs, those among them.

    True if any went; RFC 9738 §3.1: UID EXPUNGE has a limit, EXPUNGE and CLOSE have none.
    """
    selected, filing = session.in_folder, session.services.folders.filing
    view = await selected.watch.refresh(ask=True)
    uids = view.uids if wanted is None else session.resolve(wanted, by_uid=True)
    deleted, limited = await filing.list_deleted(selected.place, uids), b""
    if wanted is not None:
        deleted, limited = keep_to_limit(session, deleted)
    progress, any_gone = Progress(session, len(deleted)), False
    async for gone in filing.expunge(selected.place, deleted):
        any_gone = any_gone or bool(gone)
        await session.flush()
        await progress.went(len(gone))
    return any_gone, limited
