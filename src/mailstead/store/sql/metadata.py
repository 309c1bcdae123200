"""Annotations of folders and of the server."""

import json
from typing import Final

from mailstead.ground.model.ids import AccountId, UserId
from mailstead.store.port.metadata import Annotation, Shelf
from mailstead.store.sql.session import Session

LIST: Final = """
    SELECT folder_id, user_id, entry, size, CASE WHEN size <= :longest THEN value ELSE {no_bytes} END FROM metadata
     WHERE account_id = :account AND folder_id = :folder AND user_id IN (0, :user)
     ORDER BY entry, user_id LIMIT 1000"""

LIST_OF_ACCOUNT: Final = """
    SELECT folder_id, user_id, entry, size, value FROM metadata
     WHERE account_id = :account AND user_id IN (0, :user) AND entry {in_words}
     ORDER BY folder_id, entry, user_id"""

MEASURE: Final = """
    SELECT COUNT(*), CAST(COALESCE(SUM(size), 0) AS {bigint}) FROM metadata
     WHERE account_id = :account AND user_id = :user"""

PUT: Final = """
    INSERT INTO metadata (account_id, folder_id, user_id, entry, size, value)
    VALUES (:account, :folder, :user, :entry, :size, :value)
        ON CONFLICT (account_id, folder_id, user_id, entry)
        DO UPDATE SET size = excluded.size, value = excluded.value"""

COPY: Final = """
    INSERT INTO metadata (account_id, folder_id, user_id, entry, size, value)
    SELECT account_id, :target, user_id, entry, size, value FROM metadata
     WHERE account_id = :account AND folder_id = :folder
        ON CONFLICT (account_id, folder_id, user_id, entry) DO NOTHING"""

DROP: Final = """
    DELETE FROM metadata
     WHERE account_id = :account AND folder_id = :folder AND user_id = :user AND entry = :entry"""

ANY_SIZE: Final = 1 << 62


class SqlMetadata:
    """Reads and writes of annotations over one session. Services bound how many there are."""

    def __init__(self, session: Session) -> None:
        self._session = session

    async def list_metadata(self, shelf: Shelf, user: UserId, longest: int | None = None) -> list[Annotation]:
        """By entry."""
        values = {
            "account": shelf.account_id, "folder": shelf.folder_id, "user": user,
            "longest": ANY_SIZE if longest is None else longest,
        }  # fmt: skip
        return [Annotation(*row) for row in await self._session.rows(self._session.dialect.fill(LIST), values)]

    async def list_account_metadata(self, account: AccountId, user: UserId, entries: list[str]) -> list[Annotation]:
        """By folder and entry."""
        values = {"account": account, "user": user, "words": json.dumps(entries)}
        rows = await self._session.rows(self._session.dialect.fill(LIST_OF_ACCOUNT), values)
        return [Annotation(*row) for row in rows]

    async def measure_metadata(self, account: AccountId, user: UserId) -> tuple[int, int]:
        """From the sizes beside the values."""
        row = await self._session.row(self._session.dialect.fill(MEASURE), {"account": account, "user": user})
        return (int(row[0]), int(row[1])) if row else (0, 0)

    async def put_metadata(self, shelf: Shelf, user: UserId, entry: str, value: bytes) -> None:
        """One statement."""
        values = {
            "account": shelf.account_id, "folder": shelf.folder_id, "user": user, "entry": entry,
            "size": len(value), "value": value,
        }  # fmt: skip
        await self._session.run(PUT, values)

    async def copy_metadata(self, source: Shelf, target: Shelf) -> None:
        """One statement."""
        values = {"account": source.account_id, "folder": source.folder_id, "target": target.folder_id}
        await self._session.run(COPY, values)

    async def drop_metadata(self, shelf: Shelf, user: UserId, entry: str) -> None:
        """Nothing if it is not there."""
        values = {"account": shelf.account_id, "folder": shelf.folder_id, "user": user, "entry": entry}
        await self._session.run(DROP, values)
