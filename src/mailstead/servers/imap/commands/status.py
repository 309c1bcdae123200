"""STATUS (RFC 9051 §6.3.11)."""

from collections.abc import Callable, Mapping
from typing import Final

from mailstead.ground.model.folder import Folder
from mailstead.ground.wire.imap import response
from mailstead.ground.wire.imap.command import Status, StatusItem
from mailstead.ground.wire.imap.resync import mailbox_id
from mailstead.servers.imap.reply import Reply, ok
from mailstead.servers.imap.session import Session

VALUES: Final[Mapping[StatusItem, Callable[[Folder], int | bytes]]] = {
    StatusItem.MESSAGES: lambda folder: folder.messages,
    StatusItem.UIDNEXT: lambda folder: folder.uidnext,
    StatusItem.UIDVALIDITY: lambda folder: folder.uidvalidity,
    StatusItem.UNSEEN: lambda folder: folder.unseen,
    StatusItem.DELETED: lambda folder: folder.deleted,
    StatusItem.SIZE: lambda folder: folder.size,
    StatusItem.RECENT: lambda _folder: 0,  # see SELECT
    StatusItem.HIGHESTMODSEQ: lambda folder: folder.modseq,
    StatusItem.MAILBOXID: lambda folder: b"(%b)" % mailbox_id(folder.id),
}


async def render_status(session: Session, folder: Folder, name: str, items: tuple[StatusItem, ...]) -> bytes:
    """One STATUS response, also for LIST RETURN (STATUS ...)."""
    values = [
        (item, VALUES[item](folder) if item in VALUES else await _compute(session, folder, item)) for item in items
    ]
    return response.folder_status(name, values, utf8=session.utf8)


async def _compute(session: Session, folder: Folder, item: StatusItem) -> int:
    if item is StatusItem.APPENDLIMIT:
        return session.services.settings.max_message_size  # RFC 7889 §3: one limit for all folders
    return await session.services.folders.reading.deleted_size(folder) if folder.deleted else 0


async def status(session: Session, command: Status) -> Reply:
    """The counters stand in the folder's row."""
    home, name = session.homes.find(command.folder)
    folder = await session.services.folders.tree.get(home.account_id, name)
    session.send(await render_status(session, folder, home.prefix + folder.name, command.items))
    return ok("STATUS completed")
