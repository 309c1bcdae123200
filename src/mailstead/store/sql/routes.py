"""Ways out that the operator set."""

from collections.abc import Collection
from typing import Final

import msgspec

from mailstead.ground.model.route_rule import RouteRule, Side
from mailstead.store.sql.session import Row, Session

FIND: Final = "SELECT side, name, target, created_at, note FROM route WHERE name = :name AND side = :side"

AMONG: Final = "SELECT side, name, target, created_at, note FROM route WHERE name {in_words}"

LIST: Final = """
    SELECT side, name, target, created_at, note FROM route
     WHERE (name, side) > (:after_name, :after_side) ORDER BY name, side LIMIT :limit"""

PUT: Final = """
    INSERT INTO route (side, name, target, note, created_at) VALUES (:side, :name, :target, :note, :created_at)
        ON CONFLICT (name, side) DO UPDATE
       SET target = excluded.target, note = excluded.note, created_at = excluded.created_at"""

DROP: Final = "DELETE FROM route WHERE name = :name AND side = :side"


class SqlRoutes:
    """See the port."""

    def __init__(self, session: Session) -> None:
        self._session = session

    async def find_route(self, side: Side, name: str) -> RouteRule | None:
        """By the key."""
        row = await self._session.row(FIND, {"side": side.value, "name": name})
        return _rule_of(row) if row else None

    async def routes_among(self, names: Collection[str]) -> list[RouteRule]:
        """One look-up in the key for each name, in one statement."""
        words = msgspec.json.encode(sorted(names)).decode()
        rows = await self._session.rows(self._session.dialect.fill(AMONG), {"words": words})
        return [_rule_of(row) for row in rows]

    async def list_routes(self, *, after: tuple[str, str] = ("", ""), limit: int = 1000) -> list[RouteRule]:
        """In the order of the key."""
        values = {"after_name": after[0], "after_side": after[1], "limit": limit}
        return [_rule_of(row) for row in await self._session.rows(LIST, values)]

    async def put_route(self, rule: RouteRule) -> None:
        """One statement."""
        values = {
            "side": rule.side.value, "name": rule.name, "target": rule.target, "note": rule.note,
            "created_at": rule.created_at,
        }  # fmt: skip
        await self._session.run(PUT, values)

    async def drop_route(self, side: Side, name: str) -> bool:
        """By the key."""
        return bool(await self._session.run(DROP, {"side": side.value, "name": name}))


def _rule_of(row: Row) -> RouteRule:
    side, name, target, created_at, note = row
    return RouteRule(side=Side(side), name=name, target=target, created_at=created_at, note=note)
