"""Hooks, and what those are still to be told that hear of filed letters."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from mailstead.ground.model.hook import Hook
from mailstead.ground.model.ids import AccountId, BlobId, Instant, MessageId, ModSeq


@dataclass(frozen=True, slots=True, kw_only=True)
class Cursor:
    """How far one account was followed. Ids rise with time, but a letter may be filed a moment after a later one: past
    `message_id` everything is new, and a little before it what is not among `seen`."""

    account_id: AccountId
    modseq: ModSeq
    message_id: MessageId
    seen: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Errand:
    """A filed letter that a hook has to hear of."""

    hook: str
    message_id: MessageId
    account_id: AccountId
    due_at: Instant
    attempts: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class FiledLetter:
    """What is told of it. It is junk where it lies with junk alone."""

    address: str  # of its account
    blob_id: BlobId
    prefix: bytes
    is_junk: bool


class HookReads(Protocol):
    """`policies.mark` moves with each change of a hook, too."""

    async def list_hooks(self) -> list[Hook]:
        """All, by name."""

    async def find_hook(self, name: str) -> Hook | None: ...
    async def list_cursors(self, after: AccountId, limit: int = 500) -> list[Cursor]:
        """By account."""

    async def letters_filed(self, account: AccountId, after: MessageId, limit: int = 500) -> list[MessageId]:
        """By delivery, in the order of their ids: what people store, copy or move is not among them."""

    async def due_errands(self, now: Instant, limit: int = 50) -> list[Errand]:
        """The longest due first."""

    async def filed_letter(self, message: MessageId) -> FiledLetter | None:
        """None once it is gone."""


class HookWrites(HookReads, Protocol):
    """No account is touched: nobody reads what is written here by its modseq."""

    async def put_hook(self, hook: Hook) -> None:
        """Set or replace."""

    async def drop_hook(self, name: str) -> bool:
        """With its errands; False if there was none."""

    async def follow(self, cursor: Cursor, errands: Sequence[Errand]) -> None:
        """Remember how far an account was followed, and what that gave to do."""

    async def put_off(self, errand: Errand) -> None:
        """Until its new `due_at`, with its new count."""

    async def drop_errand(self, errand: Errand) -> None:
        """Done, or given up."""
