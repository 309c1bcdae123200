"""SORT, THREAD (RFC 5256, RFC 5267 §3), ESEARCH (RFC 7377) and CANCELUPDATE (RFC 5267 §4.3.5)."""

from typing import Final

from mailstead.ground.model.query import is_fuzzy
from mailstead.ground.model.sorting import SortBy, SortKey, Threading
from mailstead.ground.wire.imap.grammar.cursor import Cursor
from mailstead.ground.wire.imap.grammar.search import (
    Keys,
    parse_charset,
    parse_program,
    parse_returns,
    require_fuzzy,
    skip_word,
)
from mailstead.ground.wire.imap.searching import (
    CancelUpdate,
    MultiSearch,
    Place,
    ResultOption,
    Returns,
    Sort,
    Source,
    Thread,
)
from mailstead.ground.wire.imap.syntax import Syntax

CRITERIA_MAX: Final = 20
PLACES_MAX: Final = 1_000
TAGS_MAX: Final = 100

_KEYS: Final = {key.value.encode(): key for key in SortKey}
_THREADINGS: Final = {threading.value.encode(): threading for threading in Threading}
_SOURCES: Final = {source.value: source for source in Source}
_WITH_FOLDERS: Final = frozenset({Source.SUBTREE, Source.SUBTREE_ONE, Source.MAILBOXES})


def parse_sort(cursor: Cursor, *, by_uid: bool = False) -> Sort:
    """SORT [RETURN (...)] (criteria) charset keys."""
    cursor.space()
    returns = parse_returns(cursor)
    criteria = tuple(cursor.items(_criterion, limit=CRITERIA_MAX))
    if not criteria:
        raise Syntax("The list of sort criteria is empty")
    cursor.space()
    charset = parse_charset(cursor)
    cursor.space()
    query = Keys(cursor, charset).all()
    require_fuzzy(query, returns)
    if any(by.key is SortKey.RELEVANCY for by in criteria) and not is_fuzzy(query):
        raise Syntax("RELEVANCY needs a FUZZY search key")  # RFC 6203 §6
    return Sort(criteria=criteria, query=query, returns=returns, by_uid=by_uid)


def _criterion(cursor: Cursor) -> SortBy:
    name = cursor.atom("a sort criterion")
    is_reverse = name == b"REVERSE"
    if is_reverse:
        cursor.space()
        name = cursor.atom("a sort criterion")
    key = _KEYS.get(name)
    if key is None:
        raise Syntax("Unknown sort criterion")
    return SortBy(key, is_reverse)


def parse_thread(cursor: Cursor, *, by_uid: bool = False) -> Thread:
    """THREAD algorithm charset keys."""
    cursor.space()
    threading = _THREADINGS.get(cursor.atom("a threading algorithm"))
    if threading is None:
        raise Syntax("Unknown threading algorithm")
    cursor.space()
    charset = parse_charset(cursor)
    cursor.space()
    return Thread(threading=threading, query=Keys(cursor, charset).all(), by_uid=by_uid)


def parse_esearch(cursor: Cursor) -> MultiSearch:
    """ESEARCH [IN (sources)] [RETURN (...)] [CHARSET name] keys."""
    cursor.space()
    places: tuple[Place, ...] = (Place(Source.SELECTED),)
    if skip_word(cursor, b"IN"):
        places = _places(cursor)
        cursor.space()
    returns = parse_returns(cursor) or Returns(frozenset((ResultOption.ALL,)))
    query = parse_program(cursor)
    require_fuzzy(query, returns)
    return MultiSearch(places=places, query=query, returns=returns)


def _places(cursor: Cursor) -> tuple[Place, ...]:
    """RFC 7377 §4: source-mbox, and scope options, of which none is defined."""
    places = tuple(cursor.items(_place, limit=PLACES_MAX))
    if not places:
        raise Syntax("The list of sources is empty")
    return places


def _place(cursor: Cursor) -> Place:
    source = _SOURCES.get(cursor.atom("a source of messages"))
    if source is None:
        raise Syntax("Unknown source of messages")
    if source not in _WITH_FOLDERS:
        return Place(source)
    cursor.space()
    if not cursor.has(b"("):
        return Place(source, (cursor.folder(),))
    folders = cursor.items(Cursor.folder, limit=PLACES_MAX)
    if not folders:
        raise Syntax("The list of folders is empty")
    return Place(source, tuple(folders))


def parse_cancelupdate(cursor: Cursor) -> CancelUpdate:
    """CANCELUPDATE 1*(SP quoted)."""
    tags = []
    while not cursor.at_end():
        tags.append(cursor.astring("the tag of a search"))
        if len(tags) > TAGS_MAX:
            raise Syntax(f"More than {TAGS_MAX} tags")
    if not tags:
        raise Syntax("The tag of a search expected")
    return CancelUpdate(tuple(tags))
