import asyncio
from typing import Any

import pytest

from mailstead.ground.model.errors import Busy
from mailstead.store.port import Lane
from mailstead.store.sql.lanes import BULK_AFTER, Bounds, Lanes, Waiting


async def nothing(tx: Any) -> None:
    return None


def waiting(size: int = 0, lane: Lane = Lane.INTERACTIVE, deadline: float = 10.0) -> Waiting:
    future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
    return Waiting(nothing, lane, size, incoming=False, future=future, deadline=deadline)


async def test_first_in_first_out() -> None:
    lanes = Lanes(Bounds())
    units = [waiting() for _ in range(3)]
    for unit in units:
        lanes.put(unit)
    assert [lanes.take(Lane.INTERACTIVE) for _ in range(4)] == [*units, None]
    assert len(lanes) == 0


async def test_bounds_of_count_and_octets() -> None:
    lanes = Lanes(Bounds(units=2, octets=100))
    lanes.put(waiting(1000))  # alone it may be of any size
    with pytest.raises(Busy):
        lanes.put(waiting(1))
    lanes.put(waiting(1, Lane.BULK))
    lanes.take(Lane.INTERACTIVE)
    lanes.put(waiting(50))
    lanes.put(waiting(50))
    with pytest.raises(Busy):
        lanes.put(waiting(0))


async def test_the_forgotten_make_room_and_are_skipped() -> None:
    lanes = Lanes(Bounds(units=1))
    first, second = waiting(10), waiting(10)
    lanes.put(first)
    lanes.forget(first)
    lanes.forget(first)
    lanes.put(second)
    assert lanes.take(Lane.INTERACTIVE) is second
    lanes.forget(second)  # its turn has come: nothing
    assert len(lanes) == 0


async def test_cancelled_callers_are_skipped() -> None:
    lanes = Lanes(Bounds())
    first, second = waiting(), waiting()
    lanes.put(first)
    lanes.put(second)
    first.future.cancel()
    assert lanes.take(Lane.INTERACTIVE) is second
    assert len(lanes) == 0


async def test_deadlines_answer_busy() -> None:
    lanes = Lanes(Bounds())
    early, late = waiting(deadline=1.0), waiting(deadline=2.0)
    lanes.put(early)
    lanes.put(late)
    lanes.expire(1.5)
    with pytest.raises(Busy):
        await early.future
    assert lanes.take(Lane.INTERACTIVE) is late


async def test_bulk_goes_when_nothing_else_waits_and_does_not_starve() -> None:
    lanes = Lanes(Bounds())
    for _ in range(20):
        lanes.put(waiting())
    assert {lanes.choose() for _ in range(10)} == {Lane.INTERACTIVE}
    lanes.put(waiting(lane=Lane.BULK))
    choices = [lanes.choose() for _ in range(2 * BULK_AFTER + 2)]
    assert choices.count(Lane.BULK) == 2
    while lanes.take(Lane.INTERACTIVE):
        pass
    assert lanes.choose() is Lane.BULK


async def test_answers_to_callers_that_are_gone() -> None:
    unit = waiting()
    unit.future.cancel()
    unit.answer(1)
    unit.fail(Busy())
    assert unit.future.cancelled()
