"""What one transaction will file: frozen before its unit, which may run more than once."""

from dataclasses import dataclass
from enum import Enum

from mailstead.ground.model.address import Address
from mailstead.ground.model.envelope import Client, Envelope, Recipient
from mailstead.ground.model.ids import AccountId, Instant, MessageId, SpoolId
from mailstead.services.accounts.resolve import Target
from mailstead.services.folders.incoming import Letter


@dataclass(frozen=True, slots=True)
class Accepted:
    """A recipient that was judged: its accounts here, those that had no room at RCPT, and its addresses elsewhere."""

    recipient: Recipient
    targets: tuple[Target, ...]
    full: tuple[Target, ...] = ()
    abroad: tuple[Address, ...] = ()


class Fate(Enum):
    """Of one account in one unit."""

    FILED = 1
    GONE = 2
    FULL = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Copy:
    """One account that gets the letter, however many of the recipients mean it."""

    account_id: AccountId
    message_id: MessageId
    story: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Everything the unit needs."""

    id: int
    letter: Letter
    envelope: Envelope
    client: Client
    accepted: tuple[Accepted, ...]
    copies: tuple[Copy, ...]  # by ascending account
    prefix: bytes
    bounce_ids: tuple[SpoolId, ...]  # one for each recipient
    now: Instant
    keep_quota: bool  # True: an account without room refuses (LMTP); False: it was judged at RCPT, filing counts only
    may_refuse_each: bool  # True: the reply tells each recipient's fate (LMTP); False: what is left out needs a bounce

    @property
    def size(self) -> int:
        """Of the message as its readers see it."""
        return len(self.prefix) + self.letter.staged.size
