"""What filters said, weighed by what a domain wants: a part of the judgement, and as pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from mailstead.ground.model.opinion import Concern, Opinion, Wish
from mailstead.ground.model.policy import Action, Policy
from mailstead.ground.model.verdict import Reason

SYMPTOMS_TOLD: Final = 8
"""The heaviest ones; the trace has them all."""

_WISHES: Final = {
    Wish.TAG: Action.TAG,
    Wish.SET_ASIDE: Action.QUARANTINE,
    Wish.REFUSE: Action.REJECT,
    Wish.JUDGE_AGAIN: Action.HOLD,
    Wish.PUT_OFF: Action.DEFER,
    Wish.DISCARD: Action.DISCARD,
}


@dataclass(frozen=True, slots=True)
class Charge:
    """One thing against a letter, and what the domain wants done about it. `said`: to the sender, in place of ours.
    `rule`: what of its policy wants so, with its value; "": the filter asked for it by itself."""

    reason: Reason
    action: Action
    words: str
    said: str = ""
    rule: str = ""


def judge_opinions(opinions: Sequence[Opinion], policy: Policy) -> list[Charge]:
    """Of all filters."""
    rules = [
        Charge(Reason.RULE, _WISHES[opinion.wish], _tell(opinion), opinion.words)
        for opinion in opinions
        if opinion.concern is Concern.RULE and not opinion.trouble and opinion.wish in _WISHES
    ]
    return [*_judge_viruses(opinions, policy), *_judge_spam(opinions, policy), *rules]


def _judge_viruses(opinions: Sequence[Opinion], policy: Policy) -> list[Charge]:
    charges: list[Charge] = []
    for opinion in opinions:
        if opinion.concern is not Concern.VIRUS or not policy.clamav.enabled:
            continue
        if opinion.trouble:
            charges.append(_miss(opinion, policy.clamav.fail_action, "clamav"))
        elif opinion.words:
            words, action = f"{opinion.source}: {opinion.words}", policy.clamav.virus_action
            rule = f"clamav.virus_action={action.value}"
            charges.append(Charge(Reason.VIRUS_FOUND, action, words, rule=rule))
    return charges


def _judge_spam(opinions: Sequence[Opinion], policy: Policy) -> list[Charge]:
    """By the highest of the scores, as each counts in the same coin; one that is final stands alone."""
    if not policy.spam.enabled:
        return []
    about = [opinion for opinion in opinions if opinion.concern is Concern.SPAM]
    final = [opinion for opinion in about if opinion.is_final]
    charges: list[Charge] = []
    for opinion in final or about:
        if opinion.trouble:
            charges.append(_miss(opinion, policy.spam.fail_action, "spam"))
            continue
        charges += _judge_opinion(opinion, policy)
    return charges


def _judge_opinion(opinion: Opinion, policy: Policy) -> list[Charge]:
    """What the filter asks for; a tag is the least that is done, and the score may lead to more."""
    wished = [Charge(Reason.SPAM, _WISHES[opinion.wish], _tell(opinion))] if opinion.wish in _WISHES else []
    match opinion.wish:
        case Wish.LET_IN:
            return []
        case Wish.NOTHING | Wish.TAG:
            return _judge_score(opinion, policy) or wished
        case _:
            return wished


def _judge_score(opinion: Opinion, policy: Policy) -> list[Charge]:
    spam, words = policy.spam, _tell(opinion)
    if opinion.score >= spam.reject_score:
        return [Charge(Reason.SPAM, Action.REJECT, words, rule=f"spam.reject_score={spam.reject_score:g}")]
    if opinion.score >= spam.quarantine_score:
        return [Charge(Reason.SPAM, Action.QUARANTINE, words, rule=f"spam.quarantine_score={spam.quarantine_score:g}")]
    return []


def _miss(opinion: Opinion, wanted: Action, group: str) -> Charge:
    """Nobody is refused for good because a filter of ours is silent."""
    action = Action.DEFER if wanted is Action.REJECT else wanted
    words = f"{opinion.source} gave no answer: {opinion.trouble}"
    return Charge(Reason.FILTER_SILENT, action, words, rule=f"{group}.fail_action={wanted.value}")


def _tell(opinion: Opinion) -> str:
    """Words first, the heaviest first."""
    heaviest = sorted(opinion.symptoms, key=lambda symptom: -abs(symptom.weight))[:SYMPTOMS_TOLD]
    reasons = ", ".join(f"{symptom.words or symptom.name} {symptom.weight:+.1f}" for symptom in heaviest)
    score = f" {opinion.score:.1f}" if opinion.score else ""
    wish = f" asks to {opinion.wish.value}" if opinion.wish is not Wish.NOTHING else ""
    return f"{opinion.source}{score}{wish}" + (f": {reasons}" if reasons else "")
