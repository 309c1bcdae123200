"""The filter: a letter is taken apart once, and what speaks for and against it is summed up."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from mailstead.ground.formats.spam.anatomy import LETTER_MAX, Anatomy, dissect
from mailstead.ground.formats.spam.lore import Lore
from mailstead.ground.formats.spam.rules import find_symptoms as find_in_letter
from mailstead.ground.formats.spam.tokens import find_tokens
from mailstead.ground.model.ids import AccountId
from mailstead.ground.model.opinion import Concern, Opinion, Symptom
from mailstead.services.checks.specimen import Specimen
from mailstead.services.filters.own.knowing import names_of
from mailstead.services.filters.own.origin import find_symptoms as find_in_origin
from mailstead.services.filters.own.origin import find_vouching
from mailstead.services.filters.own.recollection import settle_phrases, weigh
from mailstead.services.filters.own.ruling import judge_by_rules
from mailstead.store.port.learning import EVERYBODY, Name

SOURCE: Final = "own"


RECIPIENTS_MAX: Final = 20
"""Of a letter to more than so many, all are told the same."""


@dataclass(frozen=True, slots=True)
class Weighed:
    """What was found in a letter, and what it is learned by."""

    symptoms: tuple[Symptom, ...]
    tokens: frozenset[int]


def look_at(data: bytes) -> Weighed:
    """The letter alone, whoever it came from."""
    letter = dissect(data)
    symptoms = find_in_letter(letter)
    return Weighed(tuple(symptoms), find_tokens(letter, symptoms))


class Recalls(Protocol):
    """What was learned: see `memory`."""

    async def recall(self, scopes: Iterable[AccountId]) -> dict[AccountId, Lore]: ...


class Knows(Protocol):
    """Whom accounts know: see `knowing`."""

    async def recognize(
        self, accounts: Iterable[AccountId], letter: Anatomy, names: Sequence[Name]
    ) -> dict[AccountId, list[Symptom]]: ...


class LooksUp(Protocol):
    """What lists in the DNS say: see `listed`."""

    async def look_up(self, ip: str, letter: Anatomy) -> list[Symptom]: ...


class OwnFilter:
    """One for a worker."""

    def __init__(self, memory: Recalls, acquaintances: Knows, lists: LooksUp, rules: str = "") -> None:
        self._memory = memory
        self._lists = lists
        self._acquaintances = acquaintances
        self._rules = rules  # SPAM_CONFIG of all domains

    async def examine(self, specimen: Specimen) -> tuple[Opinion, ...]:
        """What it thinks, unless no recipient's domain wants to know."""
        if not any(policy.spam.enabled for policy in specimen.policies.values()):
            return ()
        letter = dissect(await specimen.content.read(0, LETTER_MAX))
        ruled = judge_by_rules(specimen, letter, self._rules)
        if len(ruled) == len(specimen.envelope.recipients):
            return tuple(ruled)
        found = find_in_letter(letter)
        tokens = find_tokens(letter, found)
        symptoms = found + find_in_origin(specimen.evidence, specimen.client, letter, specimen.policies)
        symptoms += await self._lists.look_up(specimen.client.ip, letter)
        readers = _readers(specimen)
        accounts = [account for _, account in readers if account is not None]
        lores = await self._memory.recall((EVERYBODY, *accounts))
        names = names_of(specimen.client.ip, letter, find_vouching(specimen.evidence))
        known = await self._acquaintances.recognize(accounts, letter, names)
        settled = settle_phrases(symptoms, lores.get(EVERYBODY))
        weighed = []
        for who, account in readers:
            own = known.get(account, ()) if account is not None else ()
            weighed.append(conclude([*settled, *own, *weigh(tokens, lores, account)], who))
        return (*ruled, *weighed)


def _readers(specimen: Specimen) -> list[tuple[str, AccountId | None]]:
    """Whose own experience counts; "" is everyone."""
    recipients = specimen.envelope.recipients
    if len(recipients) > RECIPIENTS_MAX:
        return [("", None)]
    firsts = [accounts[0] if len(accounts) == 1 else None for accounts in specimen.accounts]
    if len(recipients) == 1:
        return [("", firsts[0])]
    return [(str(one.address), account) for one, account in zip(recipients, firsts, strict=True)]


def conclude(symptoms: Sequence[Symptom], recipient: str = "") -> Opinion:
    """The sum, and what it is made of; the heaviest first."""
    ordered = tuple(sorted(symptoms, key=lambda symptom: (-abs(symptom.weight), symptom.name)))
    score = round(sum(symptom.weight for symptom in ordered), 2)
    return Opinion(source=SOURCE, concern=Concern.SPAM, score=score, symptoms=ordered, recipient=recipient)
