"""Which recipients' fates the sender of a letter is to be told: pure rules (RFC 3461 §5.2, RFC 5321 §4.5.5)."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from mailstead.ground.formats.dsn.report import Action
from mailstead.ground.model.attempt import Ending, Result
from mailstead.ground.model.ids import Instant
from mailstead.ground.model.spool import LastWord, Origin, SpooledLetter, SpooledRecipient

NEVER_TRIED: Final = "4.4.7"  # RFC 3463 §3.5: delivery time expired
_SUCCESSES: Final = frozenset({Action.DELIVERED, Action.RELAYED, Action.EXPANDED})
_OURS: Final = frozenset({Origin.NOTICE, Origin.REPORT})


@dataclass(frozen=True, slots=True)
class Fate:
    """What became of one recipient, as the sender may hear it."""

    recipient: SpooledRecipient
    action: Action
    word: LastWord


def read_fates(results: Iterable[tuple[SpooledRecipient, Result]], now: Instant) -> tuple[Fate, ...]:
    """What results mean to a sender. One that is put off is there because it takes long.

    RFC 3461 §5.2.2: what another host took with its wishes is no news, for it will tell. What we took is final.
    """
    fates = []
    for recipient, result in results:
        action = _read_ending(result)
        if action is not None:
            word = LastWord(result.status, result.diagnostic, result.host, _find_moment(recipient, result, now))
            fates.append(Fate(recipient, action, word))
    return tuple(fates)


def _read_ending(result: Result) -> Action | None:
    match result.ending:
        case Ending.FAILED:
            return Action.FAILED
        case Ending.DEFERRED:
            return Action.DELAYED
        case Ending.RELAYED:
            return Action.RELAYED
        case Ending.DELIVERED:
            return None if result.host else Action.DELIVERED


def _find_moment(recipient: SpooledRecipient, result: Result, now: Instant) -> Instant:
    """When it was tried; 0 where nobody can say: a result may be new, or what is remembered of the last try."""
    last = recipient.last
    if result.ending is Ending.DEFERRED:
        return last.at if last is not None else Instant(0)
    is_remembered = result.status == NEVER_TRIED if last is None else last.diagnostic == result.diagnostic
    return Instant(0) if result.ending is Ending.FAILED and is_remembered else now


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
    Nobody is warned twice.
    """
    if not may_tell(letter, is_spam=is_spam):
        return ()
    return tuple(
        fate
        for fate in fates
        if is_wanted(fate.action, fate.recipient.dsn.notify)
        and not (fate.action is Action.DELAYED and (is_automatic or fate.recipient.is_warned))
    )


def is_double_bounce(letter: SpooledLetter, fates: Iterable[Fate]) -> bool:
    """A failure that nobody can be told of: it is an event for the postmaster and then dropped."""
    return (letter.sender is None or letter.origin in _OURS) and any(fate.action is Action.FAILED for fate in fates)
