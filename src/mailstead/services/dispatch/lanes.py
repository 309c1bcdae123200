"""What this worker holds of the spool: jobs in lanes, one for each destination, and the hands that carry them.

Invariants: a job waits in its lane or is carried, never both; a lane is forgotten when it has neither.
"""

from collections import deque
from dataclasses import dataclass, field
from typing import Final

from mailstead.ground.model.ids import SpoolId
from mailstead.ground.model.spool import SpooledLetter, SpooledRecipient

WAITING_MAX: Final = 200
"""Recipients in one lane, beside those being carried: more are left for others to claim."""
HELD_MAX: Final = 5000
"""Recipients in all lanes."""


@dataclass(frozen=True, slots=True)
class Job:
    """One letter for some recipients of one destination, all leased to this worker."""

    letter: SpooledLetter
    recipients: tuple[SpooledRecipient, ...]

    @property
    def destination(self) -> str:
        """Of all of them."""
        return self.recipients[0].destination


@dataclass(slots=True)
class _Lane:
    jobs: deque[Job] = field(default_factory=deque)
    waiting: int = 0  # recipients of `jobs`
    carried: int = 0  # jobs


class Lanes:
    """Round robin over destinations, so that a long lane takes no more than its turn."""

    def __init__(self, *, hands: int, hands_each: int) -> None:
        self._hands = hands
        self._hands_each = hands_each
        self._lanes: dict[str, _Lane] = {}
        self._ready: dict[str, None] = {}  # lanes with a job and a hand free, in the order of their turns
        self._carried = 0
        self._held: set[tuple[SpoolId, int]] = set()  # recipients, waiting or carried

    def has_room(self, destination: str) -> bool:
        """Whether one more recipient may wait there."""
        lane = self._lanes.get(destination)
        return len(self._held) < HELD_MAX and (lane is None or lane.waiting < WAITING_MAX)

    def has(self, destination: str) -> bool:
        """Whether any job of it waits or is carried."""
        return destination in self._lanes

    def holds(self, letter: SpoolId, number: int) -> bool:
        """Whether that recipient waits here or is being carried."""
        return (letter, number) in self._held

    def is_low(self, destination: str) -> bool:
        """Whether more may be claimed for a lane without waiting for all of it to be carried."""
        lane = self._lanes.get(destination)
        return lane is None or lane.waiting < WAITING_MAX // 4

    def full(self) -> list[str]:
        """Destinations of which no more is claimed for now."""
        return [name for name, lane in self._lanes.items() if lane.waiting >= WAITING_MAX // 2]

    def add(self, job: Job) -> None:
        """At the end of its lane."""
        name = job.destination
        lane = self._lanes.setdefault(name, _Lane())
        lane.jobs.append(job)
        lane.waiting += len(job.recipients)
        self._held.update(_keys(job))
        self._make_ready(name, lane)

    def next(self) -> Job | None:
        """A job for a free hand."""
        if self._carried >= self._hands or not self._ready:
            return None
        name = next(iter(self._ready))
        del self._ready[name]
        lane = self._lanes[name]
        job = lane.jobs.popleft()
        lane.waiting -= len(job.recipients)
        lane.carried += 1
        self._carried += 1
        self._make_ready(name, lane)
        return job

    def done(self, job: Job) -> None:
        """Its hand is free."""
        name = job.destination
        lane = self._lanes[name]
        lane.carried -= 1
        self._carried -= 1
        self._held.difference_update(_keys(job))
        if not lane.jobs and not lane.carried:
            del self._lanes[name]
        else:
            self._make_ready(name, lane)

    def clear(self, destination: str) -> list[Job]:
        """Take out all that waits in a lane."""
        lane = self._lanes.get(destination)
        if lane is None:
            return []
        jobs = list(lane.jobs)
        lane.jobs.clear()
        lane.waiting = 0
        for job in jobs:
            self._held.difference_update(_keys(job))
        self._ready.pop(destination, None)
        if not lane.carried:
            del self._lanes[destination]
        return jobs

    def clear_all(self) -> list[Job]:
        """Take out all that waits anywhere."""
        return [job for name in list(self._lanes) for job in self.clear(name)]

    def leases(self) -> frozenset[tuple[SpoolId, int]]:
        """All that is held."""
        return frozenset(self._held)

    def _make_ready(self, name: str, lane: _Lane) -> None:
        if lane.jobs and lane.carried < self._hands_each:
            self._ready.setdefault(name)


def _keys(job: Job) -> list[tuple[SpoolId, int]]:
    return [(job.letter.id, recipient.number) for recipient in job.recipients]
