"""Where a letter may go, one address after the other, each with what must hold of the line to it."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass, field

from mailstead.ground.model.route import Route
from mailstead.net.clock import Clock
from mailstead.services.outbound.hosts import Exchanger, Exchangers, Finder, Whereabouts, address_of_literal
from mailstead.services.outbound.opening import Spot
from mailstead.services.outbound.pool import Care
from mailstead.services.outbound.settings import OutboundSettings
from mailstead.services.outbound.story import Setback, Story
from mailstead.services.outbound.tls_policy import (
    Excluded,
    Hop,
    HopTrust,
    HostFacts,
    HostPolicy,
    TlsReport,
    TlsUse,
    Trust,
    demanding,
    relaxed,
)


@dataclass(frozen=True, slots=True)
class Scout:
    """Of one attempt. What it finds to be no way is noted among `setbacks`."""

    finder: Finder
    trust: Trust
    settings: OutboundSettings
    clock: Clock
    story: Story
    setbacks: list[Setback] = field(default_factory=list)

    async def spots(self, domain: str, route: Route, care: Care) -> AsyncGenerator[Spot, None]:
        """In the order in which to try them; `Setback` if there is no host at all."""
        for one in route.hops():
            async with aclosing(self._spots(domain, one, care)) as spots:
                async for spot in spots:
                    yield spot

    async def _spots(self, domain: str, route: Route, care: Care) -> AsyncGenerator[Spot, None]:
        found = await self._hosts(domain, route)
        hop = Hop(
            domain=domain if route.is_direct else route.host,
            route=route,
            has_mx=found.has_mx,
            is_secure=found.is_secure,
            # TLS reports leave so (RFC 8689 §5): counted themselves, each would beget that of the next day.
            is_counted=care is not Care.OPTIONAL,
        )
        trust = await self.trust.judge_hop(hop)
        if trust.facts:
            self.story.tell("policy", **trust.facts)
        count = 0
        for host in found.hosts:
            if host.name.startswith("/"):
                yield Spot(name=host.name, ip="", route=route, policy=HostPolicy(use=TlsUse.NEVER), trust=trust)
                continue
            try:
                where = await self.finder.locate(host.name)
                if route.is_direct and self.settings.own_addresses.intersection(where.addresses):
                    # RFC 5321 §5.1: neither to ourselves nor to whoever is further away than we are
                    self.setbacks.append(Setback("5.4.6", f"{host.name} is we ourselves"))
                    return
                policy = await self._policy(host, where, route, trust, care)
            except Setback as setback:
                self.setbacks.append(setback)
                continue
            for ip in where.addresses:
                count += 1
                if count > self.settings.max_addresses:
                    return
                yield Spot(name=host.name, ip=ip, route=route, policy=policy, trust=trust)

    async def _hosts(self, domain: str, route: Route) -> Exchangers:
        if route.is_direct:
            return await self.finder.find_exchangers(domain)
        name = address_of_literal(route.host) or route.host
        return Exchangers(hosts=(Exchanger(name),), has_mx=False, is_secure=False)

    async def _policy(
        self, host: Exchanger, where: Whereabouts, route: Route, trust: HopTrust, care: Care
    ) -> HostPolicy:
        facts = HostFacts(name=host.name, canonical=where.canonical, is_secure=where.is_secure, port=route.port)
        policy = await trust.judge_host(facts)
        if isinstance(policy, Excluded):
            self.story.tell("policy", host=host.name, excluded=policy.detail)
            trust.report(
                TlsReport(at=self.clock.now(), host=host.name, policy=None, result=policy.result, detail=policy.detail)
            )
            if care is not Care.OPTIONAL:
                raise Setback(policy.status, f"{host.name} must not be used: {policy.detail}")
            policy = HostPolicy(use=TlsUse.MAY)
        adapted = _adapt(policy, host.name, care)
        self.story.tell(
            "policy",
            host=host.name,
            tls=adapted.use.name.lower(),
            by=adapted.source,
            authenticated=int(adapted.is_authenticated),
            **adapted.facts,
        )
        return adapted


def _adapt(policy: HostPolicy, name: str, care: Care) -> HostPolicy:
    match care:
        case Care.PLAIN:
            return policy
        case Care.OPTIONAL:
            return relaxed(policy)
        case Care.REQUIRED:
            if not policy.is_name_vouched:  # RFC 8689 §4.2.1, 2.
                raise Setback("5.7.10", f"REQUIRETLS is asked for, and nothing vouches for the name {name}")
            return demanding(policy)
