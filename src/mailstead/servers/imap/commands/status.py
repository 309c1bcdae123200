"""STATUS (RFC 9051 §6.3.11)."""

from collections.abc import Callable, Mapping
from typing import Final

from mailstead.ground.model.folder import Folder
from mailstead.ground.wire.imap import response
from mailstead.ground.wire.imap.command import Status, StatusItem
from mailstead.servers.imap.reply import Reply, ok
from mailstead.servers.imap.session import Session

VALUES: Final[Mapping[StatusItem, Callable[[Folder], int]]] = {
    StatusItem.MESSAGES: lambda folder: folder.messages,
    StatusItem.UIDNEXT: lambda folder: folder.uidnext,
    StatusItem.UIDVALIDITY: lambda folder: folder.uidvalidity,
    StatusItem.UNSEEN: lambda folder: folder.unseen,
    StatusItem.DELETED: lambda folder: folder.deleted,
    StatusItem.SIZE: lambda folder: folder.size,
    StatusItem.RECENT: lambda _folder: 0,  # see SELECT
    StatusItem.HIGHESTMODSEQ: lambda folder: folder.modseq,
}


def render_status(folder: Folder, name: str, items: tuple[StatusItem, ...], *, utf8: bool) -> bytes:
    """One STATUS response, also for LIST RETURN (STATUS ...)."""
    return response.folder_status(name, [(item, VALUES[item](folder)) for item in items], utf8=utf8)


async def status(session: Session, command: Status) -> Reply:
    """The counters stand in the folder's row."""
    home, name = session.homes.find(command.folder)
    folder = await session.services.folders.tree.get(home.account_id, name)
    session.send(render_status(folder, home.prefix + folder.name, command.items, utf8=session.utf8))
    return ok("STATUS completed")
