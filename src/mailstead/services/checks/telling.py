"""The events of an examination."""

from collections.abc import Mapping

from mailstead.ground.model.envelope import Client
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


def tell_judged(judgements: Mapping[str, Judgement], client: Client) -> None:
    """One for each domain that had to judge it."""
    for domain, judgement in judgements.items():
        emit(
            Event.CHECKS_LETTER_JUDGED,
            session=int(client.session or 0),
            client_ip=client.ip,
            domain=domain,
            result=judgement.action.value,
            reason=judgement.charges[0].reason.value if judgement.charges else "",
            detail=judgement.words,
        )
