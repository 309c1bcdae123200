"""What an attempt means for the spool: pure. Each recipient is settled, put off, or given up."""

from dataclasses import dataclass, replace
from typing import Final

from mailstead.ground.model.attempt import Attempt, Ending, Health, Result
from mailstead.ground.model.ids import Instant
from mailstead.ground.model.spool import JUDGING, LastWord, SpooledLetter, SpooledRecipient, State
from mailstead.services.dispatch.ports import Told
from mailstead.services.spool.terms import MINUTE, Terms
from mailstead.store.port.spool import Settlement

EXPIRED: Final = "4.4.7"  # RFC 3463 §3.5: delivery time expired
PAUSE_FIRST: Final = MINUTE
PAUSE_MOST: Final = 30 * MINUTE
_SPREAD: Final = 0.1
PAUSE_LONGEST: Final = round(PAUSE_MOST * (1 + _SPREAD))


@dataclass(frozen=True, slots=True)
class Judged:
    """What is written, and what senders may have to be told."""

    settlements: tuple[Settlement, ...]
    told: tuple[Told, ...]

    def without_filed(self) -> "Judged":
        """Of those here: who was filed is settled already."""
        return replace(self, settlements=tuple(one for one in self.settlements if one.state is not State.DELIVERED))


def judge(
    letter: SpooledLetter,
    recipients: tuple[SpooledRecipient, ...],
    attempt: Attempt,
    terms: Terms,
    *,
    now: Instant,
    chance: float,
) -> Judged:
    """Settle each recipient by its result; who is put off past the end of the letter's life is given up now."""
    by_number = {recipient.number: recipient for recipient in recipients}
    settlements: list[Settlement] = []
    told: list[Told] = []
    for result in attempt.results:
        recipient = by_number[result.number]
        last = LastWord(result.status, result.diagnostic, result.host, now)
        match result.ending:
            case Ending.DELIVERED | Ending.RELAYED:
                settlements.append(_settle(recipient, State.DELIVERED, now, last))
                told.append(Told(recipient, result))
            case Ending.FAILED:
                settlements.append(_settle(recipient, State.FAILED, now, last))
                told.append(Told(recipient, result))
            case Ending.DEFERRED:
                due_at = Instant(now + _pause(recipient, terms, chance))
                if due_at < letter.expires_at:
                    settlements.append(_settle(recipient, State.DEFERRED, due_at, last))
                else:
                    settlements.append(_settle(recipient, State.FAILED, now, last))
                    told.append(Told(recipient, expire(result)))
    return Judged(tuple(settlements), tuple(told))


def _pause(recipient: SpooledRecipient, terms: Terms, chance: float) -> int:
    """A filter that was silent may be back at any moment."""
    if recipient.destination == JUDGING:
        return terms.judge_every
    return terms.schedule.pause(recipient.attempts + 1, chance)


def expire(result: Result) -> Result:
    """Given up for good because its time is over; the words of the last try are kept."""
    status = result.status if result.status.startswith("4.") and result.status != "4.0.0" else EXPIRED
    return replace(result, ending=Ending.FAILED, status=status)


def last_result(recipient: SpooledRecipient) -> Result:
    """Of its last try, as it is remembered."""
    last = recipient.last or LastWord(EXPIRED, "it was never tried")
    return Result(recipient.number, Ending.DEFERRED, last.status, last.diagnostic, last.host)


def lane_pause(health: Health, failures: int, chance: float) -> int:
    """Milliseconds for which a destination is left alone after so many failures in a row; 0: not at all."""
    if health is not Health.DEAD:
        return 0
    pause = min(PAUSE_FIRST << min(max(failures, 1) - 1, 10), PAUSE_MOST)
    return round(pause * (1 - _SPREAD + 2 * _SPREAD * chance))


def _settle(recipient: SpooledRecipient, state: State, due_at: Instant, last: LastWord) -> Settlement:
    return Settlement(number=recipient.number, state=state, due_at=due_at, last=last)
