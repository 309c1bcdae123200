"""The block list and the allow list."""

from collections.abc import Sequence
from typing import Final, Protocol

from mailstead.ground.model.blocks import Entry, Side
from mailstead.ground.model.ids import Instant

ENTRIES_MAX: Final = 1_000_000
"""Of both lists together."""


class BlockReads(Protocol):
    """Patterns are those of `blocks.read_pattern`, scopes canonical names of domains of ours or EVERYBODY."""

    async def mark(self) -> int:
        """It is another number after each change of either list."""

    async def find(self, keys: Sequence[str]) -> list[Entry]:
        """All entries of the patterns with these keys, of either list and any scope, be their time passed or not."""

    async def get_entry(self, side: Side, scope: str, pattern: str) -> Entry | None: ...

    async def list_entries(
        self, side: Side, *, scope: str | None = None, after: tuple[str, str] = ("", ""), limit: int = 500
    ) -> list[Entry]:
        """By scope and pattern; go on by giving the last pair seen."""


class BlockWrites(BlockReads, Protocol):
    """Within units."""

    async def advance(self) -> int:
        """The next mark: the first statement of every unit that changes a list."""

    async def put_entry(self, entry: Entry) -> None:
        """In place of the one before; LimitReached past ENTRIES_MAX."""

    async def delete_entry(self, side: Side, scope: str, pattern: str) -> Entry:
        """What it was; NotFound."""

    async def forget_entries(self, *, now: Instant, limit: int = 500) -> int:
        """Drop those whose time has passed; gives how many, 0 when done."""
