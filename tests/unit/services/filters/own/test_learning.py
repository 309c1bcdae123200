"""Lessons: what was junk is known again, what was wanted is let in, and all of it can be taken back."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from mailstead.ground.model.ids import AccountId
from mailstead.services.filters.own.learning import Learner, Lesson
from mailstead.services.filters.own.memory import Memory
from mailstead.services.filters.own.own import look_at
from mailstead.services.filters.own.recollection import base_of, weigh
from mailstead.store.port.learning import EVERYBODY, LoreMark
from tests.support.fake_clock import FakeClock
from tests.support.stores import AnyStore, sqlite_engine

ANN, BOB = AccountId(1), AccountId(2)
OFFER = (
    b"From: shop@x.test\r\nSubject: toner\r\n\r\nCheap toner cartridges for every printer, order number %d today\r\n"
)
LUNCH = b"From: eve@y.test\r\nSubject: lunch\r\n\r\nShall we meet at noon at the place by the river, number %d\r\n"


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[AnyStore]:
    async with sqlite_engine(tmp_path) as engine:
        yield await engine.open()


def lesson(data: bytes, *, is_spam: bool) -> Lesson:
    weighed = look_at(data)
    return Lesson(str(hash(data)), weighed.tokens, base_of(weighed.symptoms), is_spam)


async def said(memory: Memory, data: bytes, account: AccountId | None) -> float:
    """What it comes to."""
    weighed = look_at(data)
    lores = await memory.recall((EVERYBODY, account) if account is not None else (EVERYBODY,))
    return base_of(weighed.symptoms) + sum(one.weight for one in weigh(weighed.tokens, lores, account))


def learner(store: AnyStore) -> tuple[Learner, Memory]:
    memory = Memory(store)
    return Learner(store, FakeClock(), memory), memory


async def test_the_next_one_like_it_is_known(store: AnyStore) -> None:
    teacher, memory = learner(store)
    before = await said(memory, OFFER % 2, ANN)
    assert before < 5
    assert await teacher.learn(ANN, [lesson(OFFER % 1, is_spam=True)]) == 1
    assert await said(memory, OFFER % 2, ANN) > 5
    assert await said(memory, LUNCH % 1, ANN) < 5
    assert await said(memory, OFFER % 2, BOB) > before, "everybody learns a little"


async def test_it_is_learned_once_and_taken_back_wholly(store: AnyStore) -> None:
    teacher, memory = learner(store)
    junk = lesson(OFFER % 1, is_spam=True)
    assert await teacher.learn(ANN, [junk]) == 1
    assert await teacher.learn(ANN, [junk]) == 0
    assert await teacher.unlearn(ANN, [junk]) == 1
    assert await teacher.unlearn(ANN, [junk]) == 0
    lores = await memory.recall((EVERYBODY, ANN))
    assert not any(any(lore.cells) for lore in lores.values())
    assert await store.read(lambda tx: tx.learning.mark(ANN)) == LoreMark(2, 1, 0, 0)


async def test_who_was_wrong_says_so(store: AnyStore) -> None:
    teacher, memory = learner(store)
    await teacher.learn(ANN, [lesson(OFFER % 1, is_spam=True)])
    assert await teacher.learn(ANN, [lesson(OFFER % 1, is_spam=False)]) == 1
    assert await said(memory, OFFER % 2, ANN) < 5
    assert await store.read(lambda tx: tx.learning.mark(ANN)) == LoreMark(2, 1, 0, 1)


async def test_again_goes_on_and_is_taken_back_whole(store: AnyStore) -> None:
    teacher, memory = learner(store)
    both = [lesson(OFFER % 1, is_spam=True), lesson(LUNCH % 1, is_spam=False)]
    for turn in range(4):
        await teacher.learn(EVERYBODY, both, again=turn > 0)
    assert await said(memory, OFFER % 9, None) > 5 > await said(memory, LUNCH % 9, None)
    assert await store.read(lambda tx: tx.learning.mark(EVERYBODY)) == LoreMark(4, 1, 1, 1)
    assert await teacher.unlearn(EVERYBODY, both) == 2
    lores = await memory.recall((EVERYBODY,))
    assert not any(lores[EVERYBODY].cells)


async def test_another_worker_sees_it(store: AnyStore) -> None:
    teacher, _ = learner(store)
    other = Memory(store)
    assert await other.recall((EVERYBODY, ANN)) == {}
    await teacher.learn(ANN, [lesson(OFFER % 1, is_spam=True)])
    assert await said(other, OFFER % 2, ANN) > 5
