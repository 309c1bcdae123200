"""In which order messages are told: the keys of SORT and the ways to thread (RFC 5256, RFC 5957, RFC 6203 §6)."""

from dataclasses import dataclass, field
from enum import Enum


class SortKey(Enum):
    """RFC 5256 §3; DISPLAYFROM and DISPLAYTO are RFC 5957's, RELEVANCY is RFC 6203's."""

    ARRIVAL = "ARRIVAL"
    CC = "CC"
    DATE = "DATE"
    FROM = "FROM"
    SIZE = "SIZE"
    SUBJECT = "SUBJECT"
    TO = "TO"
    DISPLAYFROM = "DISPLAYFROM"
    DISPLAYTO = "DISPLAYTO"
    RELEVANCY = "RELEVANCY"


@dataclass(frozen=True, slots=True)
class SortBy:
    """One criterion."""

    key: SortKey
    is_reverse: bool = False


class Threading(Enum):
    """RFC 5256 §3; REFS is draft-ietf-morg-inthread's."""

    ORDEREDSUBJECT = "ORDEREDSUBJECT"
    REFERENCES = "REFERENCES"
    REFS = "REFS"


@dataclass(slots=True, eq=False)
class Thread:
    """A message with what answers it; `uid` is 0 for a common parent that is not among the messages."""

    uid: int
    children: "list[Thread]" = field(default_factory=list, repr=False)
