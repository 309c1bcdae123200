"""What waits to leave: a letter, and each of its recipients with a state of its own."""

from dataclasses import dataclass
from enum import Enum, IntEnum
from typing import Final

from mailstead.ground.model.address import Address
from mailstead.ground.model.envelope import NO_DSN, NO_WISHES, BodyType, DsnRequest, Wishes
from mailstead.ground.model.ids import AccountId, BlobId, Instant, SpoolId


class State(Enum):
    """Of one recipient. The first four are queues that an operator sees; the others are how a story ends."""

    ACTIVE = "active"  # never tried, or told to be tried now
    DEFERRED = "deferred"  # tried; its time will come
    HELD = "held"  # waits for a person or for a rule to let it go
    FAILED = "failed"  # for good; kept for a while, so that it may be tried again by hand
    DELIVERED = "delivered"
    DROPPED = "dropped"  # by hand, and nobody was told

    @property
    def is_waiting(self) -> bool:
        """True if dispatch will look at it by itself."""
        return self in (State.ACTIVE, State.DEFERRED)


LOCAL: Final = "(local)"
"""The destination of recipients here, whose accounts cannot take their letters yet. No domain is called so."""

JUDGING: Final = "(judging)"
"""The destination of recipients here whose letters have to be judged again first."""
HERE: Final = frozenset({LOCAL, JUDGING})

QUEUES: Final = (State.ACTIVE, State.DEFERRED, State.HELD, State.FAILED)


class Origin(Enum):
    """How a letter came into the spool."""

    SUBMITTED = "submitted"  # by a user of ours
    RELAYED = "relayed"  # by a network that may
    FORWARDED = "forwarded"  # by an alias, a rule or a catch-all that leads elsewhere
    HANDED_OFF = "handed off"  # for a domain of ours that another store keeps
    LOCAL = "local"  # accepted for an account of ours that could not take it yet
    UNJUDGED = "to be judged"  # accepted while a filter was silent
    NOTICE = "notice"  # written by us about another letter
    REPORT = "report"  # written by us about mail as such


class Urgency(IntEnum):
    """Order among recipients that are due: MT-PRIORITY (RFC 6710) in four classes."""

    LOW = 0
    NORMAL = 1
    HIGH = 2
    CRITICAL = 3

    @classmethod
    def of(cls, priority: int) -> "Urgency":
        """RFC 6710 §4.1: -9 to 9, 0 is what all mail is."""
        if priority < 0:
            return cls.LOW
        if priority == 0:
            return cls.NORMAL
        return cls.HIGH if priority < 5 else cls.CRITICAL


@dataclass(frozen=True, slots=True, kw_only=True)
class SpooledLetter:
    """What all recipients of one letter share. Its octets are `prefix` and then the blob."""

    id: SpoolId
    created_at: Instant
    expires_at: Instant  # nothing is tried after it
    warn_at: Instant | None = None  # by then its sender wants to know that it takes long
    sender: Address | None  # None: the null reverse-path
    blob_id: BlobId | None  # None once everything about it is settled
    prefix: bytes
    size: int  # with the prefix
    origin: Origin
    domain: str  # of ours, in whose name it leaves: it signs, and its policy holds; "" if none does
    account_id: AccountId | None = None  # who sent it
    login: str = ""
    body: BodyType = BodyType.SEVEN_BIT
    smtputf8: bool = False
    has_utf8_header: bool = False
    ret: str | None = None
    envid: str | None = None
    wishes: Wishes = NO_WISHES
    message_id: str = ""
    subject: str = ""
    settled_at: Instant | None = None
    case: bytes = b""  # JSON, of one that is to be judged again: see `services.checks.waiting`

    @property
    def urgency(self) -> Urgency:
        """Of all its recipients."""
        return Urgency.of(self.wishes.priority)


@dataclass(frozen=True, slots=True)
class LastWord:
    """What was heard last about a recipient."""

    status: str  # enhanced code (RFC 3463), as "4.4.1"
    diagnostic: str  # the reply as it was given, or our own words
    host: str = ""  # who said it: name and address; "": we ourselves
    at: Instant = Instant(0)  # noqa: RUF009 - a NewType makes nothing


@dataclass(frozen=True, slots=True, kw_only=True)
class SpooledRecipient:
    """One recipient of a letter. `lease` and `due_at`: whoever holds it, until when; "" and then it is anyone's."""

    letter_id: SpoolId
    number: int  # within the letter, from 0
    address: Address
    destination: str  # the lane: what shares one fate when it cannot be reached, a domain or a route
    state: State
    due_at: Instant
    dsn: DsnRequest = NO_DSN
    route: str = ""  # set by hand, as `parse_route` reads it; "": by policy
    lease: str = ""
    attempts: int = 0
    last: LastWord | None = None
    hold_reason: str = ""  # of one that is ACTIVE: it was held for that, and let go
    is_warned: bool = False  # the sender was told that it takes long
