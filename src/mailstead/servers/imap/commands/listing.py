"""LIST with its extensions, and LSUB (RFC 9051 §6.3.9, RFC 5258, RFC 5819, RFC 6154; RFC 3501 §6.3.9)."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final

from mailstead.ground.model.folder import Folder, SpecialUse
from mailstead.ground.wire.imap import response
from mailstead.ground.wire.imap.command import List, ListReturn, ListSelect, Lsub
from mailstead.ground.wire.imap.response import ListAttribute
from mailstead.servers.imap.commands.listed import ListedMore
from mailstead.servers.imap.commands.status import render_status
from mailstead.servers.imap.homes import Home
from mailstead.servers.imap.patterns import Matches, compile_pattern
from mailstead.servers.imap.reply import Reply, ok
from mailstead.servers.imap.session import Session
from mailstead.services.folders.names import list_parents

CHILD_INFO: Final = b'("CHILDINFO" ("SUBSCRIBED"))'
"""RFC 9051 §6.3.9.3: RECURSIVEMATCH: this name is here because of one below it."""


@dataclass(slots=True)
class Entry:
    """One name. `folder` is None for a level that only has others below it, or a name subscribed to and gone."""

    name: str
    folder: Folder | None = None
    home: Home | None = None
    is_subscribed: bool = False
    has_children: bool = False
    subscribed_below: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Tree:
    """All names a session may see, in order."""

    entries: dict[str, Entry] = field(default_factory=dict)

    def add(self, name: str) -> Entry:
        """The entry of a name, with the levels above it."""
        entry = self.entries.get(name)
        if entry is None:
            entry = self.entries[name] = Entry(name)
        return entry

    def finish(self) -> list[Entry]:
        """Fill in what each name has below it."""
        for entry in list(self.entries.values()):
            for parent in list_parents(entry.name):
                above = self.add(parent)
                above.has_children |= entry.folder is not None
                if entry.is_subscribed:
                    above.subscribed_below.append(entry.name)
        return [self.entries[name] for name in sorted(self.entries)]


async def read_tree(session: Session) -> list[Entry]:
    """Every account of the user, with one read for each."""
    folders, tree = session.services.folders, Tree()
    own = await folders.tree.list_all(session.homes.own.account_id)
    for home in session.homes.all:
        listing = own if home is session.homes.own else await folders.tree.list_all(home.account_id)
        for folder in listing.folders:
            entry = tree.add(home.prefix + folder.name)
            entry.folder, entry.home = folder, home
    for name in own.subscribed:
        tree.add(name).is_subscribed = True
    return tree.finish()


async def list_(session: Session, command: List) -> Reply:
    """RFC 9051 §6.3.9."""
    if command.patterns == ("",) and not command.is_extended:
        session.send(response.list_separator())
        return ok("LIST completed")
    patterns = [compile_pattern(command.reference, pattern) for pattern in command.patterns]

    def matches(name: str) -> bool:
        return any(pattern(name) for pattern in patterns)

    more = ListedMore(session, command)
    for entry in await read_tree(session):
        if not matches(entry.name):
            continue
        line = _render(session, command, entry, matches)
        if line is None:
            continue
        await session.give(line)
        if command.status and entry.folder is not None:  # RFC 5819 §2: after the LIST response of the name
            await session.give(await render_status(session, entry.folder, entry.name, command.status))
        if entry.home is not None:
            await more.tell(entry.name, entry.folder, entry.home)
    return ok("LIST completed")


def _render(session: Session, command: List, entry: Entry, matches: Matches) -> bytes | None:
    """The line of a name that matched, or None if the options leave it out."""
    extended = b""
    if ListSelect.SUBSCRIBED in command.select:
        # RFC 5258 §3.5: told of the level above only where the name itself is not told.
        if ListSelect.RECURSIVEMATCH in command.select and not all(map(matches, entry.subscribed_below)):
            extended = CHILD_INFO
        elif not entry.is_subscribed:
            return None
    elif entry.folder is None and not entry.has_children:
        return None  # subscribed to, and gone
    # RFC 6154 §2: a client files what it sends in *its* \Sent: those of other accounts are folders like all others.
    use = entry.folder.special_use if entry.folder is not None and entry.home is session.homes.own else None
    if ListSelect.SPECIAL_USE in command.select and use is None:
        return None
    attributes = tuple(_attributes(command, entry, use))
    return response.folder_list(attributes, entry.name, utf8=session.utf8, extended=extended)


def _attributes(command: List, entry: Entry, use: SpecialUse | None) -> Iterator[bytes]:
    if entry.folder is None:
        yield ListAttribute.NON_EXISTENT.value
        if not command.is_extended:
            yield ListAttribute.NO_SELECT.value  # RFC 9051 §7.3.1: for clients that know only rev1
    yield (ListAttribute.HAS_CHILDREN if entry.has_children else ListAttribute.HAS_NO_CHILDREN).value
    wants_subscribed = ListReturn.SUBSCRIBED in command.returns or ListSelect.SUBSCRIBED in command.select
    if wants_subscribed and entry.is_subscribed:
        yield ListAttribute.SUBSCRIBED.value
    if use is not None:
        yield b"\\" + use.value.encode("ascii")


async def lsub(session: Session, command: Lsub) -> Reply:
    """RFC 3501 §6.3.9: subscribed names; with `%` also the level above one that does not match itself."""
    matches = compile_pattern(command.reference, command.pattern)
    for entry in await read_tree(session):
        if not matches(entry.name):
            continue
        attributes = _lsub_attributes(entry, command.pattern)
        if attributes is not None:
            await session.give(response.folder_list(attributes, entry.name, utf8=session.utf8, verb=b"LSUB"))
    return ok("LSUB completed")


def _lsub_attributes(entry: Entry, pattern: str) -> Iterable[bytes] | None:
    if entry.is_subscribed:
        return ()
    if entry.subscribed_below and pattern.endswith("%"):
        return (ListAttribute.NO_SELECT.value,)
    return None
