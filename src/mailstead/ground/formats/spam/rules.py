"""All rules, applied: the symptoms of a letter as it stands, whoever it came from."""

from typing import Final

from mailstead.ground.formats.spam.anatomy import Anatomy
from mailstead.ground.formats.spam.header_rules import HEADER_RULES
from mailstead.ground.formats.spam.mime_rules import MIME_RULES
from mailstead.ground.formats.spam.phrases import find_phrases
from mailstead.ground.formats.spam.text_rules import TEXT_RULES
from mailstead.ground.model.opinion import Symptom

RULES: Final = (*HEADER_RULES, *MIME_RULES, *TEXT_RULES)


def find_symptoms(letter: Anatomy) -> list[Symptom]:
    """Everything that holds of it."""
    held = [Symptom(rule.name, rule.weight, rule.words) for rule in RULES if rule.holds(letter)]
    return held + find_phrases(letter.words)
