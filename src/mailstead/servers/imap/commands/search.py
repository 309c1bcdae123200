"""SEARCH and UID SEARCH with RETURN options (RFC 9051 §6.4.4, RFC 4731, RFC 5182)."""

from typing import Final

from mailstead.ground.model.errors import MailError
from mailstead.ground.model.uidset import UidSet
from mailstead.ground.wire.imap import response
from mailstead.ground.wire.imap.command import ResultOption, Search
from mailstead.servers.imap.reply import Reply, ok
from mailstead.servers.imap.session import Session
from mailstead.services.search.service import Scope

ALL_ONLY: Final = frozenset({ResultOption.ALL})
TELLING: Final = frozenset({ResultOption.MIN, ResultOption.MAX, ResultOption.ALL, ResultOption.COUNT})


async def search(session: Session, command: Search) -> Reply:
    """RFC 5182 §2.1: with SAVE a search that fails leaves nothing saved."""
    selected = session.in_folder
    saves = command.returns is not None and ResultOption.SAVE in command.returns
    scope = Scope(
        selected.numbering.told,
        lambda numbers: session.resolve(numbers, by_uid=False, strict=False),
        lambda uids: session.resolve(uids, by_uid=True),
    )
    try:
        found = await session.services.search.find(selected.place.folder_id, command.query, scope)
    except MailError:
        if saves:
            session.saved = UidSet()
        raise
    if saves:
        session.saved = _to_save(command.returns or frozenset(), found)
    await _answer(session, command, found)
    return ok("SEARCH completed")


def _to_save(returns: frozenset[ResultOption], found: UidSet) -> UidSet:
    """RFC 5182 §2.4: MIN and MAX alone save just those; ALL, COUNT or nothing else save everything."""
    ends = [found.first] if ResultOption.MIN in returns else []
    ends += [found.last] if ResultOption.MAX in returns else []
    if not ends or not found or returns & {ResultOption.ALL, ResultOption.COUNT}:
        return found
    return UidSet.of(ends)


async def _answer(session: Session, command: Search, found: UidSet) -> None:
    numbering = session.in_folder.numbering
    shown = found if command.by_uid else UidSet.of(numbering.numbers_of(list(found)))
    if command.returns is None and not session.is_rev2:
        for piece in response.search(shown):
            await session.give(piece)
        return
    wanted = ALL_ONLY if command.returns is None else command.returns
    if wanted and not wanted & TELLING:
        return  # RFC 5182 §2.1: SAVE alone answers nothing
    wanted = wanted or ALL_ONLY
    values: list[tuple[ResultOption, int | UidSet]] = []
    if shown:
        values = [(ResultOption.MIN, shown.first), (ResultOption.MAX, shown.last), (ResultOption.ALL, shown)]
    values.append((ResultOption.COUNT, len(shown)))
    results = [(option, value) for option, value in values if option in wanted]
    await session.give(response.esearch(session.tag, results, by_uid=command.by_uid))
