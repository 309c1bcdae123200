"""The way that a letter to a domain would take, looked at without one."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass

from mailstead.ground.model.address import Address, canonical_domain
from mailstead.ground.model.route import shown_route
from mailstead.ground.model.route_rule import Side
from mailstead.services.dispatch.routes import StoredRoutes
from mailstead.services.outbound.findings import Finding, find
from mailstead.services.outbound.probing import Prober
from mailstead.store.port import ReadTx


@dataclass(frozen=True, slots=True)
class Explorer:
    """`is_trapped`: letters are held back, whatever is found."""

    routes: StoredRoutes
    prober: Prober
    is_trapped: bool = False

    async def explore(self, target: str) -> AsyncGenerator[Finding, None]:
        """To a domain, or that of an address, as the routes are now; Invalid."""
        domain = Address.parse(target).domain if "@" in target else canonical_domain(target)
        if self.is_trapped:
            yield Finding("mode", "outbound.mode is trap: letters are held, but this is the way that they would take")
        ours, by_rule = await self.routes.store.read(lambda tx: _find(tx, domain))
        if ours == "":
            yield Finding("ours", f"{domain} is ours, and its mail is kept here", is_good=True)
            return
        found = ours or by_rule
        route = self.routes.read(found) if found else self.routes.default
        yield Finding("route", _say_route(domain, ours, by_rule, route.host))
        async with aclosing(self.prober.look(route, domain)) as looks:
            async for look in looks:
                finding = find(look)
                if finding is not None:
                    yield finding


async def _find(tx: ReadTx, domain: str) -> tuple[str | None, str]:
    """The hand-off, "" if it is ours and not handed off, None if it is not ours; then the route to it."""
    ours = await tx.directory.find_domain(domain)
    rule = await tx.routes.find_route(Side.TO, domain)
    return ours.hand_off if ours is not None else None, rule.target if rule is not None else ""


def _say_route(domain: str, ours: str | None, by_rule: str, relay: str) -> str:
    if ours:
        return f"{domain} is ours, and handed off to {ours}"
    if by_rule:
        return f"the route to {domain} is {shown_route(by_rule)}"
    return f"all letters go by the relay {relay}" if relay else "direct: to the hosts that the DNS names"
