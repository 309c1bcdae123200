"""Rows of a store that somebody else may be writing to."""

from typing import Protocol, TypeVar

from mailstead.store.port import ReadTx, ReadUnit
from mailstead.store.port.blobs import Blobs
from mailstead.store.sql.dialect import Dialect
from mailstead.store.sql.session import NO_PARAMS, Params, Row
from mailstead.store.sql.transaction import SqlReadTx

T = TypeVar("T")


class CheckedStore(Protocol):
    """What a check needs of a store."""

    @property
    def blobs(self) -> Blobs: ...
    async def read(self, unit: ReadUnit[T]) -> T: ...


class View:
    """Asks one or several texts over one view."""

    def __init__(self, store: CheckedStore) -> None:
        self._store = store

    async def dialect(self) -> Dialect:
        """Of the engine below."""

        async def unit(tx: ReadTx) -> Dialect:
            assert isinstance(tx, SqlReadTx)
            return tx.session.dialect

        return await self._store.read(unit)

    async def rows(self, text: str, params: Params = NO_PARAMS) -> list[Row]:
        """Of one text."""
        return (await self.all_rows([text], params))[0]

    async def all_rows(self, texts: list[str], params: Params) -> list[list[Row]]:
        """Of several with the same parameters, in one view."""

        async def unit(tx: ReadTx) -> list[list[Row]]:
            assert isinstance(tx, SqlReadTx)
            session = tx.session
            return [await session.rows(session.dialect.fill(text), params) for text in texts]

        return await self._store.read(unit)
