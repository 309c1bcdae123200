"""Evidence out of a trace, to be judged once more: all that `judge` goes by comes back as it was.

Signatures do not: what they proved has gone into DMARC by then, and the trace tells of them in words.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from mailstead.ground.formats.dmarc import Evaluation as DmarcEvaluation
from mailstead.ground.formats.dmarc import Result as DmarcResult
from mailstead.ground.formats.dmarc import Wish
from mailstead.ground.formats.spf.evaluate import Evaluation as SpfEvaluation
from mailstead.ground.formats.spf.evaluate import Result as SpfResult
from mailstead.ground.model.errors import Invalid
from mailstead.ground.model.flags import Flag, Flags
from mailstead.ground.model.opinion import Concern, Opinion, Symptom
from mailstead.ground.model.opinion import Wish as Asked
from mailstead.services.checks.evidence import VERSION, Evidence, Identity, Reverse, SpfCheck

Kept = Mapping[str, Any]

_IDENTITIES: Final = {identity.name.lower(): identity for identity in Identity}


def read_facts(facts: Kept) -> Evidence:
    """Invalid: a newer program wrote them, or they are damaged."""
    if facts.get("v") != VERSION:
        raise Invalid(f"facts of version {facts.get('v')} cannot be read")
    try:
        checks = {check.identity: check for check in map(_spf, facts.get("spf", ()))}
        reverse = facts.get("iprev")
        return Evidence(
            helo=checks.get(Identity.HELO),
            mail_from=checks.get(Identity.MAIL_FROM),
            dmarc=tuple(map(_dmarc, facts.get("dmarc", ()))),
            reverse=Reverse(reverse["result"], "", reverse["name"]) if reverse else None,
            opinions=tuple(map(_opinion, facts.get("filters", ()))),
        )
    except (KeyError, ValueError, TypeError, AttributeError) as error:
        raise Invalid(f"facts that cannot be read: {error!r}") from error


def _spf(kept: Kept) -> SpfCheck:
    domain = kept.get("domain", "")
    evaluation = SpfEvaluation(
        SpfResult(kept["result"]), kept.get("by", ""), kept.get("at", domain), kept.get("why", ""), kept.get("said", "")
    )
    return SpfCheck(_IDENTITIES[kept["of"]], domain, domain, evaluation)


def _dmarc(kept: Kept) -> DmarcEvaluation:
    return DmarcEvaluation(
        result=DmarcResult(kept["result"]),
        author=kept.get("domain", ""),
        at=kept.get("at", ""),
        wish=Wish(kept.get("policy", Wish.NONE.value)),
        aligned=kept.get("by", ""),
        why=kept.get("why", ""),
    )


def _opinion(kept: Kept) -> Opinion:
    return Opinion(
        source=kept.get("source", ""),
        concern=Concern(kept["concern"]),
        score=kept.get("score", 0.0),
        symptoms=tuple(map(_symptom, kept.get("symptoms", ()))),
        wish=Asked(kept.get("wish", Asked.NOTHING.value)),
        words=kept.get("words", ""),
        is_final=kept.get("final", False),
        trouble=kept.get("trouble", ""),
        marks=_marks(*kept.get("marks", (0, ""))),
    )


def _marks(bits: int, keywords: str) -> Flags:
    return Flags(Flag(bits), keywords)


def _symptom(kept: Sequence[Any]) -> Symptom:
    name, weight, words = kept
    return Symptom(name, weight, words)
