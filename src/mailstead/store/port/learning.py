"""What our own spam filter learned: weights by scope, lessons that can be taken back, who is known for what."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Final, Protocol

from mailstead.ground.model.ids import AccountId, Instant, ModSeq

EVERYBODY: Final = AccountId(0)
"""The scope of what is shared."""


@dataclass(frozen=True, slots=True)
class LoreMark:
    """Of a scope: its version and how many letters it was taught."""

    version: int = 0
    tokens: int = 0
    spam: int = 0
    ham: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredLesson:
    """What was learned of a letter. `letter` is a name that no other letter of the account has."""

    account_id: AccountId
    letter: str
    is_spam: bool
    shared_step: int
    own_step: int
    at: Instant


class Kind(Enum):
    """What a reputation is of."""

    NETWORK = "network"
    SITE = "site"  # a domain that vouched for the letter
    SENDER = "sender"  # an address that its domain vouched for
    CLAIMED = "claimed"  # an address that nobody vouched for


@dataclass(frozen=True, slots=True)
class Name:
    """Whose reputation."""

    kind: Kind
    name: str


@dataclass(frozen=True, slots=True)
class Standing:
    """Letters that were wanted and that were junk, in thousandths; halved each month from `at` on."""

    good: int = 0
    bad: int = 0
    at: Instant = Instant(0)  # noqa: RUF009 - a NewType makes nothing


class LearningReads(Protocol):
    """Scopes are accounts, or EVERYBODY."""

    async def mark(self, scope: AccountId) -> LoreMark:
        """All zero if nothing was learned."""

    async def pages(self, scope: AccountId, *, after: int) -> list[tuple[int, bytes]]:
        """Those written past a version, by number; at most 256, which is all there are."""

    async def find_lesson(self, account: AccountId, letter: str) -> StoredLesson | None: ...

    async def standing(self, account: AccountId, name: Name) -> Standing:
        """As it was when it was last counted."""

    async def count_sent(self, account: AccountId, letters: Sequence[int]) -> int:
        """How many of these the account sent; hashes of Message-IDs."""

    async def cursor(self, account: AccountId) -> ModSeq | None:
        """How far its moves were followed; None: never yet."""


class LearningWrites(LearningReads, Protocol):
    """Within units. Hold scopes in ascending order: that is how deadlocks are avoided."""

    async def hold(self, scope: AccountId, *, tokens: int, spam: int, ham: int) -> LoreMark:
        """The next version, with so many letters more or fewer. What was learned by other tokens is dropped."""

    async def add_to_pages(self, scope: AccountId, version: int, steps: Mapping[int, Mapping[int, int]]) -> None:
        """What to add, by page and by cell of the page."""

    async def put_lesson(self, lesson: StoredLesson) -> None:
        """In place of the one before."""

    async def drop_lesson(self, account: AccountId, letter: str) -> None: ...
    async def put_standing(self, account: AccountId, name: Name, standing: Standing) -> None: ...
    async def note_sent(self, account: AccountId, letters: Sequence[int], now: Instant) -> None:
        """The account sent them; those that are known stay as they are."""

    async def set_cursor(self, account: AccountId, modseq: ModSeq) -> None: ...
    async def forget_scope(self, scope: AccountId) -> None:
        """Everything that was learned of it."""

    async def forget_lessons(self, *, before: Instant, limit: int) -> int:
        """How many went: they cannot be taken back any more."""

    async def forget_known(self, *, before: Instant, limit: int) -> int:
        """Reputations that were not counted since, and letters sent before; how many went."""

    async def forget_orphans(self, *, limit: int) -> int:
        """What was learned of accounts that are no more; how many rows went of each kind at most `limit`."""
