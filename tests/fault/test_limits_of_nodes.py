"""Nodes that count together on one PostgreSQL, and one that loses it."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from mailstead.ground.model.errors import Busy
from mailstead.ground.model.policy import Rate
from mailstead.net.clock import SystemClock
from tests.support.limiting import Limiting
from tests.support.postgres import Cluster, cluster
from tests.support.stores import postgres_engine

HANDS = 4
"""Of each node; they count at once."""


@pytest.fixture(scope="module")
def running() -> Iterator[Cluster]:
    with cluster() as made:
        yield made


@dataclass
class Counted:
    """A store that counts what is written, and can be lost."""

    store: Any
    writes: int = 0
    is_lost: bool = False

    async def write(self, unit: Any, **options: Any) -> Any:
        if self.is_lost:
            raise Busy("gone")
        self.writes += 1
        return await self.store.write(unit, **options)

    async def read(self, unit: Any) -> Any:
        return await self.store.read(unit)


Make = Callable[[int], Any]


@pytest.fixture
async def make(running: Cluster, tmp_path: Path) -> AsyncIterator[Make]:
    with running.database() as conninfo:
        async with postgres_engine(conninfo, tmp_path) as engine:

            async def nodes(count: int) -> list[tuple[Counted, Limiting]]:
                made = []
                for _ in range(count):
                    store = Counted(await engine.open())
                    made.append((store, Limiting(store, SystemClock(), is_shared=True)))
                for _ in range(2):  # each sees all others
                    for _, node in made:
                        assert node.sharing is not None
                        node.sharing._seen_at = -1000.0
                        await node.sharing.see()
                for store, _ in made:
                    store.writes = 0
                return made

            yield nodes


async def hammer(node: Limiting, rate: Rate, tries: int) -> int:
    """How many of so many tries are let in."""
    taken = 0

    async def hand() -> None:
        nonlocal taken
        for _ in range(tries // HANDS):
            is_within = await node.counter.take("one name", rate)
            taken += is_within
            await asyncio.sleep(0)

    await asyncio.gather(*(hand() for _ in range(HANDS)))
    return taken


@pytest.mark.parametrize(("count", "limit"), [(2, 5), (2, 10), (2, 100), (2, 1000), (3, 10), (3, 100)])
async def test_all_together_stay_within_a_twentieth_or_one(make: Make, count: int, limit: int) -> None:
    nodes = await make(count)
    rate = Rate(limit, 60)
    taken = await asyncio.gather(*(hammer(node, rate, limit + HANDS) for _, node in nodes))
    assert all(taken)
    tolerance = max(limit // 20, 1)
    assert limit <= sum(taken) <= limit + tolerance, taken
    writes = sum(store.writes for store, _ in nodes)
    free = tolerance // (count - 1)
    assert writes <= limit // (free + 1) + 2 * HANDS * count, "asked for each few alone"
    assert await asyncio.gather(*(hammer(node, rate, HANDS * 4) for _, node in nodes)) == [0] * count


async def test_names_that_come_once_cost_no_question(make: Make) -> None:
    (here, node), (_, other) = await make(2)
    for number in range(300):
        assert await node.counter.take(f"192.0.2.{number}", Rate(100, 60))
    assert here.writes == 0
    await node.sharing.tell()
    assert here.writes == 2, "the others hear of them, many at once"
    assert await other.counter.take("192.0.2.1", Rate(100, 60))
    await other.sharing.tell()
    assert other.counter.count("192.0.2.1", Rate(100, 60)) == 2


async def test_what_is_given_back_is_given_back_everywhere(make: Make) -> None:
    (_, node), (_, other) = await make(2)
    rate = Rate(4, 60)
    for _ in range(4):
        assert await node.counter.take("a", rate)
    assert not await other.counter.take("a", rate) or not await other.counter.take("a", rate)
    node.counter.give_back("a", rate)
    node.counter.give_back("a", rate)
    await node.sharing.tell()
    await other.counter.forget("b", rate)
    assert await other.counter.add("a", rate) >= 3


async def test_without_the_database_each_node_counts_for_itself(make: Make) -> None:
    (here, node), (there, other) = await make(2)
    rate = Rate(50, 60)
    assert await hammer(node, rate, 20) == 20
    here.is_lost = there.is_lost = True
    assert await hammer(node, rate, 60) == 30
    assert await hammer(other, rate, 60) == 50
    with pytest.raises(Busy):
        node.sharing.touch("one name", 3_600_000)
        await node.counter.take("more", rate)
        await node.sharing.tell()
    here.is_lost = there.is_lost = False
    assert await hammer(node, rate, 8) == 0, "and what it counted alone stays counted"
