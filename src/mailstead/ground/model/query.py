"""What to look for in a folder: one tree of frozen keys, for SEARCH (RFC 9051 §6.4.4) and all else that searches."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from enum import Enum
from typing import Final

from mailstead.ground.model.flags import Flag
from mailstead.ground.model.sequence import SequenceSet

QUERY_DEPTH_MAX: Final = 50


@dataclass(frozen=True, slots=True)
class All:
    """Every message."""


@dataclass(frozen=True, slots=True)
class And:
    """All of them; at least two."""

    keys: "tuple[Query, ...]"


@dataclass(frozen=True, slots=True)
class Or:
    """One of two or both."""

    left: "Query"
    right: "Query"


@dataclass(frozen=True, slots=True)
class Not:
    """The others."""

    key: "Query"


@dataclass(frozen=True, slots=True)
class HasFlag:
    """Carries this one system flag."""

    flag: Flag


@dataclass(frozen=True, slots=True)
class HasKeyword:
    """Carries this keyword, compared without case."""

    word: str


@dataclass(frozen=True, slots=True)
class IsRecent:
    """RFC 3501 §2.3.2: first seen by this session. NEW is IsRecent and not SEEN, OLD is Not(IsRecent)."""


@dataclass(frozen=True, slots=True)
class InHeader:
    """A field of this name (lower case) holds this text, compared without case; '' asks only whether it is there."""

    name: str
    text: str


@dataclass(frozen=True, slots=True)
class InText:
    """Header or body holds this text."""

    text: str


@dataclass(frozen=True, slots=True)
class InBody:
    """The body holds this text."""

    text: str


@dataclass(frozen=True, slots=True)
class Larger:
    """More than so many bytes."""

    size: int


@dataclass(frozen=True, slots=True)
class Smaller:
    """Less than so many bytes."""

    size: int


class DateOf(Enum):
    """Which date of a message; time and zone are disregarded (RFC 9051 §6.4.4)."""

    ARRIVAL = "internal date"
    SAVED = "save date"  # RFC 8514
    SENT = "Date field"


class When(Enum):
    """How it lies to the day: earlier, on it, on it or later."""

    BEFORE = "before"
    ON = "on"
    SINCE = "since"


@dataclass(frozen=True, slots=True)
class OnDay:
    """A date of the message compared with a day."""

    which: DateOf
    when: When
    day: date


@dataclass(frozen=True, slots=True)
class Aged:
    """RFC 5032: arrived at least (`is_older`), or at most so many seconds ago."""

    seconds: int
    is_older: bool


@dataclass(frozen=True, slots=True)
class ChangedFrom:
    """RFC 7162 §3.1.5: with this modseq or a greater one."""

    modseq: int


@dataclass(frozen=True, slots=True)
class HasOrigin:
    """RFC 8474 §6: this message, or a copy of it."""

    origin_id: int


@dataclass(frozen=True, slots=True)
class Numbers:
    """Message numbers in the session's view."""

    numbers: SequenceSet


@dataclass(frozen=True, slots=True)
class Uids:
    """UIDs of the folder."""

    uids: SequenceSet


@dataclass(frozen=True, slots=True)
class Fuzzy:
    """RFC 6203: the texts in this key are compared loosely."""

    key: "Query"


@dataclass(frozen=True, slots=True)
class Named:
    """RFC 5466: a search that is stored under this name (lower case); whoever searches has put it in before."""

    name: str


def is_fuzzy(query: "Query") -> bool:
    """True if FUZZY stands somewhere in it."""
    match query:
        case And(keys):
            return any(map(is_fuzzy, keys))
        case Or(left, right):
            return is_fuzzy(left) or is_fuzzy(right)
        case Not(key):
            return is_fuzzy(key)
        case _:
            return isinstance(query, Fuzzy)


def asks_modseq(query: "Query") -> bool:
    """True if MODSEQ stands somewhere in it."""
    match query:
        case And(keys):
            return any(map(asks_modseq, keys))
        case Or(left, right):
            return asks_modseq(left) or asks_modseq(right)
        case Not(key) | Fuzzy(key):
            return asks_modseq(key)
        case _:
            return isinstance(query, ChangedFrom)


def map_leaves(query: "Query", change: Callable[["Query"], "Query"]) -> "Query":
    """The same tree with each key that holds no others replaced."""
    match query:
        case And(keys):
            return And(tuple(map_leaves(key, change) for key in keys))
        case Or(left, right):
            return Or(map_leaves(left, change), map_leaves(right, change))
        case Not(key):
            return Not(map_leaves(key, change))
        case Fuzzy(key):
            return Fuzzy(map_leaves(key, change))
        case _:
            return change(query)


Query = (
    All | And | Or | Not | HasFlag | HasKeyword | IsRecent | InHeader | InText | InBody
    | Larger | Smaller | OnDay | Aged | ChangedFrom | HasOrigin | Numbers | Uids | Fuzzy | Named
)  # fmt: skip
