"""Questions to the DNS of code that does no IO: a generator yields them and is sent what was found.

It is a pure function of the answers: who runs it decides whom to ask, for how long, and how often.
"""

from collections.abc import Generator
from dataclasses import dataclass
from enum import Enum
from typing import TypeVar

T = TypeVar("T")


class Kind(Enum):
    """Types of records."""

    A = "A"
    AAAA = "AAAA"
    MX = "MX"
    PTR = "PTR"
    TXT = "TXT"


@dataclass(frozen=True, slots=True)
class Question:
    """`name` is a domain name; of PTR the address itself."""

    kind: Kind
    name: str


@dataclass(frozen=True, slots=True)
class Found:
    """Addresses, names (of MX by preference), or texts: each octet of a TXT record is one character here.

    `exists` is False for NXDOMAIN.
    """

    records: tuple[str, ...] = ()
    exists: bool = True


Asking = Generator[Question, Found | None, T]
"""Is sent None where there is no answer for now."""
