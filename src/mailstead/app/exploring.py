"""Looking at the way to a domain from a command, where no server runs."""

import random
from collections.abc import AsyncGenerator
from contextlib import aclosing

from mailstead.app.config import Config
from mailstead.app.sending import client_of, direct_of, route_of, settings_of
from mailstead.net.clock import SystemClock
from mailstead.net.dns_exchange import find_servers
from mailstead.net.https import HttpsFetcher
from mailstead.net.resolver import CachingResolver
from mailstead.net.sweep import Sweep
from mailstead.net.tls import ClientContexts
from mailstead.servers.control.desk import Explore
from mailstead.services.dispatch.exploring import Explorer
from mailstead.services.dispatch.routes import StoredRoutes
from mailstead.services.outbound.approach import Approach
from mailstead.services.outbound.findings import Finding
from mailstead.services.outbound.probing import Prober
from mailstead.services.outbound.trust.judging import DomainTrust
from mailstead.store.port import Store


def explore_of(config: Config, store: Store) -> Explore:
    """`outbound test`, with a resolver of its own."""
    outbound, clock = config.outbound, SystemClock()

    async def explore(target: str) -> AsyncGenerator[Finding, None]:
        resolver = CachingResolver(find_servers(outbound.resolvers, outbound.resolver_port), clock)
        contexts = ClientContexts(outbound.ca_file)
        client = client_of(config, resolver, contexts)
        fetcher = HttpsFetcher(client)
        trust = DomainTrust(store, resolver, fetcher.fetch, clock, dane=outbound.dane, mta_sts=outbound.mta_sts)
        approach = Approach(
            resolver=resolver, clock=clock, settings=settings_of(config), trust=trust, random=random.SystemRandom(),
            contexts=contexts, sweep=Sweep(),
        )  # fmt: skip
        routes = StoredRoutes(store, route_of(outbound), direct_of(outbound))
        explorer = Explorer(routes, Prober(approach), is_trapped=outbound.mode == "trap")
        try:
            async with aclosing(explorer.explore(target)) as findings:
                async for finding in findings:
                    yield finding
        finally:
            await trust.close()
            await client.close()
            await resolver.close()

    return explore
