"""SEARCH, SORT and THREAD with their UID forms (RFC 9051 §6.4.4, RFC 4731, RFC 5182, RFC 5256, RFC 5267)."""

import asyncio
from collections.abc import Sequence
from typing import Final

from mailstead.ground.model.errors import MailError
from mailstead.ground.model.query import Query, asks_modseq
from mailstead.ground.model.uidset import UidSet
from mailstead.ground.wire.imap import response
from mailstead.ground.wire.imap.resync import add_modseq, say_modseq
from mailstead.ground.wire.imap.searching import ResultOption, Returns, Search, Sort, Thread
from mailstead.servers.imap.bounds import highest_modseq, keep_scope, narrow_to_changed
from mailstead.servers.imap.commands.contexts import fix_numbers, keep_up, refuse_update, wants_update
from mailstead.servers.imap.filters import expand_filters
from mailstead.servers.imap.limit import finish
from mailstead.servers.imap.progress import Progress
from mailstead.servers.imap.reply import Reply, ok
from mailstead.servers.imap.results import ALL_ONLY, TELLING, list_results, list_scores, to_save
from mailstead.servers.imap.session import Session
from mailstead.services.search.service import Found, Scope

THREADS_A_TURN: Final = 500


async def search(session: Session, command: Search) -> Reply:
    """In mailbox order."""
    returns = command.returns or (ALL_ONLY if "IMAP4REV2" in session.enabled else None)
    updates = wants_update(session, returns)
    query = await expand_filters(session, command.query)
    if updates:
        query = fix_numbers(session, query)
    scope, limited = keep_scope(session, query, scope_of(session))
    found = await find(session, query, command.returns, scope)
    modseq = await highest_modseq(session, session.in_folder.place.folder_id, query, returns, list(found.uids))
    if returns is None:
        shown = found.uids if command.by_uid else UidSet.of(_numbers(session, list(found.uids)))
        for piece in say_modseq(response.search(shown), modseq):
            await session.give(piece)
    else:
        await answer(session, returns, list(found.uids), found, by_uid=command.by_uid, modseq=modseq)
    if updates:
        await keep_up(session, query, found.uids, by_uid=command.by_uid)
    return finish(session, "SEARCH completed", limited)


async def sort(session: Session, command: Sort) -> Reply:
    """In the order asked for."""
    updates = wants_update(session, command.returns)
    query = await expand_filters(session, command.query)
    found = await find(session, query, command.returns)
    order = await session.services.search.sort(session.in_folder.place.folder_id, found, command.criteria)
    modseq = await highest_modseq(session, session.in_folder.place.folder_id, query, command.returns, order)
    if command.returns is not None:
        await answer(session, command.returns, order, found, by_uid=command.by_uid, modseq=modseq)
        if updates:
            await refuse_update(session)  # RFC 5267 §4.3.1: only CONTEXT=SEARCH is advertised
        return ok("SORT completed")
    for piece in say_modseq(response.sort(order if command.by_uid else _numbers(session, order)), modseq):
        await session.give(piece)
    return ok("SORT completed")


async def thread(session: Session, command: Thread) -> Reply:
    """As trees."""
    found = await find(session, await expand_filters(session, command.query), None)
    folder = session.in_folder.place.folder_id
    threads = await session.services.search.thread(folder, found.uids, command.threading)
    uids = list(found.uids)
    numbers = dict(zip(uids, uids if command.by_uid else _numbers(session, uids), strict=True))
    for count, piece in enumerate(response.thread(threads, numbers.__getitem__)):
        await session.give(piece)
        if count % THREADS_A_TURN == 0:
            await asyncio.sleep(0)
    return ok("THREAD completed")


async def find(session: Session, query: Query, returns: Returns | None, scope: Scope | None = None) -> Found:
    """RFC 5182 §2.1: with SAVE a search that fails leaves nothing saved."""
    scope = scope or scope_of(session)
    if asks_modseq(query):
        session.use_condstore()  # RFC 7162 §3.1
        scope = await narrow_to_changed(session, query, scope)
    saves = returns is not None and ResultOption.SAVE in returns.options
    try:
        went = Progress(session, len(scope.uids)).went
        return await session.services.search.rank(session.in_folder.place.folder_id, query, scope, went=went)
    except MailError:
        if saves:
            session.saved = UidSet()
        raise


def scope_of(session: Session) -> Scope:
    """What the client was told of, and its numbers."""
    return Scope(
        session.in_folder.numbering.told,
        lambda numbers: session.resolve(numbers, by_uid=False, strict=False),
        lambda uids: session.resolve(uids, by_uid=True),
    )


def _numbers(session: Session, uids: Sequence[int]) -> list[int]:
    """In the order of the UIDs."""
    rising = sorted(uids)
    number_of = dict(zip(rising, session.in_folder.numbering.numbers_of(rising), strict=True))
    return [number_of[uid] for uid in uids]


async def answer(
    session: Session, returns: Returns, order: list[int], found: Found, *, by_uid: bool, modseq: int | None = None
) -> None:
    """One ESEARCH response, unless only SAVE, UPDATE or CONTEXT was asked for."""
    if ResultOption.SAVE in returns.options:
        session.saved = to_save(returns, order)
    if not returns.options & TELLING:
        return
    shown = order if by_uid else _numbers(session, order)
    results = list_results(returns, shown, list_scores(order, found.scores))
    await session.give(add_modseq(response.esearch(session.tag, results, by_uid=by_uid), modseq))
