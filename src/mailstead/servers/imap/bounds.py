"""What CONDSTORE and MESSAGELIMIT add to SEARCH: how far it looks, and the highest modseq of what it tells."""

from dataclasses import replace

from mailstead.ground.model.ids import FolderId, ModSeq
from mailstead.ground.model.query import And, ChangedFrom, Numbers, Query, Uids, asks_modseq
from mailstead.ground.model.uidset import UidSet
from mailstead.ground.wire.imap.searching import ResultOption, Returns
from mailstead.servers.imap.limit import keep_to_limit
from mailstead.servers.imap.session import Session
from mailstead.services.search.service import Scope

ENDS = frozenset({ResultOption.MIN, ResultOption.MAX})
TELL_MORE = frozenset({ResultOption.ALL, ResultOption.COUNT, ResultOption.PARTIAL})


def keep_scope(session: Session, query: Query, scope: Scope) -> tuple[Scope, bytes]:
    """RFC 9738 §3.1: it is the messages looked at that count; sets that all must be in narrow them down first."""
    if len(scope.uids) <= session.services.settings.message_limit:
        return scope, b""
    uids = scope.uids
    for key in query.keys if isinstance(query, And) else (query,):
        match key:
            case Numbers(numbers):
                uids &= scope.resolve_numbers(numbers)
            case Uids(wanted):
                uids &= scope.resolve_uids(wanted)
            case _:
                pass
    kept, code = keep_to_limit(session, uids)
    return replace(scope, uids=kept), code


async def narrow_to_changed(session: Session, query: Query, scope: Scope) -> Scope:
    """MODSEQ that all must meet: only what the events name is looked at, while they reach back that far."""
    keys = query.keys if isinstance(query, And) else (query,)
    floors = [key.modseq for key in keys if isinstance(key, ChangedFrom)]
    if not floors:
        return scope
    delta = await session.services.folders.deltas.read(session.in_folder.place, ModSeq(max(0, max(floors) - 1)))
    return scope if delta is None else replace(scope, uids=scope.uids & delta.touched)


async def highest_modseq(
    session: Session, folder: FolderId, query: Query, returns: Returns | None, order: list[int]
) -> int | None:
    """RFC 7162 §3.1.6, RFC 4731 §3.2: of all that is told; of MIN and MAX if only they are. None if not asked for."""
    if not order or not asks_modseq(query):
        return None
    told = order
    if returns is not None and returns.options & ENDS and not returns.options & TELL_MORE:
        told = [order[0]] if ResultOption.MIN in returns.options else []
        told += [order[-1]] if ResultOption.MAX in returns.options else []
    elif returns is not None and returns.window is not None and ResultOption.COUNT not in returns.options:
        start, stop = returns.window.cut(len(order))
        told = order[start:stop]
    highest = 0
    async for rows in session.services.folders.reading.flag_rows(folder, UidSet.of(told)):
        highest = max(highest, *(row.modseq for row in rows)) if rows else highest
    return highest or None
