"""Two nodes dispatch one spool on PostgreSQL; one is killed, and the other takes over what it held."""

import asyncio
import sys
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from mailstead.ground.model.spool import State
from mailstead.net.clock import SystemClock
from mailstead.store.port.spool import Wanted
from tests.support.postgres import cluster
from tests.support.spooled import DAY, letter, recipient, spool
from tests.support.stores import AnyStore, postgres_engine

LEASE = 3000
LETTERS, EACH, LANES = 250, 2, 7


@dataclass(frozen=True)
class Try:
    """One attempt for one recipient. `lease`: until when it was known to be held as it was claimed."""

    holder: str
    began: int
    lease: int
    ended: int | None


class Node:
    """A process, and what it told."""

    def __init__(self, holder: str, process: asyncio.subprocess.Process) -> None:
        self.holder = holder
        self.process = process
        self.begun: dict[tuple[int, int], tuple[int, int]] = {}
        self.ended: dict[tuple[int, int], int] = {}
        self.is_busy = asyncio.Event()  # some are done, and some are not
        self.reading = asyncio.create_task(self._read())

    @classmethod
    async def start(cls, conninfo: str, folder: Path, holder: str) -> "Node":
        words = [sys.executable, "-m", "tests.fault.dispatching", conninfo, str(folder), holder, str(LEASE)]
        return cls(holder, await asyncio.create_subprocess_exec(*words, stdout=asyncio.subprocess.PIPE))

    async def _read(self) -> None:
        assert self.process.stdout is not None
        while (line := await self.process.stdout.readline()).endswith(b"\n"):
            kind, *numbers = line.split()
            number, place, at, lease = map(int, numbers)
            if kind == b"begin":
                assert (number, place) not in self.begun, "twice by one node"
                self.begun[number, place] = at, lease
            elif kind == b"end":
                self.ended[number, place] = at
            if len(self.ended) > 30 and len(self.begun) > len(self.ended):
                self.is_busy.set()

    async def kill(self) -> None:
        if self.process.returncode is None:
            self.process.kill()
        await self.process.wait()
        await self.reading

    def tries(self) -> Iterator[tuple[tuple[int, int], Try]]:
        for key, (began, lease) in self.begun.items():
            yield key, Try(self.holder, began, lease, self.ended.get(key))


async def furnish(store: AnyStore) -> None:
    now = SystemClock().now()
    for number in range(1, LETTERS + 1):
        to = [
            recipient(number, place, f"x{place}@d{(number + place) % LANES}.test", due_at=now) for place in range(EACH)
        ]
        await spool(store, letter(number, created_at=now, expires_at=now + DAY), *to)


async def until_empty(store: AnyStore) -> None:
    async with asyncio.timeout(60):
        while True:
            if not await store.read(lambda tx: tx.spool.list_waiting(Wanted(), limit=1)):
                return
            await asyncio.sleep(0.05)


async def first_busy(nodes: list[Node]) -> Node:
    """Whoever has claimed more: the other may have found nothing yet."""
    waits = [asyncio.create_task(node.is_busy.wait()) for node in nodes]
    done, late = await asyncio.wait(waits, timeout=60, return_when=asyncio.FIRST_COMPLETED)
    for wait in late:
        wait.cancel()
    return nodes[waits.index(done.pop())]


@pytest.mark.slow
async def test_one_is_killed_and_the_other_takes_over(tmp_path: Path) -> None:
    with cluster() as running, running.database() as conninfo:
        async with postgres_engine(conninfo, tmp_path) as engine:
            store = await engine.open()
            await furnish(store)
            nodes = [await Node.start(conninfo, tmp_path, holder) for holder in ("one", "two")]
            try:
                killed = await first_busy(nodes)
                await killed.kill()
                killed_at = SystemClock().now()
                await until_empty(store)
            finally:
                for node in nodes:
                    await node.kill()
            states = [
                one.state
                for number in range(1, LETTERS + 1)
                for one in await store.read(lambda tx, number=number: tx.spool.list_recipients(number))
            ]
        assert states == [State.DELIVERED] * (LETTERS * EACH)
    tries: defaultdict[tuple[int, int], list[Try]] = defaultdict(list)
    for node in nodes:
        for key, one in node.tries():
            tries[key].append(one)
    assert len(tries) == LETTERS * EACH
    assert {one.holder for mine in tries.values() for one in mine} == {"one", "two"}
    heir = next(node.holder for node in nodes if node is not killed)
    again = [sorted(mine, key=lambda one: one.began) for mine in tries.values() if len(mine) > 1]
    for first, second in again:
        assert (first.holder, second.holder) == (killed.holder, heir)
        assert second.began >= first.lease  # not while its lease lived
        assert first.ended is None or killed_at - first.ended < 1000  # said yes, and died before it wrote it down
    assert any(one.began > killed_at for mine in tries.values() for one in mine if one.holder == heir)
