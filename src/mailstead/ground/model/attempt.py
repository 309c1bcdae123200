"""One try to hand a letter to others: what happened step by step, and what became of each recipient."""

from dataclasses import dataclass, field
from enum import Enum

from mailstead.ground.model.ids import Instant


class Ending(Enum):
    """Of one recipient in one attempt."""

    DELIVERED = "delivered"  # the other side took it, and will speak of it itself if a notice is due
    RELAYED = "relayed"  # taken by a host without DSN: RFC 3461 §5.2.2 has us say so if success was to be told
    DEFERRED = "deferred"
    FAILED = "failed"


class Health(Enum):
    """What an attempt tells of its destination, beyond this letter."""

    GOOD = "good"  # somebody there took or refused mail on its merits
    BUSY = "busy"  # it asked us to come less often (421, 450 4.7.x at the greeting, too many connections)
    DEAD = "dead"  # nobody there could be reached, or nobody we may trust


@dataclass(frozen=True, slots=True)
class Step:
    """One line of the story: a DNS answer, an address tried, a TLS session, a reply. Values are text or numbers."""

    at: Instant
    what: str  # "mx", "address", "connect", "tls", "policy", "reply", ...
    facts: dict[str, str | int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Result:
    """Of one recipient, by its number within the letter."""

    number: int
    ending: Ending
    status: str  # enhanced code (RFC 3463)
    diagnostic: str  # as it was said: "550 5.1.1 <x@y>: no such user"; or our own words
    host: str = ""  # who said it: "mx1.example.org [192.0.2.1]"; "": we ourselves


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """All of it. There is a result for each recipient that was to be tried."""

    began_at: Instant
    ended_at: Instant
    results: tuple[Result, ...]
    steps: tuple[Step, ...] = ()
    health: Health = Health.GOOD
    why: str = ""  # of a health that is not good, for people
