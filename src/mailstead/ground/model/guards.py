"""What keeps others from holding our sending against us: limits, pauses, suppressed recipients, rules to hold by."""

from dataclasses import dataclass
from enum import Enum

from mailstead.ground.model.address import Address
from mailstead.ground.model.ids import AccountId, Instant
from mailstead.ground.model.rate import Rate
from mailstead.ground.model.spool import SpooledLetter, SpooledRecipient


class Scope(Enum):
    """What is counted or paused together."""

    ALL = "all"  # the whole server
    DOMAIN = "domain"  # of ours
    ACCOUNT = "account"
    DESTINATION = "destination"
    PROVIDER = "provider"


@dataclass(frozen=True, slots=True)
class Subject:
    """Whom a count, a limit or a pause is about: an account by the key of its address, a domain by its name."""

    scope: Scope
    name: str

    def __str__(self) -> str:
        return f"{self.scope.value} {self.name}" if self.name else self.scope.value

    @property
    def order(self) -> tuple[str, str]:
        """In which rows are locked."""
        return self.scope.value, self.name


class Counted(Enum):
    """What windows count."""

    RECIPIENTS = "recipients"  # elsewhere, spooled
    NEWCOMERS = "newcomers"  # of these, those the account had never written to
    TRIED = "tried"  # taken or refused for good
    BOUNCED = "bounced"  # of these, refused for good
    COMPLAINED = "complained"
    BLOCKED = "blocked"  # letters refused because we are who we are
    CARRIED = "carried"  # recipients handed to a provider


@dataclass(frozen=True, slots=True)
class Limits:
    """None: nothing is said here, and the wider limit holds. Empty: no limit at all."""

    recipients: tuple[Rate, ...] | None = None
    newcomers: tuple[Rate, ...] | None = None

    @property
    def is_empty(self) -> bool:
        """True if it says nothing."""
        return self.recipients is None and self.newcomers is None


@dataclass(frozen=True, slots=True, kw_only=True)
class Breaker:
    """A pause of a subject. `strikes`: how often in a row; `is_released`: what it held has gone on."""

    subject: Subject
    opened_at: Instant
    until: Instant
    strikes: int
    reason: str
    is_released: bool = False

    def is_open(self, now: Instant) -> bool:
        """True while nothing of it may leave."""
        return now < self.until


@dataclass(frozen=True, slots=True, kw_only=True)
class Suppression:
    """A recipient that a domain of ours writes to no longer. `expires_at` None: until somebody takes it away."""

    domain: str
    address: Address
    reason: str
    added_at: Instant
    expires_at: Instant | None


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldRule:
    """Letters that a person wants to see first. Empty fields do not matter; all that are given must hold."""

    id: int = 0
    reason: str
    sender: str = ""  # the key of an address, or "@domain"
    recipient: str = ""  # the same
    domain: str = ""  # of ours
    destination: str = ""
    account_id: AccountId | None = None
    account: str = ""  # its address, for people
    min_size: int = 0
    created_at: Instant = Instant(0)  # noqa: RUF009 - a NewType makes nothing

    def matches(self, letter: SpooledLetter, recipient: SpooledRecipient) -> bool:
        """True if this recipient of this letter is meant."""
        return (
            (not self.sender or (letter.sender is not None and _is_meant(self.sender, letter.sender)))
            and (not self.recipient or _is_meant(self.recipient, recipient.address))
            and self.domain in ("", letter.domain)
            and self.destination in ("", recipient.destination)
            and (self.account_id is None or self.account_id == letter.account_id)
            and letter.size >= self.min_size
        )


def _is_meant(pattern: str, address: Address) -> bool:
    return address.domain == pattern[1:] if pattern.startswith("@") else address.key == pattern
