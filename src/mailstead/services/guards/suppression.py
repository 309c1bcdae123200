"""Suppression: who does not exist is not written to again for a while, by the domain that learned it. Pure."""

import re
from dataclasses import dataclass
from typing import Final

from mailstead.ground.model.attempt import Ending, Result
from mailstead.ground.model.guards import Suppression
from mailstead.ground.model.ids import Instant
from mailstead.ground.model.spool import SpooledLetter, SpooledRecipient
from mailstead.services.guards.words import DAY, one_line

HARD: Final = frozenset({"5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10", "5.2.1"})
"""RFC 3463 §3.2, §3.3, RFC 7505 §4.2: no such mailbox, no such domain, moved, takes no mail, disabled."""
FROM_DNS: Final = frozenset({"5.1.2", "5.1.10"})
"""Of these, what we may find out ourselves: nobody answers for the name."""

# RFC 3463 §3.8 says security or policy; the words say that it is about us.
_BLOCKED: Final = re.compile(
    r"\bblock(?:ed|ing|list(?:ed)?)?\b|black[- ]?list|\bdeny[- ]?list|\brbl\b|\bdnsbl\b", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class SuppressionRules:
    """What the operator decides. `kept` in milliseconds."""

    is_on: bool = True
    kept: int = 30 * DAY


def is_bounce(result: Result) -> bool:
    """True if a peer refused this recipient for good, or the DNS did. What we ourselves gave up says nothing."""
    return result.ending is Ending.FAILED and (bool(result.host) or result.status in FROM_DNS)


def is_block(result: Result) -> bool:
    """True if they refused us, and not the letter: whatever its recipient or its author."""
    return (
        result.ending in (Ending.FAILED, Ending.DEFERRED)
        and bool(result.host)
        and result.status.partition(".")[2].startswith("7.")
        and _BLOCKED.search(result.diagnostic) is not None
    )


def suppress(
    letter: SpooledLetter, recipient: SpooledRecipient, result: Result, rules: SuppressionRules, now: Instant
) -> Suppression | None:
    """What a bounce leaves behind; a second one renews it."""
    if not (rules.is_on and letter.domain and is_bounce(result) and result.status in HARD):
        return None
    return Suppression(
        domain=letter.domain,
        address=recipient.address,
        reason=one_line(result.diagnostic or result.status),
        added_at=now,
        expires_at=Instant(now + rules.kept),
    )
