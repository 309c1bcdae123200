"""Hooks among the filters: some are asked before all others, some after them, knowing what those found."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

from mailstead.ground.formats.hook import Act, Answer
from mailstead.ground.model.hook import Hook, OnTrouble, Stage
from mailstead.ground.model.opinion import Concern, Opinion, Symptom, Wish
from mailstead.ground.model.policy import Action, Policy
from mailstead.ground.model.verdict import Reason
from mailstead.net.clock import Clock
from mailstead.services.checks.specimen import Panel, Specimen
from mailstead.services.checks.weighing import judge_opinions
from mailstead.services.filters.asking import Silent
from mailstead.services.hooks.book import HookBook
from mailstead.services.hooks.calling import Caller
from mailstead.services.hooks.telling import tell_letter

WISHES: Final[Mapping[Act, Wish]] = {
    Act.ACCEPT: Wish.NOTHING,
    Act.REJECT: Wish.REFUSE,
    Act.QUARANTINE: Wish.SET_ASIDE,
    Act.DROP: Wish.DISCARD,
    Act.RETRY: Wish.JUDGE_AGAIN,
}
_DECIDED: Final = frozenset({Wish.REFUSE, Wish.DISCARD})


class HookPanel:
    """The `Panel` of `services.checks`, around the one of the filters."""

    def __init__(self, inner: Panel, book: HookBook, caller: Caller, clock: Clock) -> None:
        self._inner = inner
        self._book = book
        self._caller = caller
        self._clock = clock

    async def examine(self, specimen: Specimen) -> tuple[Opinion, ...]:
        """Nobody else is asked about what a hook has refused or dropped for everyone."""
        await self._book.look()
        before = await self._ask_all(Stage.INBOUND, specimen, is_spam=None)
        if before and all(_is_decided(before, str(one.address)) for one in specimen.envelope.recipients):
            return before
        found = before + await self._inner.examine(specimen)
        after = self._book.of(Stage.DELIVERING)
        if not after:
            return found
        return found + await self._ask_all(Stage.DELIVERING, specimen, is_spam=_is_spam(found, specimen.policies))

    async def _ask_all(self, stage: Stage, specimen: Specimen, *, is_spam: bool | None) -> tuple[Opinion, ...]:
        asked = [(hook, told) for hook in self._book.of(stage) if (told := _about(hook, specimen))]
        if not asked:
            return ()
        async with asyncio.TaskGroup() as together:
            tasks = [
                together.create_task(self._ask(hook, stage, specimen, told, is_spam=is_spam)) for hook, told in asked
            ]
        return tuple(opinion for task in tasks for opinion in task.result())

    async def _ask(
        self, hook: Hook, stage: Stage, specimen: Specimen, recipients: Sequence[str], *, is_spam: bool | None
    ) -> tuple[Opinion, ...]:
        call = await tell_letter(
            hook, stage, specimen.content, recipients, is_spam=is_spam, now=self._clock.now()
        )  # fmt: skip
        try:
            opinions = opine(hook, await self._caller.call(call))
        except Silent as silence:
            opinions = (opine_silent(hook, str(silence)),)
        if not hook.domains:
            return opinions
        return tuple(replace(opinion, recipient=one) for one in recipients for opinion in opinions)


def opine(hook: Hook, answer: Answer) -> tuple[Opinion, ...]:
    """What its answer means."""
    source = f"hook {hook.name}"
    wish = WISHES[answer.act]
    rule = Opinion(source=source, concern=Concern.RULE, wish=wish, words=answer.words, marks=answer.marks)
    if answer.is_spam is None:
        return (rule,)
    spam_wish = Wish.SET_ASIDE if answer.is_spam else Wish.LET_IN
    return rule, Opinion(source=source, concern=Concern.SPAM, wish=spam_wish, is_final=True)


def opine_silent(hook: Hook, why: str) -> Opinion:
    """Open: told in the trace alone. Closed: what it has not seen waits."""
    source = f"hook {hook.name}"
    if hook.on_trouble is OnTrouble.OPEN:
        return Opinion(source=source, concern=Concern.RULE, trouble=why)
    symptom = Symptom("HOOK_SILENT", words=f"it gave no answer: {why}")
    return Opinion(source=source, concern=Concern.RULE, wish=Wish.PUT_OFF, symptoms=(symptom,))


def _about(hook: Hook, specimen: Specimen) -> list[str]:
    """The recipients that it hears of."""
    return [str(one.address) for one in specimen.envelope.recipients if hook.is_about(one.address.domain)]


def _is_decided(opinions: Sequence[Opinion], recipient: str) -> bool:
    return any(opinion.wish in _DECIDED for opinion in opinions if opinion.is_about(recipient))


def _is_spam(opinions: Sequence[Opinion], policies: Mapping[str, Policy]) -> bool:
    """To any of the domains."""
    charges = [charge for policy in policies.values() for charge in judge_opinions(opinions, policy)]
    return any(charge.reason is Reason.SPAM and charge.action is not Action.ACCEPT for charge in charges)
