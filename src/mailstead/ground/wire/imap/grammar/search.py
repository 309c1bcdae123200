"""SEARCH (RFC 9051 §6.4.4, RFC 3501 §6.4.4, RFC 4731): keys to a tree of `model.query`, of bounded depth and size."""

from collections.abc import Callable
from datetime import date
from typing import Final

from mailstead.ground.model.flags import Flag
from mailstead.ground.model.query import (
    QUERY_DEPTH_MAX,
    All,
    And,
    DateOf,
    HasFlag,
    HasKeyword,
    InBody,
    InHeader,
    InText,
    IsRecent,
    Larger,
    Not,
    Numbers,
    OnDay,
    Or,
    Query,
    Smaller,
    Uids,
    When,
)
from mailstead.ground.wire.imap.command import ResultOption, Search
from mailstead.ground.wire.imap.dates import parse_date
from mailstead.ground.wire.imap.grammar.cursor import Cursor
from mailstead.ground.wire.imap.grammar.flags import parse_keyword
from mailstead.ground.wire.imap.syntax import CHARSETS, BadCharset, Syntax

KEYS_MAX: Final = 2000

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
    b"UID": _uids,
}
"""RFC 9051 §6.4.4; NEW, OLD, RECENT are RFC 3501's. An extension adds a row."""


def parse_search(cursor: Cursor, *, by_uid: bool = False) -> Search:
    """SEARCH [RETURN (...)] [CHARSET name] keys."""
    cursor.space()
    returns = None
    charset = "UTF-8"  # RFC 9051 §6.4.4; what rev1 assumes, US-ASCII, is part of it
    if _skip_word(cursor, b"RETURN"):
        returns = frozenset(cursor.items(_result_option)) or frozenset((ResultOption.ALL,))
        cursor.space()
    if _skip_word(cursor, b"CHARSET"):
        charset = _charset(cursor.astring("a charset"))
        cursor.space()
    return Search(query=Keys(cursor, charset).all(), returns=returns, by_uid=by_uid)


def _skip_word(cursor: Cursor, word: bytes) -> bool:
    stop = cursor.pos + len(word)
    if cursor.data[cursor.pos : stop].upper() != word or cursor.data[stop : stop + 1] not in (b" ", b"("):
        return False
    cursor.pos = stop
    cursor.space()
    return True


def _result_option(cursor: Cursor) -> ResultOption:
    option = _RESULTS.get(cursor.atom("a result option"))
    if option is None:
        raise Syntax("Unknown result option")
    return option


def _charset(raw: bytes) -> str:
    name = raw.decode("ascii", "replace").upper()
    if name not in CHARSETS:
        raise BadCharset("The charset is not known here")
    return name
