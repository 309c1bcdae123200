"""The gauge of the queue: counted seldom, shown always."""

import asyncio
from typing import Any, cast

import pytest

from mailstead.app.queue_counts import EVERY, QueueCounts
from mailstead.ground.model.errors import Busy
from mailstead.ground.model.ids import Instant
from mailstead.ground.model.spool import State
from mailstead.services.spool.looking import Stats
from tests.support.fake_clock import FakeClock


class Counting:
    """In place of a `Hand`."""

    def __init__(self) -> None:
        self.count = 0
        self.fails: Exception | None = None

    async def stats(self) -> Stats:
        if self.fails is not None:
            raise self.fails
        self.count += 1
        stats = Stats(Instant(0))
        stats.queues[State.HELD].letters = self.count
        return stats


def held(snapshot: Any) -> float | None:
    return dict(snapshot.get("queue_size", [])).get(("held",), [None])[0]


async def test_old_numbers_are_shown_while_new_ones_are_counted() -> None:
    clock, hand = FakeClock(), Counting()
    counts = QueueCounts(cast(Any, hand), clock)
    first = await asyncio.gather(*(counts.add_to({"other": []}) for _ in range(3)))
    assert [held(one) for one in first] == [1, 1, 1]
    assert "other" in first[0]
    clock.advance(EVERY - 1)
    assert held(await counts.add_to({})) == 1
    clock.advance(1)
    assert held(await counts.add_to({})) == 1
    await asyncio.sleep(0)
    assert (held(await counts.add_to({})), hand.count) == (2, 2)
    counts.close()


@pytest.mark.parametrize("error", [Busy("later"), ZeroDivisionError()])
async def test_a_count_that_fails_hides_nothing_else(error: Exception) -> None:
    hand = Counting()
    hand.fails = error
    counts = QueueCounts(cast(Any, hand), FakeClock())
    assert await counts.add_to({"other": []}) == {"other": []}
    hand.fails = None
    counts.close()
