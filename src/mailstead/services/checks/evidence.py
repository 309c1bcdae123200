"""What was found out about one letter, as a value: to be judged, told in its header, and kept in its trace."""

from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Final

from mailstead.ground.formats.arc import Result as ArcResult
from mailstead.ground.formats.arc import Verdict as ArcVerdict
from mailstead.ground.formats.authres import Finding
from mailstead.ground.formats.dkim.verify import Check
from mailstead.ground.formats.dmarc import Alignment, Wish
from mailstead.ground.formats.dmarc import Evaluation as DmarcEvaluation
from mailstead.ground.formats.dmarc import Result as DmarcResult
from mailstead.ground.formats.spf.evaluate import Evaluation as SpfEvaluation
from mailstead.ground.model.flags import NO_FLAGS
from mailstead.ground.model.opinion import Opinion
from mailstead.ground.model.opinion import Wish as Asked

Facts = Mapping[str, object]
VERSION: Final = 1
"""Of the facts, as they are kept."""

_SEVERITY = (Wish.NONE, Wish.QUARANTINE, Wish.REJECT)


class Identity(Enum):
    """RFC 7208 §2.3, §2.4: what SPF was asked about, in the words of RFC 8601 §2.7.2."""

    HELO = "smtp.helo"
    MAIL_FROM = "smtp.mailfrom"


@dataclass(frozen=True, slots=True)
class SpfCheck:
    """One identity."""

    identity: Identity
    value: str  # as it was given
    domain: str
    evaluation: SpfEvaluation


@dataclass(frozen=True, slots=True)
class Reverse:
    """RFC 8601 §2.7.3: whether the name of the address leads back to it."""

    result: str
    ip: str
    name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """Of one letter. What was not looked into is None."""

    helo: SpfCheck | None = None
    mail_from: SpfCheck | None = None
    dkim: tuple[Check, ...] | None = None  # empty: there is no signature
    dmarc: tuple[DmarcEvaluation, ...] = ()  # for each domain in From
    alignments: tuple[Alignment, ...] = ()  # of each of these, where somebody is to be told of it
    arc: ArcVerdict | None = None
    reverse: Reverse | None = None
    opinions: tuple[Opinion, ...] = ()  # of filters

    @property
    def spf(self) -> SpfCheck | None:
        """The identity that counts: a bounce has but a HELO (RFC 7208 §2.4)."""
        return self.mail_from or self.helo

    @property
    def worst(self) -> DmarcEvaluation | None:
        """RFC 9989 §11.5: of several authors the one whose domain is failed most severely; one alone usually."""
        failed = [one for one in self.dmarc if one.result is DmarcResult.FAIL]
        if failed:
            return max(failed, key=lambda one: _SEVERITY.index(one.wish))
        return next((one for one in self.dmarc if one.result is not DmarcResult.PASS), None) or next(
            iter(self.dmarc), None
        )

    def findings(self) -> tuple[Finding, ...]:
        """For Authentication-Results."""
        found = [_spf_finding(check) for check in (self.helo, self.mail_from) if check is not None]
        if self.dkim is not None:
            found += [_dkim_finding(check) for check in self.dkim] or [Finding("dkim", "none")]
        found += [_dmarc_finding(one) for one in self.dmarc]
        if self.arc is not None and self.arc.result is not ArcResult.NONE:
            found.append(Finding("arc", self.arc.result.value, reason=self.arc.why))
        if self.reverse is not None:
            found.append(Finding("iprev", self.reverse.result, (("policy.iprev", self.reverse.ip),)))
        return tuple(found)

    def facts(self, recipient: str) -> Facts:
        """For the trace of one recipient, who must not read there of others. `recall` reads it back."""
        facts = {
            "spf": [_spf_facts(check) for check in (self.helo, self.mail_from) if check is not None],
            "dkim": [_dkim_facts(check) for check in self.dkim or ()],
            "dmarc": [_dmarc_facts(one) for one in self.dmarc],
            "arc": _arc_facts(self.arc) if self.arc is not None else {},
            "iprev": {"result": self.reverse.result, "name": self.reverse.name} if self.reverse else None,
            "filters": [_opinion_facts(opinion) for opinion in self.opinions if opinion.is_about(recipient)],
        }
        return {"v": VERSION} | {name: value for name, value in facts.items() if value}


def _spf_finding(check: SpfCheck) -> Finding:
    evaluation = check.evaluation
    return Finding("spf", evaluation.result.value, ((check.identity.value, check.value),), evaluation.why)


def _dkim_finding(check: Check) -> Finding:
    """§2.7.1; RFC 6008: the beginning of b= tells signatures of one domain apart."""
    properties: tuple[tuple[str, str], ...] = ()
    signature = check.claim.signature
    if signature is not None:
        properties = (("header.d", signature.domain), ("header.s", signature.selector))
        properties += (("header.a", signature.algorithm), ("header.b", b64encode(signature.signature)[:8].decode()))
    return Finding("dkim", check.result.value, properties, check.why)


def _dmarc_finding(one: DmarcEvaluation) -> Finding:
    """RFC 9989 §9.1."""
    properties: tuple[tuple[str, str], ...] = (("header.from", one.author),)
    if one.record is not None:
        properties += (("policy.dmarc", one.wish.value),)
    return Finding("dmarc", one.result.value, properties, one.why if one.result is not DmarcResult.NONE else "")


def _spf_facts(check: SpfCheck) -> Facts:
    evaluation = check.evaluation
    facts = {
        "of": check.identity.name.lower(),
        "domain": check.domain,
        "result": evaluation.result.value,
        "by": evaluation.mechanism,
        "at": evaluation.at if evaluation.at != check.domain else "",
        "why": evaluation.why,
        "said": evaluation.explanation[:200],
    }
    return {name: value for name, value in facts.items() if value}


def _dkim_facts(check: Check) -> Facts:
    signature = check.claim.signature
    facts = {
        "domain": signature.domain if signature else "",
        "selector": signature.selector if signature else "",
        "result": check.result.value,
        "why": check.why,
        "testing": check.is_testing,
    }
    return {name: value for name, value in facts.items() if value}


def _dmarc_facts(one: DmarcEvaluation) -> Facts:
    facts = {
        "domain": one.author,
        "result": one.result.value,
        "policy": one.wish.value if one.record is not None or one.wish is not Wish.NONE else "",
        "at": one.at,
        "by": one.aligned,
        "why": one.why,
    }
    return {name: value for name, value in facts.items() if value}


def _arc_facts(verdict: ArcVerdict) -> Facts:
    facts = {"result": verdict.result.value, "why": verdict.why, "sealers": verdict.sealers}
    return {name: value for name, value in facts.items() if value}


def _opinion_facts(opinion: Opinion) -> Facts:
    facts = {
        "source": opinion.source,
        "concern": opinion.concern.value,
        "score": opinion.score,
        "wish": opinion.wish.value if opinion.wish is not Asked.NOTHING else "",
        "words": opinion.words,
        "final": opinion.is_final,
        "trouble": opinion.trouble,
        "marks": (opinion.marks.bits, opinion.marks.keywords) if opinion.marks != NO_FLAGS else None,
        "symptoms": [(symptom.name, symptom.weight, symptom.words) for symptom in opinion.symptoms],
    }
    return {name: value for name, value in facts.items() if value}
