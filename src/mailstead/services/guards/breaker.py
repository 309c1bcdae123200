"""The circuit breaker: pure. Who bounces too much pauses for an hour, then for two, four, eight."""

from dataclasses import dataclass
from typing import Final

from mailstead.ground.model.guards import Breaker, Scope, Subject
from mailstead.ground.model.ids import Instant
from mailstead.services.guards.words import DAY, HOUR

PAUSED: Final = "paused: "
"""How the reason of a pause begins, and so what a letter is held for."""
STRIKES_MAX: Final = 4
FORGIVEN_AFTER: Final = DAY
"""Who behaves so long after a pause begins again with the shortest."""
COMPLAINTS_LEAST: Final = 2
"""One person alone pauses nobody."""
BLOCKED_LETTERS: Final = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class BreakerRules:
    """What the operator decides."""

    scopes: frozenset[Scope] = frozenset({Scope.ACCOUNT, Scope.DOMAIN, Scope.DESTINATION})
    bounce_percent: int = 10  # more than that
    least: int = 20  # attempts, before a rate says anything
    complaints_per_thousand: int = 1  # more than that


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """What is known of a subject: attempts and bounces of an hour, attempts and complaints of a day, and how many
    letters were refused in an hour because of who we are."""

    tried: int = 0
    bounced: int = 0
    tried_today: int = 0
    complained: int = 0
    blocked: int = 0


def reason_to_open(tally: Tally, rules: BreakerRules) -> str:
    """Why it has to pause; empty if it need not."""
    if tally.blocked >= BLOCKED_LETTERS:
        return f"{PAUSED}{tally.blocked} letters in the last hour were refused as from a blocked sender"
    if tally.tried >= rules.least and tally.bounced * 100 > tally.tried * rules.bounce_percent:
        return f"{PAUSED}{tally.bounced} of {tally.tried} recipients bounced in the last hour"
    if (
        tally.complained >= COMPLAINTS_LEAST
        and tally.tried_today >= rules.least
        and tally.complained * 1000 > tally.tried_today * rules.complaints_per_thousand
    ):
        return f"{PAUSED}{tally.complained} of {tally.tried_today} recipients complained in the last day"
    return ""


def open_breaker(before: Breaker | None, subject: Subject, reason: str, now: Instant) -> Breaker:
    """The next pause of a subject, longer than the one before if that was not long ago."""
    strikes = before.strikes + 1 if before is not None and now - before.until < FORGIVEN_AFTER else 1
    strikes = min(strikes, STRIKES_MAX)
    until = Instant(now + (HOUR << (strikes - 1)))
    return Breaker(subject=subject, opened_at=now, until=until, strikes=strikes, reason=reason)
