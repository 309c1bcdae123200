"""Verdicts: what a check decided, and why, with evidence for the trace (never words of a protocol)."""

from dataclasses import dataclass
from enum import Enum
from typing import Final


class Reason(Enum):
    """Why mail is refused or deferred. Servers map each one to a reply in a total table."""

    USER_UNKNOWN = "user unknown"
    RELAY_DENIED = "relay denied"
    DOMAIN_INACTIVE = "domain not active"
    ACCOUNT_INACTIVE = "account not active"
    MAILBOX_FULL = "mailbox full"
    MESSAGE_TOO_LARGE = "message too large"
    SENDER_INVALID = "sender address invalid"
    RECIPIENT_INVALID = "recipient address invalid"
    TOO_MANY_HOPS = "too many Received fields"
    ALIAS_LOOP = "aliases lead in a circle"
    NO_SPACE = "storage below its reserve"
    BUSY = "store busy"
    FAULT = "a fault of this program"
    SENDER_NOT_OWNED = "sender address not owned by the user"
    AUTHOR_NOT_OWNED = "address in From or Sender not owned by the user"
    AUTHOR_UNCLEAR = "From names no address, or several"
    HEADER_INVALID = "header against the rules"
    SENDING_LIMIT = "sending limit reached"
    RATE_LIMIT = "rate limit met"
    RECIPIENT_SUPPRESSED = "recipient suppressed"
    SPF_FAILED = "SPF failed"
    DMARC_FAILED = "DMARC failed"
    VIRUS_FOUND = "virus found"
    SPAM = "spam"
    RULE = "refused by a rule"
    FILTER_SILENT = "filter does not answer"
    SENDER_BLOCKED = "sender blocked"
    GREYLISTED = "greylisted"


@dataclass(frozen=True, slots=True)
class Pass:
    """Nothing against it."""


@dataclass(frozen=True, slots=True)
class Refuse:
    """For good. `evidence` is for our log and trace only; `words` are for our own users, in place of the usual ones."""

    reason: Reason
    evidence: str = ""
    words: str = ""


@dataclass(frozen=True, slots=True)
class Defer:
    """For now."""

    reason: Reason
    evidence: str = ""
    words: str = ""


Verdict = Pass | Refuse | Defer
PASS: Final = Pass()
