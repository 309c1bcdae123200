"""The full-text index: where a text may stand, in no time. It may lag, vanish and be built anew; rows are the truth.

It holds for every account up to which of its events all letters are in it (`Mark`), and is written by one duty alone.
What it does not know, or cannot say, the caller reads for himself.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple, Protocol

from mailstead.ground.model.ids import AccountId, BlobId, MessageId, ModSeq

NEEDLE_MIN = 3
"""Characters of the shortest text that the index can look for."""


class Part(Enum):
    """Where in a letter."""

    HEAD = "head"
    BODY = "body"


class Kind(Enum):
    """What a text in the index is of: the immutable bytes of a letter, or the lines that were put before them."""

    BLOB = 0
    PREFIX = 1


class Key(NamedTuple):
    """Of an indexed text: a blob, or with Kind.PREFIX a message."""

    kind: Kind
    id: int


@dataclass(frozen=True, slots=True)
class Entry:
    """What is stored for a key. Where `odd` names a part, it is a candidate for every search of that part."""

    key: Key
    head: str
    body: str
    odd: frozenset[Part] = frozenset()


@dataclass(frozen=True, slots=True)
class Mark:
    """All letters that an account had at `modseq` are in the index.

    With `walk` only those up to this folder and UID: the first pass over what was there before is under way.
    """

    modseq: ModSeq
    walk: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True)
class Matches:
    """Where a needle stands for certain, and where it may stand."""

    sure_blobs: Sequence[BlobId]
    odd_blobs: Sequence[BlobId]
    sure_prefixes: Sequence[MessageId]
    odd_prefixes: Sequence[MessageId]


class FullText(Protocol):
    """Reads run on the loop in pieces that give way. None means: no index just now, read everything."""

    def mark(self, account: AccountId) -> Mark | None:
        """How far an account is indexed; None if nothing of it is."""

    def epoch(self) -> int | None:
        """Another one means that the index was emptied meanwhile: what was read from it is void."""

    async def find(self, part: Part, needle: str, most: int) -> Matches | None:
        """Where this folded text stands; None also if that is in more than `most` places."""


class FullTextWrites(FullText, Protocol):
    """For the one duty that fills it."""

    async def prepare(self, stamp: str) -> None:
        """Open it for writing; make it anew if it is broken, or was written under another stamp."""

    def known(self, keys: Sequence[Key]) -> set[Key]:
        """Those that are in it."""

    async def write(self, epoch: int, entries: Sequence[Entry], marks: Sequence[tuple[AccountId, Mark]]) -> None:
        """Add what is not known yet and set the marks, all or nothing; nothing if the epoch is another."""

    def keys(self, after: int, limit: int) -> tuple[list[Key], int]:
        """Some keys past a position, and where to go on (0: no more)."""

    async def remove(self, keys: Sequence[Key]) -> None: ...

    async def reset(self) -> None:
        """Forget everything."""
