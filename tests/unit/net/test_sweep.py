"""One timer for all waits."""

import asyncio
from math import inf

from mailstead.net.sweep import Sweep


class Waiting:
    def __init__(self, deadline: float) -> None:
        self.deadline = deadline
        self.expired = asyncio.Event()

    def expire(self, now: float) -> None:
        self.deadline = inf
        self.expired.set()


async def test_who_is_due_is_told_and_others_are_not() -> None:
    sweep = Sweep(tick=0.01)
    now = asyncio.get_running_loop().time()
    due, later, gone = Waiting(now + 0.02), Waiting(now + 1000), Waiting(now)
    for item in (due, later, gone):
        sweep.add(item)
    sweep.discard(gone)
    async with asyncio.timeout(5):
        await due.expired.wait()
    assert not later.expired.is_set()
    assert not gone.expired.is_set()
    sweep.discard(due)
    sweep.discard(later)
    async with asyncio.timeout(5):
        while sweep._timer is not None:  # nothing to watch: no timer
            await asyncio.sleep(0.005)
