"""What is left of mail that was refused, and where a letter that was filed lies by now."""

from dataclasses import dataclass
from typing import NamedTuple, Protocol

from mailstead.ground.model.ids import AccountId, Instant, MessageId


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """Before anything was filed. `domain`: of the recipient, "" before there was one. The keys are hashes of the names
    that people find it by, 0 for none; they are not read back. `detail` is JSON."""

    at: Instant
    domain: str
    detail: bytes
    id: int = 0  # given by the store
    sender_key: int = 0
    recipient_key: int = 0
    client_key: int = 0
    letter_key: int = 0
    session_key: int = 0


class RefusalMark(NamedTuple):
    """A place in the order of a domain's refusals; one with a moment alone comes before those of that moment."""

    at: Instant
    id: int = 0


class Whereabouts(NamedTuple):
    """A folder that holds the letter, or a copy of it in the same account."""

    folder: str
    since: Instant


class TrailReads(Protocol):
    """Latest first."""

    async def find_refusals(self, key: int, limit: int = 100) -> list[Refusal]:
        """Whose sender, recipient, client, Message-ID or session has that key."""

    async def walk_refusals(self, domain: str, since: Instant, before: RefusalMark, limit: int = 500) -> list[Refusal]:
        """Of one domain from a mark backwards in time; go on by giving the mark of the last one."""

    async def find_folders(self, account: AccountId, message: int, limit: int = 20) -> list[Whereabouts]: ...


class TrailWrites(TrailReads, Protocol):
    """Within units; each step of forgetting gives how many rows went, 0 when done."""

    async def insert_refusals(self, refusals: list[Refusal]) -> None:
        """Flushed each second from a bounded buffer."""

    async def forget_traces_of(self, domain: str, before: Instant, below: MessageId, limit: int = 500) -> int:
        """Of the accounts of a domain. `below`: messages made at `before` have higher numbers."""

    async def forget_refusals_of(self, domain: str, before: Instant, limit: int = 500) -> int: ...

    async def forget_surplus(self, most: int, limit: int = 500) -> int:
        """Refusals but for the latest `most`, holes counted in."""
