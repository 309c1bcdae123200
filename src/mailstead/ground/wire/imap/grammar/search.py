"""SEARCH (RFC 9051 §6.4.4, RFC 3501 §6.4.4, RFC 4731): keys to a tree of `model.query`, of bounded depth and size."""

import re
from collections.abc import Callable
from datetime import date
from typing import Final

from mailstead.ground.model.flags import Flag
from mailstead.ground.model.query import (
    QUERY_DEPTH_MAX,
    Aged,
    All,
    And,
    ChangedFrom,
    DateOf,
    Fuzzy,
    HasFlag,
    HasKeyword,
    HasOrigin,
    InBody,
    InHeader,
    InText,
    IsRecent,
    Larger,
    Named,
    Not,
    Numbers,
    OnDay,
    Or,
    Query,
    Smaller,
    Uids,
    When,
    is_fuzzy,
)
from mailstead.ground.model.sequence import SequenceSet
from mailstead.ground.model.uidset import UID_MAX
from mailstead.ground.wire.imap.dates import parse_date
from mailstead.ground.wire.imap.grammar.cursor import Cursor
from mailstead.ground.wire.imap.grammar.flags import parse_keyword
from mailstead.ground.wire.imap.searching import ResultOption, Returns, Search, Window
from mailstead.ground.wire.imap.syntax import CHARSETS, BadCharset, Syntax

KEYS_MAX: Final = 2000
DEFAULT_CHARSET: Final = "UTF-8"  # RFC 9051 §6.4.4; what rev1 assumes, US-ASCII, is part of it
NOTHING: Final = Not(All())
_EMAIL_ID: Final = re.compile(rb"M([1-9]\d{0,17})")
_PARTIAL: Final = re.compile(rb"([1-9]\d{0,9}):([1-9]\d{0,9})|-([1-9]\d{0,9}):-([1-9]\d{0,9})")

_RESULTS: Final = {option.value: option for option in ResultOption}


class Keys:
    """The search keys still to read, with what they share."""

    __slots__ = ("charset", "cursor", "left")

    def __init__(self, cursor: Cursor, charset: str) -> None:
        self.cursor = cursor
        self.charset = charset
        self.left = KEYS_MAX

    def text(self) -> str:
        """SP astring in the command's charset."""
        self.cursor.space()
        try:
            return self.cursor.astring().decode(self.charset)
        except UnicodeDecodeError:
            raise Syntax(f"The text is not valid {self.charset}") from None

    def number(self) -> int:
        """SP number."""
        self.cursor.space()
        return self.cursor.number()

    def day(self) -> date:
        """SP date, quoted or not."""
        self.cursor.space()
        return parse_date(self.cursor.astring("a date"))

    def keyword(self) -> str:
        """SP flag-keyword."""
        self.cursor.space()
        return parse_keyword(self.cursor.word("a keyword"))

    def filter(self) -> Query:
        """SP filter-name. RFC 5466 §3.1: what is stored is in UTF-8, and no other charset goes with it."""
        if self.charset not in ("UTF-8", "US-ASCII"):
            raise BadCharset("FILTER goes with UTF-8 alone", is_fault=True)
        self.cursor.space()
        name = self.cursor.atom("the name of a filter").decode("ascii").lower()
        if "/" in name or "]" in name:
            raise Syntax("The name of a filter holds no / or ]")
        return Named(name)

    def key(self, depth: int) -> Query:
        """search-key."""
        cursor = self.cursor
        self.left -= 1
        if self.left < 0:
            raise Syntax(f"The search has more than {KEYS_MAX} keys")
        if depth > QUERY_DEPTH_MAX:
            raise Syntax(f"The search is more than {QUERY_DEPTH_MAX} levels deep")
        if cursor.has(b"("):
            return self._group(depth)
        first = cursor.data[cursor.pos : cursor.pos + 1]
        if first.isdigit() or first in (b"*", b"$"):
            return Numbers(cursor.sequence())
        name = cursor.atom("a search key")
        parse = KEYS.get(name)
        if parse is None:
            raise Syntax(f"There is no search key {name[:40].decode('ascii')}")
        return parse(self, depth)

    def _group(self, depth: int) -> Query:
        keys = self.cursor.items(lambda _: self.key(depth + 1), limit=KEYS_MAX)
        if not keys:
            raise Syntax("The group of search keys is empty")
        return keys[0] if len(keys) == 1 else And(tuple(keys))

    def spaced_key(self, depth: int) -> Query:
        """SP search-key, one level deeper."""
        self.cursor.space()
        return self.key(depth + 1)

    def all(self) -> Query:
        """All keys to the end of the command: each must hold."""
        keys = [self.key(1)]
        while not self.cursor.at_end():
            keys.append(self.key(1))
        return keys[0] if len(keys) == 1 else And(tuple(keys))


KeyParser = Callable[[Keys, int], Query]


def _constant(query: Query) -> KeyParser:
    return lambda _keys, _depth: query


def _field(name: str) -> KeyParser:
    return lambda keys, _depth: InHeader(name, keys.text())


def _on_day(which: DateOf, when: When) -> KeyParser:
    return lambda keys, _depth: OnDay(which, when, keys.day())


def _header(keys: Keys, _depth: int) -> Query:
    name = keys.text()
    return InHeader(name.lower(), keys.text())


def _or(keys: Keys, depth: int) -> Query:
    left = keys.spaced_key(depth)
    return Or(left, keys.spaced_key(depth))


def _uids(keys: Keys, _depth: int) -> Query:
    keys.cursor.space()
    return Uids(keys.cursor.sequence())


def _aged(keys: Keys, *, is_older: bool) -> Query:
    """RFC 5032 §3: an interval is not 0."""
    seconds = keys.number()
    if not seconds:
        raise Syntax("The interval must not be 0")
    return Aged(seconds, is_older)


def _modseq(keys: Keys, _depth: int) -> Query:
    """RFC 7162 §3.1.5: [SP entry-name SP entry-type-req] SP modseq. One modseq serves all flags and users."""
    keys.cursor.space()
    if keys.cursor.has(b'"'):
        name = keys.cursor.string()
        keys.cursor.space()
        if not name.lower().startswith(b"/flags/") or keys.cursor.atom() not in (b"ALL", b"SHARED", b"PRIV"):
            raise Syntax('An entry like "/flags/\\\\draft" with all, shared or priv expected')
        keys.cursor.space()
    return ChangedFrom(keys.cursor.number())


def _email_id(keys: Keys, _depth: int) -> Query:
    """RFC 8474 §6: ids are compared with case."""
    keys.cursor.space()
    match = _EMAIL_ID.fullmatch(keys.cursor.word("an id"))
    return NOTHING if match is None else HasOrigin(int(match[1]))


def _thread_id(keys: Keys, _depth: int) -> Query:
    """RFC 8474 §5.2: without thread ids nothing matches."""
    keys.cursor.space()
    keys.cursor.word("an id")
    return NOTHING


def _uid(keys: Keys) -> int:
    number = keys.number()
    if not 1 <= number <= UID_MAX:
        raise Syntax("A UID expected")
    return number


def _uid_after(keys: Keys, _depth: int) -> Query:
    uid = _uid(keys)
    return NOTHING if uid == UID_MAX else Uids(SequenceSet(((uid + 1, UID_MAX),)))


def _uid_before(keys: Keys, _depth: int) -> Query:
    uid = _uid(keys)
    return NOTHING if uid == 1 else Uids(SequenceSet(((1, uid - 1),)))


KEYS: Final[dict[bytes, KeyParser]] = {
    b"ALL": _constant(All()),
    **{flag.name.encode(): _constant(HasFlag(flag)) for flag in Flag if flag.name},
    **{b"UN" + flag.name.encode(): _constant(Not(HasFlag(flag))) for flag in Flag if flag.name},
    b"RECENT": _constant(IsRecent()),
    b"NEW": _constant(And((IsRecent(), Not(HasFlag(Flag.SEEN))))),
    b"OLD": _constant(Not(IsRecent())),
    b"KEYWORD": lambda keys, _: HasKeyword(keys.keyword()),
    b"UNKEYWORD": lambda keys, _: Not(HasKeyword(keys.keyword())),
    **{name.upper().encode(): _field(name) for name in ("bcc", "cc", "from", "subject", "to")},
    b"HEADER": _header,
    b"BODY": lambda keys, _: InBody(keys.text()),
    b"TEXT": lambda keys, _: InText(keys.text()),
    b"LARGER": lambda keys, _: Larger(keys.number()),
    b"SMALLER": lambda keys, _: Smaller(keys.number()),
    **{when.name.encode(): _on_day(DateOf.ARRIVAL, when) for when in When},
    **{b"SENT" + when.name.encode(): _on_day(DateOf.SENT, when) for when in When},
    b"NOT": lambda keys, depth: Not(keys.spaced_key(depth)),
    b"OR": _or,
    b"FILTER": lambda keys, _: keys.filter(),
    b"FUZZY": lambda keys, depth: Fuzzy(keys.spaced_key(depth)),
    b"UID": _uids,
    b"OLDER": lambda keys, _: _aged(keys, is_older=True),
    b"YOUNGER": lambda keys, _: _aged(keys, is_older=False),
    **{b"SAVED" + when.name.encode(): _on_day(DateOf.SAVED, when) for when in When},
    b"SAVEDATESUPPORTED": _constant(All()),
    b"MODSEQ": _modseq,
    b"EMAILID": _email_id,
    b"THREADID": _thread_id,
    b"UIDAFTER": _uid_after,
    b"UIDBEFORE": _uid_before,
}
"""RFC 9051 §6.4.4; NEW, OLD, RECENT are RFC 3501's, FUZZY is RFC 6203's, OLDER and YOUNGER RFC 5032's, SAVED... RFC
8514's, MODSEQ RFC 7162's, EMAILID and THREADID RFC 8474's, UIDAFTER and UIDBEFORE RFC 9738's. An extension adds a row.
"""


def parse_search(cursor: Cursor, *, by_uid: bool = False) -> Search:
    """SEARCH [RETURN (...)] [CHARSET name] keys."""
    cursor.space()
    returns = parse_returns(cursor)
    query = parse_program(cursor)
    require_fuzzy(query, returns)
    return Search(query=query, returns=returns, by_uid=by_uid)


def parse_returns(cursor: Cursor) -> Returns | None:
    """[RETURN (...) SP]; RETURN () is ALL. RFC 5267 §4.4: ALL and PARTIAL, or PARTIAL twice, do not go together."""
    if not skip_word(cursor, b"RETURN"):
        return None
    pairs = cursor.items(_result_option)
    cursor.space()
    options = frozenset(option for option, _ in pairs)
    windows = [window for _, window in pairs if window is not None]
    if len(windows) > 1 or (windows and ResultOption.ALL in options):
        raise Syntax("One PARTIAL or ALL, not more of them")
    return Returns(options or frozenset((ResultOption.ALL,)), windows[0] if windows else None)


def parse_program(cursor: Cursor) -> Query:
    """[CHARSET name SP] keys."""
    charset = DEFAULT_CHARSET
    if skip_word(cursor, b"CHARSET"):
        charset = parse_charset(cursor)
        cursor.space()
    return Keys(cursor, charset).all()


def require_fuzzy(query: Query, returns: Returns | None) -> None:
    """RFC 6203 §4: no RELEVANCY without FUZZY."""
    if returns is not None and ResultOption.RELEVANCY in returns.options and not is_fuzzy(query):
        raise Syntax("RELEVANCY needs a FUZZY search key")


def skip_word(cursor: Cursor, word: bytes) -> bool:
    """Pass over this word and the space behind it if it is here."""
    stop = cursor.pos + len(word)
    if cursor.data[cursor.pos : stop].upper() != word or cursor.data[stop : stop + 1] not in (b" ", b"("):
        return False
    cursor.pos = stop
    cursor.space()
    return True


def _result_option(cursor: Cursor) -> tuple[ResultOption, Window | None]:
    option = _RESULTS.get(cursor.atom("a result option"))
    if option is None:
        raise Syntax("Unknown result option")
    if option is not ResultOption.PARTIAL:
        return option, None
    cursor.space()
    match = _PARTIAL.fullmatch(cursor.word("a range of results"))
    if match is None:
        raise Syntax("A range of results like 1:100 or -1:-100 expected")
    first, last, first_from_end, last_from_end = match.groups()
    if first:
        return option, Window(int(first), int(last))
    return option, Window(-int(first_from_end), -int(last_from_end))


def parse_charset(cursor: Cursor) -> str:
    """One of CHARSETS, or `BadCharset`."""
    name = cursor.astring("a charset").decode("ascii", "replace").upper()
    if name not in CHARSETS:
        raise BadCharset("The charset is not known here")
    return name
