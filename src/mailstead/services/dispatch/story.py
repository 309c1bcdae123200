"""The story of a letter in the spool: a chapter for each attempt, written with its outcome; and the events of it."""

from collections.abc import Sequence

import msgspec

from mailstead.ground.model.attempt import Attempt, Ending
from mailstead.ground.model.ids import Instant
from mailstead.ground.model.spool import SpooledLetter, SpooledRecipient, State
from mailstead.store.port.spool import Settlement, StoryRow
from mailstead.telemetry import Event, emit


def tell_attempt(letter: SpooledLetter, recipients: Sequence[SpooledRecipient], attempt: Attempt, id: int) -> StoryRow:  # noqa: A002
    """Every step with its time."""
    names = {recipient.number: str(recipient.address) for recipient in recipients}
    detail = {
        "began": attempt.began_at,
        "ended": attempt.ended_at,
        "health": attempt.health.value,
        "why": attempt.why,
        "results": [
            {
                "to": names[result.number],
                "number": result.number,
                "ending": result.ending.value,
                "status": result.status,
                "said": result.diagnostic,
                "host": result.host,
            }
            for result in attempt.results
        ],
        "steps": [{"at": step.at, "what": step.what, **step.facts} for step in attempt.steps],
    }
    return StoryRow(letter.id, id, attempt.ended_at, "attempt", msgspec.json.encode(detail))


def emit_settled(
    letter: SpooledLetter,
    recipients: Sequence[SpooledRecipient],
    attempt: Attempt,
    settlements: Sequence[Settlement],
    now: Instant,
) -> None:
    """One event for each recipient."""
    by_number = {recipient.number: recipient for recipient in recipients}
    hosts = {result.number: result for result in attempt.results}
    sender = str(letter.sender or "")
    for one in settlements:
        recipient, result = by_number[one.number], hosts[one.number]
        match one.state:
            case State.DELIVERED:
                emit(
                    Event.SPOOL_RECIPIENT_SENT,
                    queue_id=letter.id, sender=sender, recipient=str(recipient.address), delivery_host=result.host,
                    detail=result.diagnostic, attempts=recipient.attempts + 1, elapsed=(now - letter.created_at) / 1000,
                )  # fmt: skip
            case State.DEFERRED:
                emit(
                    Event.SPOOL_RECIPIENT_DEFERRED,
                    queue_id=letter.id, sender=sender, recipient=str(recipient.address), delivery_host=result.host,
                    detail=result.diagnostic, attempts=recipient.attempts + 1, pause=(one.due_at - now) / 1000,
                )  # fmt: skip
            case _:
                reason = "expired" if result.ending is Ending.DEFERRED else result.status
                emit(
                    Event.SPOOL_RECIPIENT_FAILED,
                    queue_id=letter.id, sender=sender, recipient=str(recipient.address), delivery_host=result.host,
                    detail=result.diagnostic, attempts=recipient.attempts + 1, reason=reason,
                )  # fmt: skip
