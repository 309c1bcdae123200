"""Flags and keywords of a placement (RFC 9051 §2.3.2). System flags are bits, keywords are words."""

from dataclasses import dataclass
from enum import Enum, IntFlag
from typing import Final


class Flag(IntFlag):
    """The system flags; the bit values are stored and never change."""

    NONE = 0
    SEEN = 1
    ANSWERED = 2
    FLAGGED = 4
    DELETED = 8
    DRAFT = 16


ALL_FLAGS: Final = Flag.SEEN | Flag.ANSWERED | Flag.FLAGGED | Flag.DELETED | Flag.DRAFT
KEYWORDS_MAX: Final = 64
"""Keywords on one placement."""
KEYWORD_LENGTH_MAX: Final = 128


@dataclass(frozen=True, slots=True)
class Flags:
    """What a placement carries: bits, and keywords sorted and joined by single spaces ('' for none)."""

    bits: Flag = Flag.NONE
    keywords: str = ""

    @classmethod
    def of(cls, bits: Flag = Flag.NONE, keywords: tuple[str, ...] = ()) -> "Flags":
        """Normalise: keywords without doubles (compared without case, RFC 9051 §2.3.2), in a fixed order."""
        unique = {word.lower(): word for word in reversed(keywords)}
        return cls(bits, " ".join(unique[key] for key in sorted(unique)))

    @property
    def words(self) -> tuple[str, ...]:
        """The keywords one by one."""
        return tuple(self.keywords.split(" ")) if self.keywords else ()


NO_FLAGS: Final = Flags()


class FlagOp(Enum):
    """How a STORE changes what is there (RFC 9051 §6.4.6)."""

    REPLACE = "replace"
    ADD = "add"
    REMOVE = "remove"


def apply_flags(old: Flags, op: FlagOp, change: Flags) -> Flags:
    """The flags after one STORE."""
    match op:
        case FlagOp.REPLACE:
            return change
        case FlagOp.ADD:
            return Flags.of(old.bits | change.bits, old.words + change.words)
        case FlagOp.REMOVE:
            gone = {word.lower() for word in change.words}
            return Flags.of(old.bits & ~change.bits, tuple(word for word in old.words if word.lower() not in gone))
