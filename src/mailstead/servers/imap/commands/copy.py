"""COPY and MOVE with their UID forms (RFC 9051 §6.4.7, §6.4.8, RFC 4315 §3)."""

from mailstead.ground.model.errors import NotFound
from mailstead.ground.model.folder import Folder
from mailstead.ground.model.uidset import UidSet
from mailstead.ground.wire.imap import response
from mailstead.ground.wire.imap.command import Copy
from mailstead.ground.wire.imap.response import Code
from mailstead.servers.imap.reply import TRY_CREATE, Refusal, Reply, no, ok
from mailstead.servers.imap.session import Session
from mailstead.services.folders.filing import Moved, Place


async def copy(session: Session, command: Copy) -> Reply:
    """Both tell which UIDs became which."""
    selected = session.in_folder
    if command.is_move and selected.is_read_only:
        return no("Mailbox is selected read-only", Code.NOPERM)
    uids = session.resolve(command.numbers, by_uid=command.by_uid)
    target = await find_target(session, command.folder)
    filing = session.services.folders.filing
    try:
        if not command.is_move:
            code = _copyuid(target, await filing.copy(selected.place, uids, Place.of(target)))
            return ok("COPY completed", code)
        done = [moved async for moved in filing.move(selected.place, uids, Place.of(target))]
    except NotFound:
        return TRY_CREATE
    if code := _copyuid(target, done):
        # RFC 9051 §6.4.8: an untagged OK before the EXPUNGE responses, so that the client knows where they went.
        session.send(response.ok(b"*", "Moved", code))
    return ok("MOVE completed")


async def find_target(session: Session, name: str) -> Folder:
    """The folder that is to receive messages; RFC 9051 §6.4.7: TRYCREATE if it is missing."""
    try:
        home, inner = session.homes.find(name)
        home.require_editor()
        return await session.services.folders.tree.get(home.account_id, inner)
    except NotFound:
        raise Refusal(TRY_CREATE) from None


def _copyuid(target: Folder, done: list[Moved]) -> bytes:
    """RFC 4315 §3: nothing if nothing was copied."""
    sources = UidSet.join(run for moved in done for run in moved.copied.sources.runs)
    if not sources:
        return b""
    targets = UidSet.join(run for moved in done for run in moved.copied.targets.runs)
    return response.code_copyuid(target.uidvalidity, sources, targets)
