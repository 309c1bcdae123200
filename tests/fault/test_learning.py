"""A lesson is learned once, whatever happens to the worker that learns it, and can be taken back to the last bit."""

import contextlib
from pathlib import Path
from typing import Any

import pytest

from mailstead.services.filters.own.learning import Learner, Lesson
from mailstead.services.filters.own.memory import Memory
from mailstead.services.filters.own.own import look_at
from mailstead.services.filters.own.recollection import base_of
from mailstead.store.port.learning import EVERYBODY
from tests.support.fake_clock import FakeClock
from tests.support.learning import OFFER, move, school
from tests.support.mailbox import make_mailbox
from tests.support.stores import sqlite_engine


class Death(BaseException):
    """Nothing of ours catches it."""


class Mortal:
    """A store that ends with its `last`-th write: before it, or after it became durable and before anyone heard."""

    def __init__(self, store: Any, last: int, *, after: bool) -> None:
        self._store, self._left, self._after = store, last, after

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    async def write(self, unit: Any, **options: Any) -> Any:
        self._left -= 1
        if self._left:
            return await self._store.write(unit, **options)
        if self._after:
            await self._store.write(unit, **options)
        raise Death


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("last", [1, 2, 3])
async def test_the_follower_dies(tmp_path: Path, last: int, after: bool) -> None:
    async with sqlite_engine(tmp_path) as engine:
        store = await engine.open()
        box = await make_mailbox(store)
        uid = await box.append(box.folders["INBOX"], OFFER)
        await move(box, "INBOX", uid, "Junk")
        with contextlib.suppress(Death):
            await school(Mortal(store, last, after=after)).follower.run()
        pupil = school(store)
        await pupil.follower.run()
        mark = await store.read(lambda tx: tx.learning.mark(box.account))
        assert (mark.spam, mark.ham) == (1, 0)
        await _take_back(store, box)
        lores = await Memory(store).recall((EVERYBODY, box.account))
        assert not any(any(lore.cells) for lore in lores.values())


async def _take_back(store: Any, box: Any) -> None:
    rows = await store.read(lambda tx: tx.messages.fetch(box.folders["Junk"], 1, 1 << 30, 0))
    weighed = look_at(OFFER)
    lesson = Lesson(f"m{rows[0].message_id}", weighed.tokens, base_of(weighed.symptoms), is_spam=True)
    assert await Learner(store, FakeClock(), Memory(store)).unlearn(box.account, [lesson]) == 1
