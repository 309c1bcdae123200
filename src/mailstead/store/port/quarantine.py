"""Copies that are kept aside, their sum for each domain, and whom a digest told of them."""

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from mailstead.ground.model.ids import AccountId, Instant
from mailstead.ground.model.quarantine import KeptFilter, KeptLetter


class KeptSum(NamedTuple):
    """Of one domain."""

    letters: int = 0
    size: int = 0


class QuarantineReads(Protocol):
    """Latest first."""

    async def get_kept(self, number: int) -> KeptLetter:
        """NotFound."""

    async def list_kept(self, wish: KeptFilter, *, below: int | None = None, limit: int = 100) -> list[KeptLetter]:
        """Go on by giving the number of the last one."""

    async def sum_kept(self, domain: str) -> KeptSum: ...
    async def list_keepers(self) -> list[str]:
        """Domains that something is kept for."""

    async def list_untold(self, before: Instant, *, after: int = 0, limit: int = 100) -> list[AccountId]:
        """Accounts past `after` with copies that no digest told of, and whose last digest was sent before."""

    async def list_untold_of(self, account: AccountId, limit: int = 100) -> list[KeptLetter]: ...


class QuarantineWrites(QuarantineReads, Protocol):
    """Within units."""

    async def keep(self, kept: KeptLetter) -> None: ...

    async def drop_kept(self, numbers: Sequence[int], now: Instant) -> list[int]:
        """Those of them that were there; at most 500 at once. Blobs that nobody uses any more are let go."""

    async def expire_kept(self, domain: str, before: Instant, now: Instant, limit: int = 500) -> list[int]:
        """Of one domain, the oldest."""

    async def mark_told(self, account: AccountId, numbers: Sequence[int], now: Instant, *, since: Instant) -> bool:
        """A digest is sent; False if another was sent after `since`."""
