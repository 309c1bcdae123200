"""ESEARCH: one search in several folders (RFC 7377). Of what a user may not see nothing is told, not even that."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from mailstead.ground.model.folder import INBOX, SEPARATOR, Folder
from mailstead.ground.model.query import Query
from mailstead.ground.model.sequence import SequenceSet
from mailstead.ground.model.uidset import UidSet
from mailstead.ground.wire.imap import response
from mailstead.ground.wire.imap.resync import add_modseq
from mailstead.ground.wire.imap.searching import MultiSearch, Place, ResultOption, Returns, Source
from mailstead.servers.imap.bounds import highest_modseq
from mailstead.servers.imap.commands.contexts import fix_numbers, keep_up, wants_update
from mailstead.servers.imap.commands.listing import Entry, read_tree
from mailstead.servers.imap.commands.search import find
from mailstead.servers.imap.filters import expand_filters
from mailstead.servers.imap.reply import UID_REQUIRED, Refusal, Reply, bad, ok
from mailstead.servers.imap.results import TELLING, list_results, list_scores, to_save
from mailstead.servers.imap.session import Session
from mailstead.servers.imap.view import Numbering
from mailstead.services.folders.names import normalize_name
from mailstead.services.search.service import Found, Scope

SELECTED_ONLY: Final = (Place(Source.SELECTED),)


async def esearch(session: Session, command: MultiSearch) -> Reply:
    """The selected folder first, since others may change while they are looked at."""
    updates = _checked(session, command)
    asked = await expand_filters(session, command.query)
    query = fix_numbers(session, asked) if updates else asked
    looks_at_selected = any(place.source is Source.SELECTED for place in command.places)
    if looks_at_selected:
        found = await find(session, query, command.returns)
        if ResultOption.SAVE in command.returns.options:
            session.saved = to_save(command.returns, list(found.uids))
        selected = session.in_folder
        about = response.correlators(selected.name, selected.watch.view.uidvalidity, utf8=session.utf8)
        modseq = await highest_modseq(session, selected.place.folder_id, query, command.returns, list(found.uids))
        await _tell(session, command.returns, found, about, modseq)
        if updates:
            await keep_up(session, query, found.uids, by_uid=True)
    if command.places != SELECTED_ONLY:
        for name, folder in (await _named(session, command.places)).items():
            if not (looks_at_selected and folder.id == session.in_folder.place.folder_id):
                found = await _find_in(session, folder, asked)
                about = response.correlators(name, folder.uidvalidity, utf8=session.utf8)
                modseq = await highest_modseq(session, folder.id, asked, command.returns, list(found.uids))
                await _tell(session, command.returns, found, about, modseq)
    return ok("ESEARCH completed")


def _checked(session: Session, command: MultiSearch) -> bool:
    """RFC 7377 §2.2: what goes only with the selected folder; True if its result is to be kept up to date."""
    sources = {place.source for place in command.places}
    options = command.returns.options
    if Source.SELECTED in sources and session.selected is None:
        raise Refusal(bad("Select a mailbox first"))
    if ResultOption.SAVE in options and sources != {Source.SELECTED}:
        raise Refusal(bad("SAVE goes with the selected mailbox alone"))
    if ResultOption.UPDATE in options and Source.SELECTED not in sources:
        raise Refusal(bad("UPDATE goes with the selected mailbox"))
    return session.selected is not None and wants_update(session, command.returns)


async def _find_in(session: Session, folder: Folder, query: Query) -> Found:
    """A folder that is not open: its numbers are those it has now, and $ means nothing in it."""
    numbering = Numbering(await session.services.folders.reading.uids(folder.id))

    def numbers(wanted: SequenceSet) -> UidSet:
        if session.speech.uid_only:
            raise Refusal(UID_REQUIRED)  # RFC 9586 §3.8
        return UidSet() if wanted.is_saved else numbering.resolve_numbers(wanted, strict=False)

    def uids(wanted: SequenceSet) -> UidSet:
        return UidSet() if wanted.is_saved else numbering.resolve_uids(wanted)

    return await session.services.search.rank(folder.id, query, Scope(numbering.told, numbers, uids))


async def _tell(session: Session, returns: Returns, found: Found, about: bytes, modseq: int | None) -> None:
    """RFC 7377 §2.1: nothing for a folder in which nothing was found."""
    if not found.uids or not returns.options & TELLING:
        return
    order = list(found.uids)
    results = list_results(returns, order, list_scores(order, found.scores))
    line = response.esearch(session.tag, results, by_uid=True, correlators=about)
    await session.give(add_modseq(line, modseq))


async def _named(session: Session, places: Sequence[Place]) -> Mapping[str, Folder]:
    """Each folder once; names that do not exist are passed over."""
    entries = [entry for entry in await read_tree(session) if entry.folder is not None]
    found: dict[str, Folder] = {}
    for place in places:
        for entry in _each(session, place, entries):
            if entry.folder is not None:
                found[entry.name] = entry.folder
    return found


def _each(session: Session, place: Place, entries: Sequence[Entry]) -> Iterator[Entry]:
    match place.source:
        case Source.SELECTED:
            return iter(())
        case Source.INBOXES:  # RFC 5465 §6.3: where letters are delivered
            return (entry for entry in entries if entry.name == INBOX)
        case Source.PERSONAL:
            own = session.homes.own.account_id
            return (entry for entry in entries if entry.folder is not None and entry.folder.account_id == own)
        case Source.SUBSCRIBED:
            return (entry for entry in entries if entry.is_subscribed)
        case _:
            names = {normalize_name(name) for name in place.folders}
            return (entry for entry in entries if _lies_in(entry.name, names, place.source))


def _lies_in(name: str, tops: set[str], source: Source) -> bool:
    """SUBTREE goes all the way down, SUBTREE-ONE one level (RFC 7377 §2.2)."""
    if name in tops:
        return True
    if source is Source.MAILBOXES:
        return False
    above, _, _ = name.rpartition(SEPARATOR)
    while above:
        if above in tops:
            return True
        if source is Source.SUBTREE_ONE:
            return False
        above, _, _ = above.rpartition(SEPARATOR)
    return False
