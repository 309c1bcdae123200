"""Failure reports (RFC 9991): which letters are told of at once, and what of them. Pure."""

from dataclasses import dataclass, replace
from typing import Final

from mailstead.ground.formats.authres import Results, render
from mailstead.ground.formats.automatic import is_automatic
from mailstead.ground.formats.dkim.header import Field
from mailstead.ground.formats.dkim.verify import Check
from mailstead.ground.formats.dkim.verify import Result as DkimResult
from mailstead.ground.formats.dmarc import Alignment, Evaluation, Result
from mailstead.ground.formats.feedback.failure import Delivery, Failure
from mailstead.ground.formats.spf.evaluate import Result as SpfResult
from mailstead.ground.model.policy import Action
from mailstead.services.checks.checks import Report
from mailstead.services.checks.evidence import Evidence
from mailstead.services.checks.judging import Judgement

_METHODS: Final = frozenset({"spf", "dkim", "dmarc", "arc"})
_DELIVERIES: Final = {Action.REJECT: Delivery.REJECT, Action.QUARANTINE: Delivery.SPAM}


@dataclass(frozen=True, slots=True, kw_only=True)
class Failing:
    """One letter to be told of, to the domain of its author."""

    receiver: str
    at: str  # whose record it is
    author: str
    addresses: tuple[str, ...]  # as ruf= names them
    failure: Failure
    source_ip: str
    mail_from: str
    results: bytes
    unaligned: tuple[str, ...]
    delivery: Delivery
    header: tuple[Field, ...]
    signature: tuple[str, str] | None
    spf_domain: str  # of an aligned identity that failed; "": it did not


def find_failing(report: Report, ip: str, receiver: str, judgement: Judgement) -> Failing | None:
    """Of the first author whose domain wants it. A bounce and what programs wrote are not told of: no loops."""
    evidence = report.evidence
    if evidence.mail_from is None or is_automatic(b"".join(field.raw for field in report.header)):
        return None
    for evaluation, alignment in zip(evidence.dmarc, evidence.alignments, strict=False):
        failure = _failure(evidence, evaluation, alignment)
        record = evaluation.record
        if failure is None or record is None or not record.ruf or record.is_suffix:
            continue  # RFC 9991 §2: a public suffix is not told
        return Failing(
            receiver=receiver,
            at=evaluation.at,
            author=evaluation.author,
            addresses=record.ruf,
            failure=failure,
            source_ip=ip,
            mail_from=evidence.mail_from.value,
            results=_results(evidence, receiver),
            unaligned=tuple(
                name for name, is_there in (("dkim", alignment.dkim), ("spf", alignment.spf)) if not is_there
            ),
            delivery=_DELIVERIES.get(judgement.action, Delivery.DELIVERED),
            header=report.header,
            signature=_signature(evidence, evaluation),
            spf_domain=_spf_domain(evidence, evaluation),
        )
    return None


def _results(evidence: Evidence, receiver: str) -> bytes:
    """As Authentication-Results has them, of domains and of nobody in them."""
    told = [
        replace(one, properties=tuple((name, value.rpartition("@")[2]) for name, value in one.properties))
        for one in evidence.findings()
        if one.method in _METHODS
    ]
    return render(Results(receiver, tuple(told))).partition(b":")[2]


def _failure(evidence: Evidence, evaluation: Evaluation, alignment: Alignment) -> Failure | None:
    """RFC 9989 §4.7, fo=: all of them failed, any of them did, a signature did, SPF did."""
    options = evaluation.record.failure_options if evaluation.record is not None else ()
    if evaluation.result is Result.FAIL and "0" in options:
        return Failure.DMARC
    if "1" in options and evaluation.result in (Result.FAIL, Result.PASS) and not (alignment.dkim and alignment.spf):
        return Failure.DMARC
    if "d" in options and any(_is_failed(check) for check in evidence.dkim or ()):
        return Failure.SIGNATURE
    spf = evidence.mail_from
    is_failed = spf is not None and spf.evaluation.result in (SpfResult.FAIL, SpfResult.SOFTFAIL)
    return Failure.SPF if "s" in options and is_failed else None


def _is_failed(check: Check) -> bool:
    return check.claim.signature is not None and check.result in (DkimResult.FAIL, DkimResult.PERMERROR)


def _signature(evidence: Evidence, evaluation: Evaluation) -> tuple[str, str] | None:
    """RFC 9991 §4: of an aligned identifier; which one would be, its name says well enough."""
    for check in evidence.dkim or ():
        signature = check.claim.signature
        if signature is not None and check.result is not DkimResult.PASS and _is_near(signature.domain, evaluation):
            return signature.domain, signature.selector
    return None


def _spf_domain(evidence: Evidence, evaluation: Evaluation) -> str:
    spf = evidence.mail_from
    if spf is None or spf.evaluation.result is SpfResult.PASS or not _is_near(spf.domain, evaluation):
        return ""
    return spf.domain


def _is_near(domain: str, evaluation: Evaluation) -> bool:
    above = evaluation.organization or evaluation.author
    return f".{domain.lower()}".endswith(f".{above}")
