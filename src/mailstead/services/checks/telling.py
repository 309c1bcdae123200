"""The events of an examination."""

from collections.abc import Sequence

from mailstead.ground.model.envelope import Client, Envelope
from mailstead.ground.model.opinion import Concern
from mailstead.ground.model.policy import Action
from mailstead.ground.model.verdict import Reason
from mailstead.services.checks.evidence import Evidence
from mailstead.services.checks.judging import Judgement
from mailstead.telemetry import Event, emit


def tell(evidence: Evidence, client: Client) -> None:
    """One for each method that was tried."""
    session = int(client.session or 0)
    if (check := evidence.spf) is not None:
        emit(
            Event.CHECKS_SPF,
            session=session,
            client_ip=client.ip,
            domain=check.domain,
            result=check.evaluation.result.value,
            detail=check.evaluation.why or check.evaluation.mechanism,
        )
    for signature in evidence.dkim or ():
        emit(
            Event.CHECKS_DKIM,
            session=session,
            client_ip=client.ip,
            domain=signature.claim.signature.domain if signature.claim.signature else "",
            result=signature.result.value,
            detail=signature.why,
        )
    for one in evidence.dmarc:
        emit(
            Event.CHECKS_DMARC,
            session=session,
            client_ip=client.ip,
            domain=one.author,
            result=one.result.value,
            detail=one.why or one.aligned,
        )


def tell_judged(envelope: Envelope, judgements: Sequence[Judgement], client: Client) -> None:
    """One for each way in which a domain judged it."""
    told = dict.fromkeys(
        (one.address.domain, judgement) for one, judgement in zip(envelope.recipients, judgements, strict=True)
    )
    for domain, judgement in told:
        emit(
            Event.CHECKS_LETTER_JUDGED,
            session=int(client.session or 0),
            client_ip=client.ip,
            domain=domain,
            result=judgement.action.value,
            reason=judgement.charges[0].reason.value if judgement.charges else "",
            detail=judgement.words,
        )


def tell_found(evidence: Evidence, envelope: Envelope, judgements: Sequence[Judgement], client: Client) -> None:
    """Viruses, whatever is done about them; spam by what is done, once for each way."""
    session, sender, recipients = int(client.session or 0), str(envelope.sender or ""), len(envelope.recipients)
    for opinion in evidence.opinions:
        if opinion.concern is Concern.VIRUS and opinion.words:
            emit(
                Event.CONTENT_VIRUS_FOUND,
                session=session,
                client_ip=client.ip,
                sender=sender,
                recipient_count=recipients,
                reason=opinion.words,
            )
    for one in dict.fromkeys(judgements):
        words = "; ".join(charge.words for charge in one.charges if charge.reason is Reason.SPAM)
        if words and one.action is not Action.ACCEPT:
            emit(
                Event.CONTENT_SPAM_FOUND,
                session=session,
                client_ip=client.ip,
                sender=sender,
                recipient_count=recipients,
                result=one.action.value,
                detail=words,
            )
