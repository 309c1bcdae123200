"""Second factors of users, and their recovery codes."""

from collections.abc import Sequence
from typing import Protocol

from mailstead.ground.model.ids import Instant, UserId
from mailstead.ground.model.second_factor import SecondFactor


class SecondFactorReads(Protocol):
    """Each by its key."""

    async def find(self, user: UserId) -> SecondFactor | None: ...
    async def is_asked(self, user: UserId) -> bool:
        """Whether they have one that is confirmed."""

    async def are_any_asked(self) -> bool:
        """Whether anybody has."""

    async def count_recovery(self, user: UserId) -> int:
        """Recovery codes that were not used."""


class SecondFactorWrites(SecondFactorReads, Protocol):
    """Within units."""

    async def hold(self, user: UserId) -> SecondFactor | None:
        """The same as `find`; until the commit nobody else takes a code of this user."""

    async def put(self, factor: SecondFactor) -> None:
        """In place of the one before."""

    async def put_recovery(self, user: UserId, digests: Sequence[str]) -> None:
        """In place of those before."""

    async def take_recovery(self, user: UserId, digest: str, now: Instant) -> bool:
        """Whether it was there and not used; now it is used."""

    async def delete(self, user: UserId) -> bool:
        """With the recovery codes; whether there was one."""
