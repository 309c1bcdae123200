"""The way to a recipient: what was set by hand, what the operator set for some names, else what is configured."""

from dataclasses import dataclass, replace
from functools import partial

from mailstead.ground.model.route import Route, parse_route
from mailstead.ground.model.spool import LOCAL, Origin, SpooledLetter, SpooledRecipient
from mailstead.services.dispatch.ports import Way
from mailstead.services.spool.ways import find_targets, lane_of
from mailstead.store.port import ReadTx, Store


@dataclass(frozen=True, slots=True)
class StoredRoutes:
    """Read for each letter, so that a change holds from the next one on. `default` is direct, or leads to a relay;
    `direct` is what the route of that name means."""

    store: Store
    default: Route
    direct: Route

    async def find(self, letter: SpooledLetter, recipient: SpooledRecipient) -> Way:
        """Invalid if what was set is no route, which those who set it are told."""
        domain = recipient.address.domain
        target = recipient.route or await self.store.read(partial(_find, letter, domain))
        if target == LOCAL:
            return Way(self.default, LOCAL)
        if not target:
            return Way(self.default, domain)
        return Way(self.read(target), lane_of(target, domain))

    def read(self, target: str) -> Route:
        """What the text of a route means here; Invalid."""
        route = parse_route(target)
        return self.direct if route.is_direct else replace(route, proxies=self.default.proxies)


async def _find(letter: SpooledLetter, domain: str, tx: ReadTx) -> str:
    """What is handed off goes where its domain says now, or stays here if it says so no longer."""
    if letter.origin is not Origin.HANDED_OFF:
        return (await find_targets(tx.routes, letter, (domain,))).get(domain, "")
    ours = await tx.directory.find_domain(letter.domain)
    return ours.hand_off or LOCAL if ours is not None else LOCAL
