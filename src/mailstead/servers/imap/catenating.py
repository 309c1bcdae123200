"""Parts of a message that CATENATE names by URL (RFC 4469 §3): octets of the user's own mail, copied unchanged."""

from collections.abc import Callable

from mailstead.ground.formats.summary import HEADER_MAX
from mailstead.ground.model.errors import Denied, Invalid, NotFound
from mailstead.ground.model.ids import BlobId, FolderId
from mailstead.ground.model.uidset import UidSet
from mailstead.ground.wire.imap import response
from mailstead.ground.wire.imap.syntax import Syntax
from mailstead.ground.wire.imap.url import MessageUrl, parse_url
from mailstead.servers.imap.reply import Refusal, no
from mailstead.servers.imap.sections import Extent, load_of, locate, pick_fields
from mailstead.servers.imap.session import Session
from mailstead.servers.imap.streaming import read_pieces
from mailstead.services.folders.reading import FetchRow, Load


async def copy_part(session: Session, text: str, write: Callable[[bytes], None]) -> None:
    """Give what the URL names to `write`; Refusal with BADURL that tells nothing of what the user may not see."""
    try:
        url = parse_url(text)
        row = await _find_row(session, url)
        extent = _locate(url, row)
        reader = await session.services.folders.reading.open(BlobId(row.blob_id))
    except (Syntax, NotFound, Denied, Invalid):
        raise Refusal(no("The URL names nothing that can be copied", response.code_badurl(text))) from None
    if extent.picks_fields:
        extent = extent._replace(size=min(extent.size, HEADER_MAX))
        header = b"".join([piece async for piece in read_pieces(reader, extent)])
        write(pick_fields(url.section, header))
        return
    async for piece in read_pieces(reader, extent):
        write(piece)


def _locate(url: MessageUrl, row: FetchRow) -> Extent:
    extent = locate(url.section, row)
    if extent is None:
        raise NotFound("no such part")
    return extent


async def _find_row(session: Session, url: MessageUrl) -> FetchRow:
    folder = await _find_folder(session, url)
    uids = UidSet(((url.uid, url.uid),))
    load = load_of(url.section) | Load.MESSAGE
    async for rows in session.services.folders.reading.rows(folder, uids, load):
        return rows[0]
    raise NotFound("no such message")


async def _find_folder(session: Session, url: MessageUrl) -> FolderId:
    """RFC 4469 §3: a URL without a mailbox is relative to the selected one."""
    if url.folder is None:
        if session.selected is None:
            raise NotFound("no mailbox is selected")
        view = session.selected.watch.view
        folder, validity = view.folder_id, view.uidvalidity
    else:
        home, name = session.homes.find(url.folder)
        found = await session.services.folders.tree.get(home.account_id, name)
        folder, validity = found.id, found.uidvalidity
    if url.uidvalidity not in (None, validity):
        raise NotFound("the mailbox is another one by now")
    return folder
