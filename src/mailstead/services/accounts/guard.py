"""What a login asks before and tells after: whether it is heard, and how it ended. `services.limits` counts them."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol

from mailstead.services.accounts.attempt import Attempt

IsFamiliar = Callable[[], Awaitable[bool]]
"""Whether the user has logged in from that address lately: asked only when it matters."""


@dataclass(frozen=True, slots=True)
class Shut:
    """Why somebody is not heard, as one word, and the limit."""

    reason: str
    limit: int


class Guard(Protocol):
    """`login` is the folded name under which failures are counted, somebody's or nobody's."""

    @property
    def delay(self) -> float: ...

    async def objection(self, attempt: Attempt, login: str, is_familiar: IsFamiliar) -> Shut | None:
        """Before anything secret is looked at. The attempt is counted; it may be made to wait."""

    async def failed(self, attempt: Attempt, login: str, *, is_known: bool) -> float:
        """It did not prove anybody; the seconds that the answer has to wait."""

    async def welcome(self, attempt: Attempt, login: str) -> Shut | None:
        """It proved somebody; may they come in now?"""
