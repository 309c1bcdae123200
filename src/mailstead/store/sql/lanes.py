"""Units that wait for their turn: two lanes, first in first out, bounded by count and bytes, each with a deadline."""

import asyncio
from collections import deque
from dataclasses import dataclass
from typing import Any, Final

from mailstead.ground.model.errors import Busy
from mailstead.store.port import Lane, Unit

BULK_AFTER: Final = 4
"""Groups of interactive units in a row before one of waiting bulk units, however many interactive ones wait."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """How much may wait, how long, and how much one group takes."""

    units: int = 20_000
    octets: int = 64 * 1024 * 1024
    wait_seconds: float = 10.0
    group_units: int = 500
    group_octets: int = 4 * 1024 * 1024
    group_seconds: float = 0.005


class Waiting:
    """One unit and its caller."""

    __slots__ = ("deadline", "future", "incoming", "is_gone", "lane", "size", "unit")

    def __init__(
        self, unit: Unit[Any], lane: Lane, size: int, *, incoming: bool, future: asyncio.Future[Any], deadline: float
    ) -> None:
        self.unit = unit
        self.lane = lane
        self.size = size
        self.incoming = incoming
        self.future = future
        self.deadline = deadline
        self.is_gone = False

    def answer(self, value: object) -> None:
        """Tell the caller, if it is still there."""
        if not self.future.done():
            self.future.set_result(value)

    def fail(self, error: BaseException) -> None:
        """Tell the caller why not."""
        if not self.future.done():
            self.future.set_exception(error)


class Lanes:
    """First in, first out in each lane; interactive units go first, bulk ones never starve."""

    def __init__(self, bounds: Bounds) -> None:
        self._bounds = bounds
        self._queues: tuple[deque[Waiting], deque[Waiting]] = (deque(), deque())
        self._counts = [0, 0]
        self._octets = [0, 0]
        self._interactive_groups = 0

    def __len__(self) -> int:
        return self._counts[0] + self._counts[1]

    def put(self, waiting: Waiting) -> None:
        """Let it wait; Busy when the lane is full. A lone unit of any size is let in."""
        lane = waiting.lane.value
        if self._counts[lane] >= self._bounds.units:
            raise Busy(f"{self._counts[lane]} units wait for the store")
        if self._counts[lane] and self._octets[lane] + waiting.size > self._bounds.octets:
            raise Busy(f"{self._octets[lane]} octets wait for the store")
        self._counts[lane] += 1
        self._octets[lane] += waiting.size
        self._queues[lane].append(waiting)

    def forget(self, waiting: Waiting) -> None:
        """Its caller was cancelled: it makes room at once and is skipped later. Nothing if its turn has come."""
        if not waiting.is_gone:
            self._leave(waiting)

    def expire(self, now: float) -> None:
        """Answer Busy to those whose deadline passed; each lane stands in order of deadlines."""
        for queue in self._queues:
            while queue and (queue[0].is_gone or queue[0].deadline <= now):
                waiting = queue.popleft()
                if not waiting.is_gone:
                    self._leave(waiting)
                    waiting.fail(Busy("the store did not get to it in time"))

    def empty(self) -> list[Waiting]:
        """Everything that waits, taken out: at the end."""
        everything = [waiting for queue in self._queues for waiting in queue if not waiting.is_gone]
        for waiting in everything:
            self._leave(waiting)
        for queue in self._queues:
            queue.clear()
        return everything

    def choose(self) -> Lane:
        """The lane whose group is next."""
        interactive, bulk = self._counts
        if bulk and (not interactive or self._interactive_groups >= BULK_AFTER):
            self._interactive_groups = 0
            return Lane.BULK
        self._interactive_groups = self._interactive_groups + 1 if bulk else 0
        return Lane.INTERACTIVE

    def waiting(self, lane: Lane) -> int:
        """How many wait there."""
        return self._counts[lane.value]

    def take(self, lane: Lane) -> Waiting | None:
        """The next unit; None if there is none. From now on it runs to its end."""
        queue = self._queues[lane.value]
        while queue:
            waiting = queue.popleft()
            if not waiting.is_gone:
                self._leave(waiting)
                if not waiting.future.cancelled():  # its caller is told of it only in the next turn of the loop
                    return waiting
        return None

    def _leave(self, waiting: Waiting) -> None:
        waiting.is_gone = True
        self._counts[waiting.lane.value] -= 1
        self._octets[waiting.lane.value] -= waiting.size
