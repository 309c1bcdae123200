"""Lessons: a letter was junk, or was wanted after all. What was learned of it before is taken back first."""

from collections.abc import Callable, Coroutine, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from mailstead.ground.formats.spam.lore import OWN_BITS, PAGE, RATE, SHARED_BITS, SHARED_RATE, Lore, find_step, scale
from mailstead.ground.formats.spam.tokens import VERSION
from mailstead.ground.model.ids import AccountId
from mailstead.net.clock import Clock
from mailstead.services.filters.own.memory import Memory
from mailstead.store.port import Lane, ReadTx, Store, Tx
from mailstead.store.port.learning import EVERYBODY, StoredLesson

LESSONS_MAX: Final = 100
"""Of one call."""
TRIES: Final = 3
"""A lesson is repeated until it is learned, or so often."""


@dataclass(frozen=True, slots=True)
class Lesson:
    """One letter: its name, its tokens, what the rules say of it, what a person says."""

    letter: str
    tokens: frozenset[int]
    base: float
    is_spam: bool


@dataclass(slots=True)
class _Draft:
    """What is to be added to a scope; `lore` is what it has now."""

    lore: Lore
    added: dict[int, int] = field(default_factory=dict)
    spam: int = 0
    ham: int = 0

    def add(self, places: Iterable[int], step: int) -> None:
        for place in places if step else ():
            self.added[place] = self.added.get(place, 0) + step

    def count(self, number: int, *, is_spam: bool) -> None:
        if is_spam:
            self.spam += number
        else:
            self.ham += number

    def weigh(self, places: Sequence[int]) -> float:
        """As if it were added already."""
        cells, added = self.lore.cells, self.added
        return scale(sum([cells[place] + added.get(place, 0) for place in places]), len(places))

    def steps(self) -> dict[int, dict[int, int]]:
        """By page."""
        pages: dict[int, dict[int, int]] = {}
        for place, step in self.added.items():
            if step:
                pages.setdefault(place // PAGE, {})[place % PAGE] = step
        return pages


Also = Callable[[Tx], Coroutine[Any, Any, None]]
"""Done in the unit that learns."""


class Learner:
    """Takes lessons of any account, in any worker."""

    def __init__(self, store: Store, clock: Clock, memory: Memory) -> None:
        self._store = store
        self._clock = clock
        self._memory = memory

    async def learn(
        self, account: AccountId, lessons: Sequence[Lesson], *, again: bool = False, also: Also | None = None
    ) -> int:
        """How many taught something new. `again`: those that are known are gone through once more."""
        known = await self._known(account, [lesson.letter for lesson in lessons])
        fresh = [
            one for one in lessons if again or (old := known.get(one.letter)) is None or old.is_spam is not one.is_spam
        ]
        if not fresh:
            return 0
        drafts = await self._drafts(account)
        stored = [self._study(account, one, known.get(one.letter), drafts) for one in fresh]
        await self._write(drafts, stored, (), also)
        return len(fresh)

    async def unlearn(self, account: AccountId, lessons: Sequence[Lesson], *, also: Also | None = None) -> int:
        """How many were known, and are not any more."""
        known = await self._known(account, [lesson.letter for lesson in lessons])
        if not known:
            return 0
        drafts = await self._drafts(account)
        for lesson in lessons:
            if (old := known.get(lesson.letter)) is not None:
                _take_back(old, lesson.tokens, drafts)
        await self._write(drafts, (), list(known.values()), also)
        return len(known)

    async def _known(self, account: AccountId, letters: Sequence[str]) -> dict[str, StoredLesson]:
        async def unit(tx: ReadTx) -> dict[str, StoredLesson]:
            found = {letter: await tx.learning.find_lesson(account, letter) for letter in letters}
            return {letter: lesson for letter, lesson in found.items() if lesson is not None}

        return await self._store.read(unit)

    async def _drafts(self, account: AccountId) -> dict[AccountId, _Draft]:
        scopes = sorted({EVERYBODY, account})
        lores = await self._memory.recall(scopes)
        blank = {scope: Lore(SHARED_BITS if scope == EVERYBODY else OWN_BITS) for scope in scopes if scope not in lores}
        return {scope: _Draft(lores.get(scope) or blank[scope]) for scope in scopes}

    def _study(
        self, account: AccountId, lesson: Lesson, old: StoredLesson | None, drafts: Mapping[AccountId, _Draft]
    ) -> StoredLesson:
        if old is not None and old.is_spam is not lesson.is_spam:
            _take_back(old, lesson.tokens, drafts)
            old = None
        shared, own = drafts[EVERYBODY], drafts[account] if account != EVERYBODY else None
        if old is None:
            for draft in drafts.values():
                draft.count(1, is_spam=lesson.is_spam)
        rate = RATE if own is None else SHARED_RATE
        places = shared.lore.places(lesson.tokens)
        shared_step = _repeat(lesson, lesson.base, shared, places, rate)
        own_step = 0
        if own is not None:
            base = lesson.base + shared.weigh(places)
            own_step = _repeat(lesson, base, own, own.lore.places(lesson.tokens), RATE)
        return StoredLesson(
            account_id=account,
            letter=lesson.letter,
            is_spam=lesson.is_spam,
            shared_step=shared_step + (old.shared_step if old is not None else 0),
            own_step=own_step + (old.own_step if old is not None else 0),
            at=self._clock.now(),
        )

    async def _write(
        self, drafts: Mapping[AccountId, _Draft], stored: Sequence[StoredLesson], gone: Sequence[StoredLesson],
        also: Also | None,
    ) -> None:  # fmt: skip
        steps = {scope: draft.steps() for scope, draft in sorted(drafts.items())}

        async def unit(tx: Tx) -> None:
            for scope, pages in steps.items():
                draft = drafts[scope]
                mark = await tx.learning.hold(scope, tokens=VERSION, spam=draft.spam, ham=draft.ham)
                await tx.learning.add_to_pages(scope, mark.version, pages)
            for lesson in stored:
                await tx.learning.put_lesson(lesson)
            for lesson in gone:
                await tx.learning.drop_lesson(lesson.account_id, lesson.letter)
            if also is not None:
                await also(tx)

        await self._store.write(unit, lane=Lane.BULK)


def _repeat(lesson: Lesson, base: float, draft: _Draft, places: Sequence[int], rate: float) -> int:
    """The sum of the steps that bring it to where it should be."""
    total = 0
    for _ in range(TRIES):
        score = base + draft.weigh(places)
        step = find_step(score, len(places), is_spam=lesson.is_spam, rate=rate)
        if not step:
            break
        draft.add(places, step)
        total += step
    return total


def _take_back(old: StoredLesson, tokens: frozenset[int], drafts: Mapping[AccountId, _Draft]) -> None:
    for scope, step in ((EVERYBODY, old.shared_step), (old.account_id, old.own_step)):
        draft = drafts[scope]
        draft.add(draft.lore.places(tokens), -step)
    for draft in drafts.values():
        draft.count(-1, is_spam=old.is_spam)
