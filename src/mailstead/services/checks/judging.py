"""The judgement: a pure function of what was found out and of what a domain wants, so it can be told and replayed."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from mailstead.ground.formats.dmarc import Result as DmarcResult
from mailstead.ground.formats.dmarc import Wish
from mailstead.ground.formats.spf.evaluate import Result as SpfResult
from mailstead.ground.model.flags import NO_FLAGS, FlagOp, Flags, apply_flags
from mailstead.ground.model.opinion import Opinion
from mailstead.ground.model.policy import Action, Place, Policy
from mailstead.ground.model.quarantine import Custody
from mailstead.ground.model.verdict import PASS, Defer, Reason, Refuse, Verdict
from mailstead.services.checks.evidence import Evidence, Facts
from mailstead.services.checks.scan_fields import render_scan_fields
from mailstead.services.checks.weighing import Charge, judge_opinions

_SEVERITY: Final = (
    Action.ACCEPT, Action.TAG, Action.QUARANTINE, Action.HOLD, Action.DEFER, Action.DISCARD, Action.REJECT,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Judgement:
    """For one recipient. Charges that its domain wants to let pass are told all the same. `is_kept`: what is set aside
    is kept by us, and not filed as junk."""

    action: Action = Action.ACCEPT
    charges: tuple[Charge, ...] = ()
    marks: Flags = NO_FLAGS  # what it is filed with
    is_kept: bool = False
    scan_fields: bytes = b""  # what filters found, for its header

    @property
    def custody(self) -> Custody | None:
        """Why it is kept, if it is."""
        if self.action is not Action.QUARANTINE or not self.is_kept or not self.charges:
            return None
        return Custody(self.charges[0].reason, self.words, self.has_virus)

    @property
    def has_virus(self) -> bool:
        """As far as the domain lets a scanner say so."""
        return any(charge.reason is Reason.VIRUS_FOUND for charge in self.charges)

    @property
    def verdict(self) -> Verdict:
        """What the session hears."""
        worst = self.charges[0] if self.charges else None
        if worst is None:
            return PASS
        match self.action:
            case Action.REJECT:
                return Refuse(worst.reason, worst.words, worst.said)
            case Action.DEFER:
                return Defer(worst.reason, worst.words, worst.said)
            case _:
                return PASS

    @property
    def words(self) -> str:
        """For the header."""
        return "; ".join(f"{charge.words} ({charge.action.value})" for charge in self.charges)

    def facts(self) -> Facts:
        """For the trace."""
        charges = [(one.reason.value, one.action.value, one.words, one.rule) for one in self.charges]
        return {"action": self.action.value, "charges": charges} if charges else {"action": self.action.value}


def judge(evidence: Evidence, policy: Policy, recipient: str = "") -> Judgement:
    """The most severe of what the policy wants; charges with the worst first."""
    opinions = [opinion for opinion in evidence.opinions if opinion.is_about(recipient)]
    charges = [*_judge_dmarc(evidence, policy), *_judge_spf(evidence, policy), *judge_opinions(opinions, policy)]
    charges.sort(key=lambda charge: -_SEVERITY.index(charge.action))
    marks, scanned = _join_marks(opinions), render_scan_fields(opinions, policy)
    if not charges:
        return Judgement(marks=marks, scan_fields=scanned)
    judgement = Judgement(charges[0].action, tuple(charges), marks, scan_fields=scanned)
    is_kept = policy.quarantine.place is Place.KEPT or judgement.has_virus
    return replace(judgement, is_kept=is_kept)


def soften(judgement: Judgement) -> Judgement:
    """One reply speaks for all: where it is yes, who would have refused gets the letter set aside (no bounce)."""
    if judgement.action in (Action.REJECT, Action.DEFER):
        return replace(judgement, action=Action.QUARANTINE)
    return judgement


def _join_marks(opinions: Sequence[Opinion]) -> Flags:
    marks = NO_FLAGS
    for opinion in opinions:
        if opinion.marks != NO_FLAGS:
            marks = apply_flags(marks, FlagOp.ADD, opinion.marks)
    return marks


def _charge(reason: Reason, words: str, column: str, action: Action) -> Charge:
    return Charge(reason, action, words, rule=f"{column}={action.value}")


def _judge_dmarc(evidence: Evidence, policy: Policy) -> list[Charge]:
    """RFC 9989 §5.4: p=none changes nothing; nor does what could not be found out."""
    worst = evidence.worst
    if not policy.dmarc.enabled or worst is None or worst.result is not DmarcResult.FAIL:
        return []
    words = f"dmarc: {worst.why}" + (f"; {worst.at} wants {worst.wish.value}" if worst.at else "")
    match worst.wish:
        case Wish.REJECT:
            return [_charge(Reason.DMARC_FAILED, words, "dmarc.reject_action", policy.dmarc.reject_action)]
        case Wish.QUARANTINE:
            return [_charge(Reason.DMARC_FAILED, words, "dmarc.quarantine_action", policy.dmarc.quarantine_action)]
        case Wish.NONE:
            return []


def _judge_spf(evidence: Evidence, policy: Policy) -> list[Charge]:
    """RFC 9989 §7.1: forwarders break SPF; a letter that its author's domain vouches for by DKIM is none the worse."""
    check = evidence.spf
    if not policy.spf.enabled or check is None:
        return []
    worst = evidence.worst
    if policy.dmarc.enabled and worst is not None and worst.result is DmarcResult.PASS:
        return []
    by = f" by {check.evaluation.mechanism}" if check.evaluation.mechanism else ""
    words = f"spf: {check.evaluation.result.value} of {check.domain}{by}"
    match check.evaluation.result:
        case SpfResult.FAIL:
            return [_charge(Reason.SPF_FAILED, words, "spf.fail_action", policy.spf.fail_action)]
        case SpfResult.SOFTFAIL:
            return [_charge(Reason.SPF_FAILED, words, "spf.softfail_action", policy.spf.softfail_action)]
        case _:
            return []
