"""Blocks that failed logins brought about, and the counts that nodes share."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from mailstead.ground.model.block import LoginBlock
from mailstead.ground.model.ids import Instant
from mailstead.ground.model.policy import RateLimit


@dataclass(frozen=True, slots=True)
class SharedCount:
    """Of one name over all nodes; see `ground.model.sliding`. The version counts up with each change."""

    head: int
    counts: tuple[int, ...]
    version: int


class LimitReads(Protocol):
    """Names of domains are canonical."""

    async def find_block(self, subjects: Sequence[str], domain: str, now: Instant) -> LoginBlock | None:
        """One in force for any of them."""

    async def list_blocks(self, now: Instant, limit: int = 1000) -> list[LoginBlock]:
        """Those in force, the latest end first."""

    async def list_rates(self, after: str, limit: int = 100) -> list[tuple[str, RateLimit]]:
        """The limits of each domain with a policy of its own, by name; go on with the last one."""

    async def count_nodes(self, since: Instant) -> int:
        """Nodes that were seen since then."""


class LimitWrites(LimitReads, Protocol):
    """Within units."""

    async def put_block(self, block: LoginBlock) -> None:
        """In place of an earlier one."""

    async def drop_block(self, subject: str, domain: str | None, now: Instant) -> list[LoginBlock]:
        """For one domain, or for all of them; gives those that were in force."""

    async def hold_count(self, name: str) -> SharedCount:
        """Locked until the end of the unit. Hold several in the order of their names."""

    async def write_count(self, name: str, count: SharedCount, until: Instant) -> None:
        """After `hold_count`; it may be forgotten after `until`."""

    async def see_node(self, name: str, now: Instant) -> None:
        """It is alive."""

    async def forget(self, now: Instant, limit: int = 500) -> int:
        """Drop what has run out; gives how many rows went, 0 when done."""
