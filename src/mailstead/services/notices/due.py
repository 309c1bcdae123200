"""Which recipients' fates the sender of a letter is to be told: pure rules (RFC 3461 §5.2, RFC 5321 §4.5.5)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from mailstead.ground.formats.dsn.report import Action
from mailstead.ground.model.attempt import Ending, Result
from mailstead.ground.model.ids import Instant
from mailstead.ground.model.spool import LastWord, Origin, SpooledLetter, SpooledRecipient

EXPIRED: Final = "4.4.7"  # RFC 3463 §3.5: delivery time expired
DELIVERED: Final = "2.1.5"
_SUCCESSES: Final = frozenset({Action.DELIVERED, Action.RELAYED, Action.EXPANDED})
_ACTIONS: Final = {Ending.FAILED: Action.FAILED, Ending.RELAYED: Action.RELAYED}
_OURS: Final = frozenset({Origin.NOTICE, Origin.REPORT})


@dataclass(frozen=True, slots=True)
class Fate:
    """What became of one recipient, as the sender may hear it."""

    recipient: SpooledRecipient
    action: Action
    word: LastWord


def after_attempt(recipients: Iterable[SpooledRecipient], results: Sequence[Result], at: Instant) -> tuple[Fate, ...]:
    """Failures, and what went to a host without DSN. All others are no news, or the host will tell them."""
    by_number = {result.number: result for result in results}
    fates = []
    for recipient in recipients:
        result = by_number.get(recipient.number)
        action = _ACTIONS.get(result.ending) if result is not None else None
        if result is not None and action is not None:
            fates.append(Fate(recipient, action, LastWord(result.status, result.diagnostic, result.host, at)))
    return tuple(fates)


def after_expiry(recipients: Iterable[SpooledRecipient]) -> tuple[Fate, ...]:
    """Their time is over. What was heard last says more than that."""
    return tuple(
        Fate(recipient, Action.FAILED, recipient.last or LastWord(EXPIRED, "never tried")) for recipient in recipients
    )


def after_delay(recipients: Iterable[SpooledRecipient]) -> tuple[Fate, ...]:
    """They take long. Of each the sender is warned once."""
    return tuple(
        Fate(recipient, Action.DELAYED, recipient.last or LastWord(EXPIRED, "not tried yet"))
        for recipient in recipients
        if not recipient.is_warned
    )


def after_filing(recipients: Iterable[SpooledRecipient], now: Instant) -> tuple[Fate, ...]:
    """They are accounts of ours and have it: final delivery (RFC 3461 §5.2.1)."""
    return tuple(Fate(recipient, Action.DELIVERED, LastWord(DELIVERED, "", at=now)) for recipient in recipients)


def after_expansion(recipients: Iterable[SpooledRecipient], now: Instant) -> tuple[Fate, ...]:
    """They are aliases with several targets (RFC 3461 §5.2.7.3 c): the targets are not asked for success any more."""
    return tuple(Fate(recipient, Action.EXPANDED, LastWord(DELIVERED, "", at=now)) for recipient in recipients)


def is_wanted(action: Action, notify: frozenset[str] | None) -> bool:
    """RFC 3461 §4.1: without NOTIFY, failures are told, and here delays too; success only to those who asked."""
    if action in _SUCCESSES:
        return notify is not None and "SUCCESS" in notify
    if notify is None:
        return True
    return ("DELAY" if action is Action.DELAYED else "FAILURE") in notify


def may_tell(letter: SpooledLetter, *, is_spam: bool = False) -> bool:
    """RFC 5321 §4.5.5: nobody hears of notices. A spammer's sender is as false as the rest: no backscatter."""
    return letter.sender is not None and letter.origin not in _OURS and not is_spam


def due(
    letter: SpooledLetter, fates: Iterable[Fate], *, is_automatic: bool = False, is_spam: bool = False
) -> tuple[Fate, ...]:
    """Those fates that go into one notice; none if there is to be no notice.

    A program that sent the letter by itself does not mind waiting (RFC 3834 §2): it hears of failures only.
    """
    if not may_tell(letter, is_spam=is_spam):
        return ()
    return tuple(
        fate
        for fate in fates
        if is_wanted(fate.action, fate.recipient.dsn.notify) and not (is_automatic and fate.action is Action.DELAYED)
    )


def is_double_bounce(letter: SpooledLetter, fates: Iterable[Fate]) -> bool:
    """A failure that nobody can be told of: it is an event for the postmaster and then dropped."""
    return (letter.sender is None or letter.origin in _OURS) and any(fate.action is Action.FAILED for fate in fates)
