"""What one transaction will file: frozen before its unit, which may run more than once."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Final

from mailstead.ground.model.envelope import Client, Envelope, Recipient
from mailstead.ground.model.flags import NO_FLAGS, Flags
from mailstead.ground.model.ids import AccountId, Instant, MessageId, SpoolId
from mailstead.ground.model.quarantine import Custody, KeptLetter
from mailstead.services.accounts.resolve import Abroad, Target
from mailstead.services.folders.incoming import Letter
from mailstead.services.spool.outbox import Bundle
from mailstead.services.spool.spooling import Held, Sending
from mailstead.services.spool.terms import Terms
from mailstead.store.port import Tx

Facts = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Treatment:
    """What the checks want done with a letter for one recipient, and what its trace tells of them."""

    added: bytes = b""  # fields that say why
    is_aside: bool = False  # filed as junk
    facts: Facts = field(default_factory=dict)
    marks: Flags = NO_FLAGS
    custody: Custody | None = None  # then it is kept, and nothing of it is filed or sent on


USUAL: Final = Treatment()


@dataclass(frozen=True, slots=True)
class Accepted:
    """A recipient that was judged: where its mail goes, here and elsewhere, and the members of an alias that had no
    room at RCPT."""

    recipient: Recipient
    targets: tuple[Target, ...]
    full: tuple[Target, ...] = ()
    abroad: tuple[Abroad, ...] = ()
    treatment: Treatment = USUAL


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
    prefix: bytes  # what stands before the letter
    marks: Flags = NO_FLAGS
    aside_story: bytes = b""  # it goes to the folder for junk if there is one, and this is its story then


@dataclass(frozen=True, slots=True, kw_only=True)
class Manner:
    """How a letter is to be delivered."""

    each_is_told: bool  # the reply has a line for each recipient, as in LMTP: then a full account refuses
    sending: Sending | None = None  # in whose name it goes to others
    keeps_copy: bool = False  # that account files it under its sent mail
    prefix: bytes | None = None  # our trace fields, of a letter that has been here for a while
    within: "Within | None" = None  # what else is true once it is filed
    added: bytes = b""  # fields before our trace fields, the same for all
    held: Held | None = None  # for those who are judged again later


Within = Callable[[Tx], Awaitable[None]]
"""A step of the same unit: a function of frozen values, like the unit itself."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A copy that is kept aside, whose blob the unit finds, and its trace."""

    letter: KeptLetter
    story: bytes


@dataclass(frozen=True, slots=True)
class SentCopy:
    """The sender keeps one, in the folder of that use (RFC 6154), read already."""

    account_id: AccountId
    message_id: MessageId


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
    bundles: tuple[Bundle, ...]  # what goes on to others
    sent: SentCopy | None
    later_ids: tuple[SpoolId, ...]  # one for each recipient, should one of its accounts not take it now
    later_prefix: bytes
    terms: Terms
    now: Instant
    within: Within | None
    kept: tuple[Kept, ...]  # by domain
    keep_quota: bool  # True: an account without room refuses (LMTP); False: it was judged at RCPT, filing counts only
    may_refuse_each: bool  # True: the reply tells each recipient's fate (LMTP); False: what is left out is tried later

    @property
    def size(self) -> int:
        """Of the message as its readers see it."""
        return len(self.prefix) + self.letter.staged.size
