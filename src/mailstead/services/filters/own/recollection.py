"""What was learned, applied to one letter."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Final

from mailstead.ground.formats.spam.lore import PHRASES_LEFT, Lore, bound
from mailstead.ground.model.ids import AccountId
from mailstead.ground.model.opinion import Symptom
from mailstead.store.port.learning import EVERYBODY

TAUGHT: Final = 100
"""Letters of each kind from which on everybody's lore knows words better than the phrases do."""
_PHRASE: Final = "SAYS_"


def settle_phrases(symptoms: Iterable[Symptom], lore: Lore | None) -> list[Symptom]:
    """As everybody's lore has it."""
    return settle_taught(symptoms, lore.spam, lore.ham) if lore is not None else list(symptoms)


def settle_taught(symptoms: Iterable[Symptom], spam: int, ham: int) -> list[Symptom]:
    """Where enough was learned, phrases count less."""
    if min(spam, ham) < TAUGHT:
        return list(symptoms)
    return [
        replace(one, weight=round(one.weight * PHRASES_LEFT, 2)) if one.name.startswith(_PHRASE) else one
        for one in symptoms
    ]


def base_of(symptoms: Iterable[Symptom]) -> float:
    """What the rules say, as lessons see it."""
    return sum(one.weight * (PHRASES_LEFT if one.name.startswith(_PHRASE) else 1.0) for one in symptoms)


def weigh(tokens: frozenset[int], lores: Mapping[AccountId, Lore], account: AccountId | None) -> Sequence[Symptom]:
    """Of everybody, and of one account."""
    said = 0.0
    for scope in dict.fromkeys((EVERYBODY, account)):
        lore = lores.get(scope) if scope is not None else None
        if lore is not None:
            said += lore.weigh(lore.places(tokens))
    said = round(bound(said), 1)
    if not said:
        return ()
    words = "letters like it were junk" if said > 0 else "letters like it were wanted"
    return (Symptom("LEARNED", said, words),)
