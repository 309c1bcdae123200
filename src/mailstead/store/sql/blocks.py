"""The block list and the allow list."""

from collections.abc import Sequence
from typing import Final

import msgspec

from mailstead.ground.model.blocks import Entry, Side, key_of
from mailstead.ground.model.errors import LimitReached, NotFound
from mailstead.ground.model.ids import Instant
from mailstead.store.port.blocks import ENTRIES_MAX
from mailstead.store.sql.session import Row, Session

MARK: Final = "SELECT value FROM block_mark WHERE one = 1"

ADVANCE: Final = "UPDATE block_mark SET value = value + 1 WHERE one = 1 RETURNING value"

COUNT: Final = "UPDATE block_mark SET entries = entries + :more WHERE one = 1 RETURNING entries"

FIND: Final = """
    SELECT side, scope, pattern, reason, who, added_at, expires_at FROM block_entry WHERE looked_up {in_words}"""

GET: Final = """
    SELECT side, scope, pattern, reason, who, added_at, expires_at FROM block_entry
     WHERE looked_up = :key AND side = :side AND scope = :scope"""

LIST: Final = """
    SELECT side, scope, pattern, reason, who, added_at, expires_at FROM block_entry
     WHERE side = :side AND (scope, pattern) > (:after_scope, :after) ORDER BY scope, pattern LIMIT :limit"""

LIST_SCOPE: Final = """
    SELECT side, scope, pattern, reason, who, added_at, expires_at FROM block_entry
     WHERE side = :side AND scope = :scope AND pattern > :after ORDER BY scope, pattern LIMIT :limit"""

INSERT: Final = """
    INSERT INTO block_entry (looked_up, side, scope, pattern, reason, who, added_at, expires_at)
    VALUES (:key, :side, :scope, :pattern, :reason, :who, :added_at, :expires_at)
        ON CONFLICT (looked_up, side, scope) DO NOTHING
 RETURNING pattern"""

UPDATE: Final = """
    UPDATE block_entry SET reason = :reason, who = :who, added_at = :added_at, expires_at = :expires_at
     WHERE looked_up = :key AND side = :side AND scope = :scope"""

DELETE: Final = """
    DELETE FROM block_entry WHERE looked_up = :key AND side = :side AND scope = :scope
 RETURNING side, scope, pattern, reason, who, added_at, expires_at"""

DELETE_SCOPE: Final = "DELETE FROM block_entry WHERE side = :side AND scope = :scope"

FORGET: Final = """
    DELETE FROM block_entry WHERE (looked_up, side, scope) IN (
           SELECT b.looked_up, b.side, b.scope FROM block_entry b WHERE b.expires_at <= :now
            ORDER BY b.expires_at LIMIT :limit)"""


def _entry_of(row: Row) -> Entry:
    side, scope, pattern, reason, who, added_at, expires_at = row
    return Entry(
        side=Side(side), scope=scope, pattern=pattern, reason=reason, who=who, added_at=added_at,
        expires_at=expires_at,
    )  # fmt: skip


async def drop_scope(session: Session, scope: str) -> None:
    """A domain of ours is gone, and what was said for it alone."""
    gone = 0
    for side in Side:
        gone += await session.run(DELETE_SCOPE, {"side": side.value, "scope": scope})
    if gone:
        await session.row(COUNT, {"more": -gone})
        await session.row(ADVANCE)


class SqlBlocks:
    """See the port."""

    def __init__(self, session: Session) -> None:
        self._session = session

    async def mark(self) -> int:
        """One row by its key."""
        row = await self._session.row(MARK)
        assert row is not None
        return int(row[0])

    async def find(self, keys: Sequence[str]) -> list[Entry]:
        """Each by the primary key."""
        words = msgspec.json.encode(keys).decode()
        rows = await self._session.rows(self._session.dialect.fill(FIND), {"words": words})
        return [_entry_of(row) for row in rows]

    async def get_entry(self, side: Side, scope: str, pattern: str) -> Entry | None:
        """By the primary key."""
        row = await self._session.row(GET, {"side": side.value, "scope": scope, "key": key_of(pattern)})
        return _entry_of(row) if row else None

    async def list_entries(
        self, side: Side, *, scope: str | None = None, after: tuple[str, str] = ("", ""), limit: int = 500
    ) -> list[Entry]:
        """By the index on them."""
        values: dict[str, object] = {"side": side.value, "limit": limit, "after": after[1]}
        if scope is None:
            rows = await self._session.rows(LIST, {**values, "after_scope": after[0]})
        else:
            rows = await self._session.rows(LIST_SCOPE, {**values, "scope": scope})
        return [_entry_of(row) for row in rows]

    async def advance(self) -> int:
        """Whoever comes beside waits here, or is run again."""
        row = await self._session.row(ADVANCE)
        assert row is not None
        return int(row[0])

    async def put_entry(self, entry: Entry) -> None:
        """A new one counts."""
        values = {
            "key": key_of(entry.pattern), "side": entry.side.value, "scope": entry.scope, "pattern": entry.pattern,
            "reason": entry.reason,
            "who": entry.who, "added_at": entry.added_at, "expires_at": entry.expires_at,
        }  # fmt: skip
        if await self._session.row(INSERT, values) is None:
            await self._session.run(UPDATE, values)
        elif await self._count(1) > ENTRIES_MAX:
            raise LimitReached(f"there are {ENTRIES_MAX} entries already: block whole networks and domains")

    async def delete_entry(self, side: Side, scope: str, pattern: str) -> Entry:
        """Gives what it was."""
        row = await self._session.row(DELETE, {"side": side.value, "scope": scope, "key": key_of(pattern)})
        if row is None:
            where = f" for {scope}" if scope else ""
            raise NotFound(f"{pattern} is not on the {side.value} list{where}")
        await self._count(-1)
        return _entry_of(row)

    async def forget_entries(self, *, now: Instant, limit: int = 500) -> int:
        """By the index on their end; nobody heard them any more, so the mark stands."""
        gone = await self._session.run(FORGET, {"now": now, "limit": limit})
        if gone:
            await self._count(-gone)
        return gone

    async def _count(self, more: int) -> int:
        row = await self._session.row(COUNT, {"more": more})
        assert row is not None
        return int(row[0])
