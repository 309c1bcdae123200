"""Hard rules of the operator: what a header says, or what its seals say, decides alone. Messages' SPAM_CONFIG.

    {"rules": [{"header_match": "X-Bulk-Mail: yes", "action": "spam"},
               {"header_match_regex": "Subject: (?i)^\\\\[ads?\\\\]", "action": "drop"},
               {"arc_verdict": "fail", "action": "spam"}]}

A domain's is laid over that of all domains key by key. Expressions are RE2's: they cost time in proportion to what they
read, whoever wrote the letter.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache
from typing import Final, Protocol

from mailstead.ground.model.errors import Invalid

CONFIG_MAX: Final = 16 << 10
RULES_MAX: Final = 100
VALUE_MAX: Final = 2000
"""Characters of a field that an expression reads."""
_MEMORY: Final = 256 << 10
_KINDS: Final = ("header_match", "header_match_regex", "arc_verdict")
_SEALS: Final = ("none", "pass", "fail")


class Misruled(Invalid):
    """It cannot be used; the words say why."""


class Verdict(Enum):
    """What a rule decides."""

    SPAM = "spam"
    HAM = "ham"
    DROP = "drop"


class Pattern(Protocol):
    """A compiled expression."""

    def search(self, text: str) -> object: ...


@dataclass(frozen=True, slots=True)
class HardRule:
    """One of them: about a field (`name`, and `text` or `pattern`), or about the seals (`seals`)."""

    verdict: Verdict
    words: str
    name: str = ""
    text: str = ""
    pattern: Pattern | None = None
    seals: frozenset[str] = frozenset()

    def holds(self, fields: Mapping[str, Sequence[str]], seal: str) -> bool:
        """`fields`: decoded values by lower-case name."""
        if self.seals:
            return seal in self.seals
        values = fields.get(self.name, ())
        if self.pattern is not None:
            return any(self.pattern.search(value[:VALUE_MAX]) for value in values)
        return any(value.strip().lower() == self.text for value in values)


def check_config(text: str) -> str:
    """The text if it can be used; Misruled."""
    read_rules(text, "")
    return text


@lru_cache(256)
def read_rules(everybodys: str, own: str) -> tuple[HardRule, ...]:
    """Of a domain; Misruled. Text that is empty says nothing."""
    merged = {**_read_json(everybodys), **_read_json(own)}
    rules = merged.get("rules", [])
    if not isinstance(rules, list) or len(rules) > RULES_MAX:
        raise Misruled(f'SPAM_CONFIG: "rules" is a list of at most {RULES_MAX} rules')
    return tuple(_read_rule(rule) for rule in rules)


def _read_json(text: str) -> dict[str, object]:
    if not text.strip():
        return {}
    if len(text) > CONFIG_MAX:
        raise Misruled(f"SPAM_CONFIG is longer than {CONFIG_MAX} characters")
    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise Misruled(f"SPAM_CONFIG is no JSON: {error}") from error
    if not isinstance(found, dict):
        raise Misruled('SPAM_CONFIG is no JSON object: write {"rules": [...]}')
    return found


def _read_rule(rule: object) -> HardRule:
    if not isinstance(rule, dict):
        raise Misruled('SPAM_CONFIG: a rule is an object, like {"header_match": "X-Bulk-Mail: yes", "action": "spam"}')
    kinds = [kind for kind in _KINDS if kind in rule]
    try:
        verdict = Verdict(rule.get("action"))
    except ValueError:
        raise Misruled("SPAM_CONFIG: the action of a rule is spam, ham or drop") from None
    if len(kinds) != 1 or len(rule) != 2:
        raise Misruled(f"SPAM_CONFIG: a rule has an action and one of {', '.join(_KINDS)}")
    value = rule[kinds[0]]
    words = f"{kinds[0]} {json.dumps(value)}"
    if kinds[0] == "arc_verdict":
        return HardRule(verdict, words, seals=_read_seals(value))
    name, is_there, rest = value.partition(":") if isinstance(value, str) else ("", "", "")
    if not is_there or not name.strip():
        raise Misruled(f'SPAM_CONFIG: {kinds[0]} names a field and what it says, like "X-Bulk-Mail: yes"')
    name, rest = name.strip().lower(), rest.strip()
    if kinds[0] == "header_match":
        return HardRule(verdict, words, name, rest.lower())
    return HardRule(verdict, words, name, pattern=_compile(rest))


def _read_seals(value: object) -> frozenset[str]:
    seals = [value] if isinstance(value, str) else value
    if not isinstance(seals, list) or not seals or not all(seal in _SEALS for seal in seals):
        raise Misruled("SPAM_CONFIG: arc_verdict is none, pass or fail, or a list of them")
    return frozenset(seals)


def _compile(expression: str) -> Pattern:
    """RE2 knows no expression that could take longer than linear time, and refuses what would need it."""
    import re2  # most have no such rule, and need not load it

    options = re2.Options()
    options.log_errors = False
    options.max_mem = _MEMORY
    try:
        pattern: Pattern = re2.compile(expression, options)
    except re2.error as error:
        told = error.args[0] if error.args else ""
        why = told.decode("utf-8", "replace") if isinstance(told, bytes) else str(told)
        raise Misruled(f"SPAM_CONFIG: {expression!r} is no expression of RE2: {why}") from error
    return pattern
