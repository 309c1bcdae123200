"""SEARCH and its kin as frozen values: SORT, THREAD, ESEARCH, CANCELUPDATE."""

from dataclasses import dataclass
from enum import Enum

from mailstead.ground.model.query import Query
from mailstead.ground.model.sorting import SortBy, Threading


class ResultOption(Enum):
    """What RETURN asks for (RFC 9051 §6.4.4; SAVE: RFC 5182; RELEVANCY: RFC 6203; others: RFC 5267)."""

    MIN = b"MIN"
    MAX = b"MAX"
    ALL = b"ALL"
    COUNT = b"COUNT"
    SAVE = b"SAVE"
    PARTIAL = b"PARTIAL"
    CONTEXT = b"CONTEXT"
    UPDATE = b"UPDATE"
    RELEVANCY = b"RELEVANCY"


class ContextChange(Enum):
    """RFC 5267 §4.3: how a result that is kept up to date has changed."""

    ADDTO = b"ADDTO"
    REMOVEFROM = b"REMOVEFROM"


@dataclass(frozen=True, slots=True)
class Window:
    """PARTIAL: places in the result, both from its beginning (1 and on) or both from its end (-1 and before)."""

    first: int
    last: int

    def __str__(self) -> str:
        """RFC 5267 §5: 500:400 is the same as 400:500, and is told so; -1:-100 begins at the end."""
        first, last = sorted((self.first, self.last), key=abs)
        return f"{first}:{last}"

    def cut(self, size: int) -> tuple[int, int]:
        """The slice of a result of this size."""
        low, high = sorted((self.first, self.last))
        if low > 0:
            return min(low - 1, size), min(high, size)
        return max(size + low, 0), max(size + high + 1, 0)


@dataclass(frozen=True, slots=True)
class Returns:
    """RETURN (...); `window` goes with PARTIAL."""

    options: frozenset[ResultOption]
    window: Window | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """`returns` is None without RETURN (rev1 answers SEARCH, rev2 ESEARCH with ALL); RETURN () is ALL."""

    query: Query
    returns: Returns | None = None
    by_uid: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Sort:
    """RFC 5256 §3; with `returns` RFC 5267 §3."""

    criteria: tuple[SortBy, ...]
    query: Query
    returns: Returns | None = None
    by_uid: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Thread:
    """RFC 5256 §3."""

    threading: Threading
    query: Query
    by_uid: bool = False


class Source(Enum):
    """Which folders ESEARCH looks into (RFC 7377 §2.2, RFC 5465 §6)."""

    SELECTED = b"SELECTED"
    INBOXES = b"INBOXES"
    PERSONAL = b"PERSONAL"
    SUBSCRIBED = b"SUBSCRIBED"
    SUBTREE = b"SUBTREE"
    SUBTREE_ONE = b"SUBTREE-ONE"
    MAILBOXES = b"MAILBOXES"


@dataclass(frozen=True, slots=True)
class Place:
    """A source with its folders: only SUBTREE, SUBTREE-ONE and MAILBOXES have some."""

    source: Source
    folders: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class MultiSearch:
    """ESEARCH (RFC 7377); without IN the selected folder."""

    places: tuple[Place, ...]
    query: Query
    returns: Returns


@dataclass(frozen=True, slots=True)
class CancelUpdate:
    """RFC 5267 §4.3.5: the tags of searches."""

    tags: tuple[bytes, ...]
