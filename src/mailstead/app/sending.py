"""The rooms of sending, made of the configuration and put together for one worker."""

import asyncio
import random
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Final

from mailstead.app.config import Config
from mailstead.app.config_sending import OutboundConfig, QueueConfig
from mailstead.app.duties import Duty
from mailstead.app.sending_guards import asking_of, gate_of, observer_of
from mailstead.app.signing import signer_of
from mailstead.ground.model.route import Route, TlsLevel
from mailstead.ground.model.spool import HERE, SpooledLetter, SpooledRecipient
from mailstead.net.clock import Clock
from mailstead.net.dns_exchange import find_servers
from mailstead.net.guarded import GuardedClient
from mailstead.net.https import HttpsFetcher
from mailstead.net.ids import IdSource
from mailstead.net.reach import Reach
from mailstead.net.resolver import CachingResolver
from mailstead.net.sweep import Sweep
from mailstead.net.tls import ClientContexts
from mailstead.services.accounts.forwarding import Forwarding
from mailstead.services.delivery.deliver import Delivery
from mailstead.services.dispatch.contents import SignedContents
from mailstead.services.dispatch.dispatcher import Dispatcher, Limits
from mailstead.services.dispatch.exploring import Explorer
from mailstead.services.dispatch.hand import Returns
from mailstead.services.dispatch.local import LocalDelivery
from mailstead.services.dispatch.noticing import Noticing
from mailstead.services.dispatch.overdue import Overdue
from mailstead.services.dispatch.porter import Porter
from mailstead.services.dispatch.rejudging import Rejudging
from mailstead.services.dispatch.routes import StoredRoutes
from mailstead.services.dispatch.set_back import SetBack
from mailstead.services.guards.halt import Halt, Hold
from mailstead.services.guards.resuming import Resuming
from mailstead.services.notices.notices import Notices
from mailstead.services.outbound.outbound import Outbound
from mailstead.services.outbound.probing import Prober
from mailstead.services.outbound.settings import OutboundSettings, Timeouts
from mailstead.services.outbound.trust.judging import DomainTrust
from mailstead.services.policy.policies import Policies
from mailstead.services.signing.rotation import Rotation
from mailstead.services.spool.outbox import NoOutbox
from mailstead.services.spool.spooling import Spooling
from mailstead.services.spool.terms import Schedule, Terms
from mailstead.store.port import Store

RELAY_PORT: Final = 587
TLS_FIRST_PORT: Final = 465
TRAPPED: Final = "outbound.mode is trap: nothing leaves this server"
STOP_GRACE: Final = 20.0


def terms_of(queue: QueueConfig) -> Terms:
    """Invalid if the schedule cannot be read."""
    return Terms(
        schedule=Schedule.parse(queue.schedule, queue.jitter),
        life=_ms(queue.life),
        notice_life=_ms(queue.notice_life),
        warn_after=_ms(queue.warn_after),
        failed_kept=_ms(queue.failed_kept),
        history=_ms(queue.history),
        judge_every=_ms(queue.judge_every),
        judge_for=_ms(queue.judge_for),
    )


def route_of(outbound: OutboundConfig) -> Route:
    """The ordinary way: to the hosts that the DNS names, or to a relay."""
    direct = direct_of(outbound)
    if outbound.mode != "relay":
        return direct
    host, colon, port = outbound.relay_host.rpartition(":")
    if not colon or not port.isdecimal():
        host, port = outbound.relay_host, str(RELAY_PORT)
    return replace(
        direct,
        host=host.strip("[]"),
        port=int(port),
        is_tls_first=int(port) == TLS_FIRST_PORT,
        login=outbound.relay_username,
        password=outbound.relay_password,
    )


def direct_of(outbound: OutboundConfig) -> Route:
    """To the hosts that the DNS names."""
    proxies = tuple(str(proxy) for proxy in outbound.proxies)
    return Route(port=outbound.port, level=TlsLevel(outbound.tls), proxies=proxies)


def settings_of(config: Config) -> OutboundSettings:
    """What outbound is told once."""
    outbound = config.outbound
    return OutboundSettings(
        hostname=config.smtp_hostname,
        timeouts=Timeouts(connect=outbound.connect_timeout.total_seconds()),
        bind_ipv4=outbound.bind_ipv4 or "",
        bind_ipv6=outbound.bind_ipv6 or "",
        own_names=frozenset({str(config.server.hostname), str(config.smtp_hostname)}),
        max_recipients=outbound.max_recipients,
        max_connections=outbound.max_connections,
        max_per_destination=outbound.max_per_destination,
    )


def limits_of(outbound: OutboundConfig, queue: QueueConfig) -> Limits:
    """What dispatch does at once, and for how long it is trusted."""
    return Limits(
        hands=outbound.max_connections,
        hands_each=outbound.max_per_destination,
        recipients=outbound.max_recipients,
        lease=_ms(queue.lease),
    )


def client_of(config: Config, resolver: CachingResolver, contexts: ClientContexts) -> GuardedClient:
    """For everything that is fetched."""
    reach = Reach(config.security.allow_fetch)
    return GuardedClient(resolver, reach, context=lambda: contexts.get(is_verified=True))


def trust_of(
    outbound: OutboundConfig, store: Store, resolver: CachingResolver, fetcher: HttpsFetcher, clock: Clock
) -> DomainTrust:
    """What a line to others must be."""
    return DomainTrust(store, resolver, fetcher.fetch, clock, dane=outbound.dane, mta_sts=outbound.mta_sts)


def notices_of(config: Config, store: Store, clock: Clock, ids: IdSource) -> Noticing:
    """Who writes letters about letters."""
    notices = Notices(store.blobs, clock, ids, hostname=config.smtp_hostname, life=config.queue.notice_life)
    return Noticing(store, clock, notices)


def returning_of(config: Config, store: Store, clock: Clock, ids: IdSource) -> Returns:
    """Gives letters back without a server: whoever dispatches next sends the notices."""
    spooling = Spooling(terms_of(config.queue), NoOutbox())
    return Returns(store, clock, ids, spooling, notices_of(config, store, clock, ids))


def delivery_of(config: Config, store: Store, clock: Clock, ids: IdSource) -> Delivery:
    """Files letters without a server: what goes on waits for whoever dispatches next."""
    return Delivery(store, clock, ids, Spooling(terms_of(config.queue), NoOutbox()), hostname=config.smtp_hostname)


class SendingRooms:
    """Everything of one worker between the spool and the world."""

    def __init__(self, config: Config, store: Store, clock: Clock, ids: IdSource, sweep: Sweep, holder: str) -> None:
        outbound = config.outbound
        self.spooling = Spooling(terms_of(config.queue), NoOutbox())
        self.forwarding = Forwarding(store, clock)
        self.delivery = Delivery(
            store, clock, ids, self.spooling, hostname=config.smtp_hostname,
            quarantine_size=config.quarantine.domain_size,
        )  # fmt: skip
        self.resolver = CachingResolver(find_servers(outbound.resolvers, outbound.resolver_port), clock)
        self.policies = Policies(store)
        self.signer = signer_of(config, store, clock)
        contexts = ClientContexts(outbound.ca_file)
        self.client = client_of(config, self.resolver, contexts)
        self._trust = trust_of(outbound, store, self.resolver, HttpsFetcher(self.client), clock)
        self._outbound = Outbound(
            resolver=self.resolver, clock=clock, settings=settings_of(config), trust=self._trust,
            random=random.SystemRandom(), contexts=contexts, sweep=sweep,
        )  # fmt: skip
        notices = notices_of(config, store, clock, ids)
        self.guards = asking_of(config.guards, store, clock)
        self._resuming = Resuming(store, clock)
        prober = self.prober = Prober(self._outbound.approach)
        routes = StoredRoutes(store, route_of(outbound), direct_of(outbound))
        self.explorer = Explorer(routes, prober, is_trapped=outbound.mode == "trap")
        self._overdue = Overdue(store, clock, ids, self.spooling, notices)
        self.returning = Returns(store, clock, ids, self.spooling, notices)
        self._set_back = SetBack(store, clock, self.spooling.terms, _ms(config.queue.lease))
        self._rotation = Rotation(store, self.resolver, clock)
        self._local = LocalDelivery(store, clock, self.delivery, reverser=self.forwarding)
        self.judging = Rejudging(store, clock, self._local, self.spooling.terms, reverser=self.forwarding)
        porter = self._make_porter(config, store, clock, ids, routes, notices)
        self.dispatcher = Dispatcher(store, clock, porter, holder, limits_of(outbound, config.queue))
        self.spooling.outbox = self.dispatcher
        self._ending: asyncio.Task[None] | None = None

    def _make_porter(
        self, config: Config, store: Store, clock: Clock, ids: IdSource, routes: StoredRoutes, notices: Noticing
    ) -> Porter:
        return Porter(
            store,
            clock,
            ids,
            self.spooling,
            carrier=self._outbound,
            contents=SignedContents(store.blobs, clock, self.signer, self.policies),
            routes=routes,
            notices=notices,
            local=self._local,
            judging=self.judging,
            gate=TrapGate() if config.outbound.mode == "trap" else gate_of(config, store, clock, self.resolver),
            senders=self.forwarding,
            observer=observer_of(config.guards),
        )

    def duties(self) -> tuple[Duty, ...]:
        """What one worker of all does."""
        return (
            Duty("overdue", 10.0, self._overdue.run),
            Duty("clock-set-back", 10.0, self._set_back.run),
            Duty("forget-spool", 3600.0, self._overdue.forget),
            Duty("forget-forwarded", 3600.0, self.forwarding.forget),
            Duty("resume", 10.0, self._resuming.run),
            Duty("forget-guards", 3600.0, self._resuming.forget),
            Duty("dkim", 300.0, self._rotation.run),
            Duty("trust", 60.0, self._trust.maintain),
        )

    def start(self) -> None:
        """Begin to send."""
        self._trust.start()
        self.dispatcher.start()

    def drain(self) -> None:
        """Begin to stop, while sessions still end: what is under way has time then. Letters that come wait."""
        if self._ending is None:
            self._ending = asyncio.create_task(self.dispatcher.stop(STOP_GRACE))

    async def stop(self) -> None:
        """Give back what was not begun, end what was."""
        self.drain()
        assert self._ending is not None
        await self._ending
        await self._outbound.close()
        await self._trust.close()
        await self.client.close()
        await self.resolver.close()


class TrapGate:
    """Nothing leaves: for sandboxes, and for a server that is being moved."""

    async def judge(self, letter: SpooledLetter, recipients: tuple[SpooledRecipient, ...]) -> Mapping[int, Halt]:  # noqa: ARG002
        """Always; but what is for accounts here does not leave."""
        return {} if recipients[0].destination in HERE else {one.number: Hold(TRAPPED) for one in recipients}


def _ms(span: timedelta) -> int:
    return round(span.total_seconds() * 1000)
