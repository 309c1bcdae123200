"""FILTERS (RFC 5466): searches kept under a name as annotations of the server, put in where FILTER stands."""

from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Final

from mailstead.ground.model.ids import UserId
from mailstead.ground.model.query import And, Fuzzy, Named, Not, Or, Query, map_leaves
from mailstead.ground.wire.imap.grammar.cursor import Cursor
from mailstead.ground.wire.imap.grammar.search import DEFAULT_CHARSET, KEYS_MAX, Keys
from mailstead.ground.wire.imap.response import Code
from mailstead.ground.wire.imap.syntax import Syntax
from mailstead.servers.imap.reply import Refusal, no
from mailstead.servers.imap.session import Session
from mailstead.services.folders.metadata import SERVER, Wanted, read_annotations

PASSES: Final = 4
"""RFC 5466 §3.1: three at least; a name that is still there then is that of a loop."""
ROOTS: Final = ("/private/filters/values/", "/shared/filters/values/")
"""RFC 5466 §3.1: the private one is preferred."""


async def expand_filters(session: Session, query: Query) -> Query:
    """The query without names; Refusal for one that is not there or is no search."""
    for _ in range(PASSES):
        names = _names(query)
        if not names:
            return query
        values = await _read(session, names)
        known = {name: _parsed(values.get(name), name) for name in names}
        query = _put_in(query, known)
        if len(list(islice(_leaves(query), KEYS_MAX + 1))) > KEYS_MAX:
            raise _undefined(names[0])
    names = _names(query)
    if names:
        raise _undefined(names[0])
    return query


def check_filter(entry: str, value: bytes | None) -> None:
    """RFC 5466 §3.2: what is stored as a filter has to be a search; Refusal."""
    if value is None or not entry.startswith(ROOTS):
        return
    try:
        _parse(value)
    except Syntax as error:
        raise Refusal(no(f"Not a search: {error.message}", Code.CANNOT)) from None


def _put_in(query: Query, known: Mapping[str, Query]) -> Query:
    return map_leaves(query, lambda key: known[key.name] if isinstance(key, Named) else key)


async def _read(session: Session, names: list[str]) -> dict[str, bytes]:
    user = session.principal.user.id if session.principal is not None else UserId(0)
    wanted = Wanted(tuple(root + name for name in names for root in ROOTS))
    notes = await read_annotations(session.services.folders.store, SERVER, user, wanted)
    found = {note.entry: note.value for note in notes}
    return {name: found[root + name] for root in reversed(ROOTS) for name in names if root + name in found}


def _parsed(value: bytes | None, name: str) -> Query:
    try:
        if value is not None:
            return _parse(value)
    except Syntax:
        pass
    raise _undefined(name)


def _parse(value: bytes) -> Query:
    """RFC 5466 §2: search keys in UTF-8."""
    return Keys(Cursor(value), DEFAULT_CHARSET).all()


def _undefined(name: str) -> Refusal:
    return Refusal(no("There is no such filter", b"UNDEFINED-FILTER " + name.encode("ascii")))


def _names(query: Query) -> list[str]:
    return list(dict.fromkeys(key.name for key in islice(_leaves(query), KEYS_MAX) if isinstance(key, Named)))


def _leaves(query: Query) -> Iterator[Query]:
    waiting = [query]
    while waiting:
        match waiting.pop():
            case And(keys):
                waiting += keys
            case Or(left, right):
                waiting += (left, right)
            case Not(key) | Fuzzy(key):
                waiting.append(key)
            case leaf:
                yield leaf
