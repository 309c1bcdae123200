"""The filter: a letter is taken apart once, and what speaks for and against it is summed up."""

from collections.abc import Sequence
from typing import Final

from mailstead.ground.formats.spam.anatomy import LETTER_MAX, dissect
from mailstead.ground.formats.spam.rules import find_symptoms as find_in_letter
from mailstead.ground.model.opinion import Concern, Opinion, Symptom
from mailstead.services.checks.specimen import Specimen
from mailstead.services.filters.own.origin import find_symptoms as find_in_origin

SOURCE: Final = "own"


class OwnFilter:
    """One for a worker."""

    async def examine(self, specimen: Specimen) -> tuple[Opinion, ...]:
        """What it thinks, unless no recipient's domain wants to know."""
        if not any(policy.spam.enabled for policy in specimen.policies.values()):
            return ()
        letter = dissect(await specimen.content.read(0, LETTER_MAX))
        symptoms = find_in_letter(letter)
        symptoms += find_in_origin(specimen.evidence, specimen.client, letter, specimen.policies)
        return (conclude(symptoms),)


def conclude(symptoms: Sequence[Symptom], recipient: str = "") -> Opinion:
    """The sum, and what it is made of; the heaviest first."""
    ordered = tuple(sorted(symptoms, key=lambda symptom: (-abs(symptom.weight), symptom.name)))
    score = round(sum(symptom.weight for symptom in ordered), 2)
    return Opinion(source=SOURCE, concern=Concern.SPAM, score=score, symptoms=ordered, recipient=recipient)
