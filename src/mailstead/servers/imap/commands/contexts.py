"""UPDATE and CANCELUPDATE (RFC 5267 §4.3)."""

from mailstead.ground.model.query import Numbers, Query, Uids, map_leaves
from mailstead.ground.model.sequence import SequenceSet
from mailstead.ground.model.uidset import UidSet
from mailstead.ground.wire.imap import response
from mailstead.ground.wire.imap.searching import CancelUpdate, ResultOption, Returns
from mailstead.servers.imap.contexts import Context, Judge
from mailstead.servers.imap.reply import Refusal, Reply, bad, ok
from mailstead.servers.imap.session import Session
from mailstead.services.search.service import Scope


def wants_update(session: Session, returns: Returns | None) -> bool:
    """RFC 5267 §4.3: a tag that is in use is BAD."""
    if returns is None or ResultOption.UPDATE not in returns.options:
        return False
    if session.tag in session.in_folder.contexts:
        raise Refusal(bad("This tag is that of a search that is kept up to date"))
    return True


async def keep_up(session: Session, query: Query, found: UidSet, *, by_uid: bool) -> None:
    """What was found is kept up to date from here on; or NOUPDATE."""
    contexts = session.in_folder.contexts
    if contexts.are_full:
        await refuse_update(session)
        return
    contexts.add(Context(session.tag, by_uid, _judge(session, query), found))


async def refuse_update(session: Session) -> None:
    """RFC 5267 §4.3.1: the search itself is answered all the same."""
    await session.give(response.no(b"*", "This search is not kept up to date", response.code_noupdate(session.tag)))


def fix_numbers(session: Session, query: Query) -> Query:
    """RFC 5267 §4.3: message numbers, and $, mean what they meant when the command came."""

    def fix(key: Query) -> Query:
        match key:
            case Numbers(numbers):
                return Uids(SequenceSet(session.resolve(numbers, by_uid=False, strict=False).runs))
            case Uids(uids) if uids.is_saved:
                return Uids(SequenceSet(session.resolve(uids, by_uid=True).runs))
            case _:
                return key

    return map_leaves(query, fix)


def _judge(session: Session, query: Query) -> Judge:
    selected, search = session.in_folder, session.services.search

    async def judge(uids: UidSet) -> UidSet:
        scope = Scope(uids, lambda _: UidSet(), selected.numbering.resolve_uids)
        return await search.find(selected.place.folder_id, query, scope)

    return judge


async def cancelupdate(session: Session, command: CancelUpdate) -> Reply:
    """RFC 5267 §4.3.5; a tag that is not known has nothing to cancel."""
    for tag in command.tags:
        session.in_folder.contexts.cancel(tag)
    return ok("CANCELUPDATE completed")
