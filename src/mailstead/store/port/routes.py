"""Ways out that the operator set. Names are canonical domains, or keys of addresses."""

from collections.abc import Collection
from typing import Protocol

from mailstead.ground.model.route_rule import RouteRule, Side


class RouteReads(Protocol):
    """What dispatch asks before each letter."""

    async def find_route(self, side: Side, name: str) -> RouteRule | None: ...
    async def routes_among(self, names: Collection[str]) -> list[RouteRule]:
        """Of both sides; the names of one letter, of which hardly any has one."""

    async def list_routes(self, *, after: tuple[str, str] = ("", ""), limit: int = 1000) -> list[RouteRule]:
        """By name and side; go on by giving those of the last one seen."""


class RouteWrites(RouteReads, Protocol):
    """No account is touched."""

    async def put_route(self, rule: RouteRule) -> None:
        """Set or replace."""

    async def drop_route(self, side: Side, name: str) -> bool:
        """False if there was none."""
