"""What was answered under a key of the client's: the same request gets the same answer and is not done again."""

from dataclasses import dataclass
from typing import Protocol

from mailstead.ground.model.ids import Instant


@dataclass(frozen=True, slots=True)
class Receipt:
    """Of a request (its SHA-256): status and body of the answer."""

    digest: str
    status: int
    body: str


class Receipts(Protocol):
    """Within units."""

    async def claim(self, who: str, key: str, digest: str, now: Instant) -> Receipt | None:
        """None: the key is ours, and `keep` has to follow. Else what was answered under it."""

    async def keep(self, who: str, key: str, status: int, body: str) -> None: ...

    async def forget(self, before: Instant) -> None:
        """Some of those that are older."""
