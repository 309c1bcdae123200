"""The events of an examination."""

from collections.abc import Sequence

from mailstead.ground.model.envelope import Client, Envelope
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
