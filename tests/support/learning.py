"""People who move letters, and the follower that learns from it."""

from dataclasses import dataclass
from typing import Any

from mailstead.ground.model.policy import Policy, Spam
from mailstead.ground.model.uidset import UidSet
from mailstead.services.checks.specimen import Content
from mailstead.services.filters.own.following import Follower
from mailstead.services.filters.own.learning import Learner
from mailstead.services.filters.own.memory import Memory
from tests.support.examining import OnePolicy
from tests.support.fake_clock import FakeClock
from tests.support.mailbox import Mailbox

OFFER = b"From: shop@x.test\r\nSubject: toner\r\n\r\nCheap toner cartridges for every printer of your office today\r\n"


class Heard:
    """Filters of others, as they were taught."""

    def __init__(self) -> None:
        self.lessons: list[bool] = []

    async def learn(self, _: Content, *, is_spam: bool) -> None:
        """Remembered."""
        self.lessons.append(is_spam)


@dataclass(frozen=True, slots=True)
class School:
    """A follower with what it uses."""

    follower: Follower
    memory: Memory
    heard: Heard


def school(store: Any, *, learns: bool = True) -> School:
    """As a worker that has just started has it."""
    memory, clock, heard = Memory(store), FakeClock(), Heard()
    policies = OnePolicy(Policy(spam=Spam(learning_enabled=learns)))
    return School(Follower(store, clock, Learner(store, clock, memory), policies, heard), memory, heard)


async def move(box: Mailbox, source: str, uid: int, target: str) -> int:
    """As a client without MOVE does it; the new UID."""
    copied = await box.copy(box.folders[source], UidSet.of([uid]), box.folders[target])
    await box.expunge(box.folders[source], UidSet.of([uid]))
    return copied.targets.first
