"""What to look for in a folder: one tree of frozen keys, for SEARCH (RFC 9051 §6.4.4) and all else that searches."""

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
class Numbers:
    """Message numbers in the session's view."""

    numbers: SequenceSet


@dataclass(frozen=True, slots=True)
class Uids:
    """UIDs of the folder."""

    uids: SequenceSet


Query = (
    All | And | Or | Not | HasFlag | HasKeyword | IsRecent | InHeader | InText | InBody
    | Larger | Smaller | OnDay | Numbers | Uids
)  # fmt: skip
