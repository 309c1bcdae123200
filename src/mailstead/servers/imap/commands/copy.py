"""COPY and MOVE with their UID forms (RFC 9051 §6.4.7, §6.4.8, RFC 4315 §3)."""

from mailstead.ground.model.errors import NotFound
from mailstead.ground.model.folder import Folder
from mailstead.ground.model.uidset import UidSet
from mailstead.ground.wire.imap import response
from mailstead.ground.wire.imap.command import Copy
from mailstead.ground.wire.imap.response import Code
from mailstead.servers.imap.commands.expunge import tell_gone
from mailstead.servers.imap.limit import finish, keep_to_limit, refuse_past_limit
from mailstead.servers.imap.progress import Progress
from mailstead.servers.imap.reply import TRY_CREATE, Refusal, Reply, no, ok
from mailstead.servers.imap.session import Session
from mailstead.services.folders.filing import UNIT_MAX, Moved, Place


async def copy(session: Session, command: Copy) -> Reply:
    """Both tell which UIDs became which."""
    selected = session.in_folder
    if command.is_move and selected.is_read_only:
        return no("Mailbox is selected read-only", Code.NOPERM)
    uids = session.resolve(command.numbers, by_uid=command.by_uid)
    target = await find_target(session, command.folder)
    filing, progress = session.services.folders.filing, Progress(session, len(uids))
    try:
        if not command.is_move:
            refuse_past_limit(session, uids)
            copied = await filing.copy(selected.place, uids, Place.of(target), went=progress.went)
            return ok("COPY completed", _copyuid(target, copied))
        uids, limited = keep_to_limit(session, uids)
        done = []
        async for moved in filing.move(selected.place, uids, Place.of(target)):
            done.append(moved)
            await progress.went(UNIT_MAX)
    except NotFound:
        return TRY_CREATE
    if code := _copyuid(target, done):
        # RFC 9051 §6.4.8: an untagged OK before the EXPUNGE responses, so that the client knows where they went.
        session.send(response.ok(b"*", "Moved", code))
    return finish(session, "MOVE completed", limited, await tell_gone(session) if code else b"")


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
