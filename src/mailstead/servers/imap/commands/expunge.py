"""EXPUNGE, UID EXPUNGE, CLOSE and UNSELECT (RFC 9051 §6.4.1 to §6.4.3, RFC 4315 §2.1)."""

from mailstead.ground.model.sequence import SequenceSet
from mailstead.ground.wire.imap.command import Expunge
from mailstead.ground.wire.imap.response import Code
from mailstead.servers.imap.reply import Reply, no, ok
from mailstead.servers.imap.session import Session


async def expunge(session: Session, command: Expunge) -> Reply:
    """The EXPUNGE responses are the news that every command brings."""
    selected = session.in_folder
    if selected.is_read_only:
        return no("Mailbox is selected read-only", Code.NOPERM)
    await _expunge_deleted(session, command.uids)
    return ok("EXPUNGE completed")


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


async def _expunge_deleted(session: Session, wanted: SequenceSet | None) -> None:
    """RFC 9051 §6.4.3: all that is flagged \\Deleted, told to this client or not; with UIDs, those among them."""
    selected, filing = session.in_folder, session.services.folders.filing
    view = await selected.watch.refresh(ask=True)
    uids = view.uids if wanted is None else session.resolve(wanted, by_uid=True)
    async for _ in filing.expunge(selected.place, await filing.list_deleted(selected.place, uids)):
        await session.flush()
