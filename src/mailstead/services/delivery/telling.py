"""The events of a letter that was filed or spooled."""

from mailstead.ground.model.folder import INBOX, SpecialUse
from mailstead.ground.model.quarantine import KeptLetter
from mailstead.services.delivery.filing import Filed
from mailstead.services.delivery.plan import Fate, Plan
from mailstead.telemetry import Event, emit


def tell_filed(plan: Plan, filed: Filed, elapsed: float) -> None:
    """One for each account, one for each recipient that goes on."""
    sender = str(plan.envelope.sender or "")
    session = int(plan.client.session or 0)
    for copy in plan.copies:
        if filed.fates[copy.account_id] is Fate.FILED:
            emit(
                Event.DELIVERY_MESSAGE_FILED,
                session=session,
                queue_id=plan.id,
                account=copy.account_id,
                sender=sender,
                folder=SpecialUse.JUNK.value if copy.aside_story else INBOX,
                message=copy.message_id,
                size=plan.size,
                message_id=plan.letter.rendered.message_id,
                elapsed=elapsed,
            )
    for one in plan.kept:
        _tell_kept(one.letter, session)
    for bundle in filed.bundles:
        emit(
            Event.SPOOL_LETTER_QUEUED,
            session=session,
            queue_id=bundle.letter.id,
            sender=sender,
            size=bundle.letter.size,
            message_id=bundle.letter.message_id,
            recipient_count=len(bundle.recipients),
            reason=bundle.letter.origin.value,
        )


def _tell_kept(kept: KeptLetter, session: int) -> None:
    emit(
        Event.QUARANTINE_LETTER_KEPT,
        session=session,
        account=kept.account_id,
        sender=kept.sender,
        recipient=kept.recipient,
        message=kept.id,
        size=kept.size,
        message_id=kept.message_id,
        reason=kept.reason,
    )
