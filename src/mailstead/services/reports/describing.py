"""What a report tells of one letter: pure, of the evidence and of what was done about it."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from mailstead.ground.formats.dkim.verify import Check
from mailstead.ground.formats.dkim.verify import Result as DkimResult
from mailstead.ground.formats.dmarc import Alignment, Evaluation, Result, Wish
from mailstead.ground.formats.dmarc import Record as PolicyRecord
from mailstead.ground.formats.feedback.aggregate import (
    Disposition,
    Override,
    Published,
    Reason,
    Record,
    Sender,
    Signature,
)
from mailstead.ground.model.policy import Action
from mailstead.ground.model.verdict import Reason as Charged
from mailstead.services.checks.evidence import Evidence
from mailstead.services.checks.judging import Judgement

WORDS_MAX: Final = 100

_DONE: Final = {Action.REJECT: Disposition.REJECT, Action.QUARANTINE: Disposition.QUARANTINE}
_WISHED: Final = {
    Wish.NONE: Disposition.NONE, Wish.QUARANTINE: Disposition.QUARANTINE, Wish.REJECT: Disposition.REJECT,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Described:
    """For the policy domain of one author of a letter."""

    published: Published
    addresses: tuple[str, ...]
    record: Record


def describe(evidence: Evidence, ip: str, receiver: str, judgement: Judgement) -> Iterator[Described]:
    """For each author whose domain has a policy and wants reports."""
    for evaluation, alignment in zip(evidence.dmarc, evidence.alignments, strict=False):
        record = evaluation.record
        if record is not None and record.rua:
            told = _record(evidence, evaluation, alignment, judgement, ip=ip, receiver=receiver)
            yield Described(publish(evaluation.at, record), record.rua, told)


def publish(domain: str, record: PolicyRecord) -> Published:
    """A policy as reports tell it."""
    return Published(
        domain=domain,
        policy=(record.policy or Wish.NONE).value,
        subdomains=record.subdomains.value if record.subdomains else "",
        nonexistent=record.nonexistent.value if record.nonexistent else "",
        dkim_mode="s" if record.is_dkim_strict else "r",
        spf_mode="s" if record.is_spf_strict else "r",
        failure_options=":".join(record.failure_options)[:WORDS_MAX],
        is_testing=record.is_testing,
    )


def _record(
    evidence: Evidence, evaluation: Evaluation, alignment: Alignment, judgement: Judgement, *, ip: str, receiver: str
) -> Record:
    disposition, reasons = _judge(evaluation, judgement)
    spf = evidence.spf
    return Record(
        source_ip=ip,
        disposition=disposition,
        is_dkim_aligned=bool(alignment.dkim),
        is_spf_aligned=alignment.spf,
        header_from=evaluation.author,
        envelope_from=evidence.mail_from.domain if evidence.mail_from is not None else "",
        envelope_to=receiver,
        reasons=reasons,
        dkim=_signatures(evidence.dkim or (), evaluation.author, alignment),
        spf=Sender(spf.domain, spf.evaluation.result.value) if spf is not None else None,
    )


def _judge(evaluation: Evaluation, judgement: Judgement) -> tuple[Disposition, tuple[Reason, ...]]:
    """RFC 9990 §3.1.1.9: what came of the policy, and why it is another than the policy says."""
    wished = _WISHED[evaluation.wish]
    if evaluation.result is Result.PASS:
        return Disposition.NONE if wished is Disposition.NONE else Disposition.PASS, ()
    if evaluation.result is not Result.FAIL:
        return Disposition.NONE, (Reason(Override.OTHER, "an answer of the DNS is missing"),)
    charge = next((one for one in judgement.charges if one.reason is Charged.DMARC_FAILED), None)
    done = Disposition.NONE if charge is None else _DONE.get(charge.action, Disposition.NONE)
    if done is Disposition.REJECT and judgement.action is not Action.REJECT:
        done = Disposition.QUARANTINE  # it had other recipients, whose domains took it
    if done is not wished:
        return done, (Reason(Override.LOCAL_POLICY),)
    if evaluation.record is not None and evaluation.record.is_testing:
        return done, (Reason(Override.TEST_MODE),)
    return done, ()


def _signatures(checks: tuple[Check, ...], author: str, alignment: Alignment) -> tuple[Signature, ...]:
    """RFC 9990 §3.1.3: the most telling first. What cannot be read has no domain to be told of."""

    def rank(check: Check) -> int:
        signature = check.claim.signature
        if check.result is not DkimResult.PASS or signature is None:
            return 3
        if signature.domain.lower() == author:
            return 0
        return 1 if signature.domain in alignment.dkim else 2

    return tuple(
        Signature(check.claim.signature.domain, check.claim.signature.selector, check.result.value)
        for check in sorted(checks, key=rank)
        if check.claim.signature is not None
    )
