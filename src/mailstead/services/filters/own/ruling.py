"""Hard rules applied: the first one that holds decides for a domain, and no score counts any more."""

from collections.abc import Iterable, Mapping
from typing import Final

from mailstead.ground.formats.headers import decode_field, unfold
from mailstead.ground.formats.spam.anatomy import Anatomy
from mailstead.ground.model.errors import Invalid
from mailstead.ground.model.opinion import Concern, Opinion, Symptom, Wish
from mailstead.ground.model.policy import Policy
from mailstead.ground.model.spam_rules import HardRule, Verdict, read_rules
from mailstead.services.checks.specimen import Specimen

SOURCE: Final = "own rules"
_FIELDS_MAX: Final = 20
_WISHES: Final = {Verdict.SPAM: Wish.SET_ASIDE, Verdict.HAM: Wish.LET_IN, Verdict.DROP: Wish.DISCARD}
_WORDS: Final = {Verdict.SPAM: "is spam", Verdict.HAM: "is wanted", Verdict.DROP: "is thrown away"}


def judge_by_rules(specimen: Specimen, letter: Anatomy, everybodys: str) -> list[Opinion]:
    """An opinion for each recipient whose domain has a rule that holds."""
    seal = specimen.evidence.arc.result.value if specimen.evidence.arc is not None else "none"
    met = {domain: _first(_rules(policy, everybodys), letter, seal) for domain, policy in specimen.policies.items()}
    found = []
    for one in specimen.envelope.recipients:
        rule = met.get(one.address.domain)
        if rule is not None:
            found.append(_tell(rule, str(one.address)))
    return found


def _rules(policy: Policy, everybodys: str) -> tuple[HardRule, ...]:
    if not policy.spam.enabled or not (policy.spam.config or everybodys):
        return ()
    try:
        return read_rules(everybodys, policy.spam.config)
    except Invalid:
        return ()  # both were looked at when they were set; a newer program may have known more


def _first(rules: Iterable[HardRule], letter: Anatomy, seal: str) -> HardRule | None:
    if not rules:
        return None
    fields = _decode(letter, {rule.name for rule in rules})
    return next((rule for rule in rules if rule.holds(fields, seal)), None)


def _decode(letter: Anatomy, names: Iterable[str]) -> Mapping[str, list[str]]:
    return {
        name: [decode_field(unfold(value)) for value in letter.fields[name][:_FIELDS_MAX]]
        for name in names
        if name in letter.fields
    }


def _tell(rule: HardRule, recipient: str) -> Opinion:
    symptom = Symptom(f"RULE_{rule.verdict.name}", 0.0, f"by the rule {rule.words} it {_WORDS[rule.verdict]}")
    return Opinion(
        source=SOURCE, concern=Concern.SPAM, symptoms=(symptom,), wish=_WISHES[rule.verdict], is_final=True,
        recipient=recipient,
    )  # fmt: skip
