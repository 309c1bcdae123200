"""GETMETADATA and SETMETADATA (RFC 5464)."""

from collections.abc import Mapping
from typing import Final

from mailstead.ground.model.directory import Role
from mailstead.ground.model.folder import Folder, SpecialUse
from mailstead.ground.model.ids import UserId
from mailstead.ground.wire.imap import response
from mailstead.ground.wire.imap.response import Code
from mailstead.ground.wire.imap.sharing import GetMetadata, SetMetadata
from mailstead.ground.wire.imap.string import render_nstring
from mailstead.servers.imap.filters import check_filter
from mailstead.servers.imap.reply import Refusal, Reply, no, ok
from mailstead.servers.imap.session import Session
from mailstead.services.folders.metadata import (
    SERVER,
    SHARED_BY_ALL,
    VALUE_MAX,
    Shelf,
    TooManyAnnotations,
    Wanted,
    read_annotations,
    write_annotations,
)

SPECIAL_USE: Final = "/private/specialuse"
"""RFC 6154 §4: the special use of a folder as an annotation; it is set by CREATE alone."""
TOO_LARGE: Final = no("The value is too large", b"METADATA MAXSIZE %d" % VALUE_MAX)
TOO_MANY: Final = no("There are too many annotations", b"METADATA TOOMANY")


async def get_metadata(session: Session, command: GetMetadata) -> Reply:
    """RFC 5464 §4.2: a METADATA response is due, so what was asked for by its name and is not there is NIL."""
    shelf, folder = await _find_shelf(session, command.folder)
    wanted = Wanted(command.entries, command.depth, command.max_size)
    notes = await read_annotations(session.services.folders.store, shelf, _user(session), wanted)
    values: dict[str, bytes | None] = {}
    if command.depth == 0:
        values = dict.fromkeys(command.entries)
    too_long = {
        note.entry: note.size for note in notes if command.max_size is not None and note.size > command.max_size
    }
    values |= {note.entry: note.value for note in notes}
    own = session.homes.own.account_id
    if folder is not None and folder.account_id == own and folder.special_use and wanted.matches(SPECIAL_USE):
        values[SPECIAL_USE] = special_use_value(folder.special_use)
    values = {entry: value for entry, value in values.items() if entry not in too_long}
    if values:
        await session.give(render_metadata(command.folder, values, utf8=session.utf8))
    longest = max(too_long.values(), default=0)
    return ok("GETMETADATA completed", b"METADATA LONGENTRIES %d" % longest if longest else b"")


async def set_metadata(session: Session, command: SetMetadata) -> Reply:
    """RFC 5464 §4.3: all entries of the command or none."""
    shelf, _ = await _find_shelf(session, command.folder)
    _check_may_set(session, command)
    if any(value is not None and len(value) > VALUE_MAX for _, value in command.values):
        return TOO_LARGE
    if not command.folder:
        for entry, value in command.values:
            check_filter(entry, value)
    services = session.services
    try:
        await write_annotations(
            session.services.folders.store, shelf, _user(session), command.values, services.clock.now()
        )
    except TooManyAnnotations:
        return TOO_MANY
    return ok("SETMETADATA completed")


def _check_may_set(session: Session, command: SetMetadata) -> None:
    principal = session.principal
    assert principal is not None
    is_shared = any(entry.startswith(SHARED_BY_ALL) for entry, _ in command.values)
    if any(entry == SPECIAL_USE for entry, _ in command.values) and command.folder:
        raise Refusal(no("The special use of a mailbox is set when it is made", Code.CANNOT))
    if not command.folder:
        if is_shared and not principal.user.is_admin:
            raise Refusal(no("Only administrators annotate the server for all", Code.NOPERM))
        return
    home, _ = session.homes.find(command.folder)
    if is_shared and home.role < Role.EDITOR:
        raise Refusal(no("This mailbox may only be read", Code.NOPERM))


def special_use_value(use: SpecialUse) -> bytes:
    """RFC 6154 §4: as LIST tells it."""
    return b"\\" + use.value.encode("ascii")


def render_metadata(name: str, values: Mapping[str, bytes | None], *, utf8: bool) -> bytes:
    """RFC 5464 §4.4.1, also for LIST RETURN (METADATA ...)."""
    pairs = [b"%b %b" % (entry.encode("ascii"), render_value(value)) for entry, value in sorted(values.items())]
    shown = response.folder_name(name, utf8=utf8) if name else b'""'
    return b"* METADATA %b (%b)\r\n" % (shown, b" ".join(pairs))


def render_value(value: bytes | None) -> bytes:
    """RFC 5464 §5: nstring, or literal8 where there is a NUL."""
    return b"~{%d}\r\n%b" % (len(value), value) if value and b"\0" in value else render_nstring(value)


async def _find_shelf(session: Session, name: str) -> tuple[Shelf, Folder | None]:
    """RFC 5464 §3.3: annotations of a folder are for those who may see it and read in it: every role here may."""
    if not name:
        return SERVER, None
    home, inner = session.homes.find(name)
    folder = await session.services.folders.tree.get(home.account_id, inner)
    return Shelf(folder.account_id, folder.id), folder


def _user(session: Session) -> UserId:
    assert session.principal is not None
    return session.principal.user.id
