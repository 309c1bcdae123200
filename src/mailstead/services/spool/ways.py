"""Which of the operator's routes a recipient goes by, and so the lane it waits in.

Who shares a next hop shares its fate: a lane is a domain, or a route. So the dead relay of one sender holds up nobody
else who writes to the same domain, and a route is one lane however many domains go by it.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace

from mailstead.ground.model.route import DIRECT, shown_route
from mailstead.ground.model.route_rule import Side
from mailstead.ground.model.spool import Origin, SpooledLetter, SpooledRecipient
from mailstead.store.port.routes import RouteReads


def lane_of(target: str, domain: str) -> str:
    """Of recipients of a domain that go by a route; the other lane of a domain is its own name."""
    return f"{domain} ({DIRECT})" if target == DIRECT else shown_route(target)


async def find_targets(routes: RouteReads, letter: SpooledLetter, domains: Collection[str]) -> Mapping[str, str]:
    """The routes of a letter by recipient domain: that domain's own, that of the sender, that of the sender's domain.
    A domain without any is not among them."""
    senders = _senders(letter)
    found = {(rule.side, rule.name): rule.target for rule in await routes.routes_among({*domains, *senders})}
    if not found:
        return {}
    by_sender = next((found[Side.FROM, name] for name in senders if (Side.FROM, name) in found), "")
    targets = {domain: found.get((Side.TO, domain), by_sender) for domain in domains}
    return {domain: target for domain, target in targets.items() if target}


def _senders(letter: SpooledLetter) -> list[str]:
    """What is forwarded goes by the domain that forwards it: its sender is a stranger, whatever name he gave."""
    names = []
    if letter.sender is not None and letter.origin in (Origin.SUBMITTED, Origin.RELAYED):
        names.append(letter.sender.key)
    return [*names, letter.domain] if letter.domain else names


async def into_lanes(
    routes: RouteReads, letter: SpooledLetter, recipients: Iterable[SpooledRecipient]
) -> tuple[SpooledRecipient, ...]:
    """As they are to be spooled: those with a way already keep it."""
    found = tuple(recipients)
    domains = {one.address.domain for one in found if one.destination == one.address.domain}
    targets = await find_targets(routes, letter, domains) if domains else {}
    if not targets:
        return found
    return tuple(
        replace(one, destination=lane_of(targets[one.destination], one.destination))
        if one.destination in targets
        else one
        for one in found
    )
