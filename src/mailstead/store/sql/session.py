"""One transaction on either engine: all that aggregates see of a database.

Texts use `:name` parameters; `bytes` are BLOB or BYTEA; no text starts or ends a transaction.
An error is never caught by a unit: it belongs to the store.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from mailstead.store.sql.dialect import Dialect

Row = tuple[Any, ...]
Params = Mapping[str, object]
NO_PARAMS: Params = {}


class Session(Protocol):
    """Statements inside one transaction."""

    @property
    def dialect(self) -> Dialect: ...

    async def rows(self, sql: str, params: Params = NO_PARAMS) -> list[Row]:
        """All rows; the cursor is drained. Callers bound their number in the text."""

    async def row(self, sql: str, params: Params = NO_PARAMS) -> Row | None:
        """The first row or None; the cursor is drained."""

    async def run(self, sql: str, params: Params = NO_PARAMS) -> int:
        """Number of rows changed."""

    async def run_many(self, sql: str, params: Sequence[Params]) -> None:
        """The same statement for each of these."""
