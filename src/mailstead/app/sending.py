"""The rooms of sending, made of the configuration and put together for one worker."""

import random
from datetime import timedelta
from typing import Final

from mailstead.app.config import Config
from mailstead.app.config_sending import OutboundConfig, QueueConfig
from mailstead.app.duties import Duty
from mailstead.app.signing import signer_of
from mailstead.ground.model.spool import LOCAL, SpooledLetter, SpooledRecipient
from mailstead.net.clock import Clock
from mailstead.net.dns_exchange import find_servers
from mailstead.net.https import HttpsFetcher
from mailstead.net.ids import IdSource
from mailstead.net.resolver import CachingResolver
from mailstead.net.sweep import Sweep
from mailstead.net.tls import ClientContexts
from mailstead.services.accounts.forwarding import Forwarding
from mailstead.services.delivery.deliver import Delivery
from mailstead.services.dispatch.contents import SignedContents
from mailstead.services.dispatch.dispatcher import Dispatcher, Limits
from mailstead.services.dispatch.local import LocalDelivery
from mailstead.services.dispatch.noticing import Noticing
from mailstead.services.dispatch.overdue import Overdue
from mailstead.services.dispatch.porter import Porter
from mailstead.services.dispatch.routes import ConfiguredRoutes
from mailstead.services.notices.notices import Notices
from mailstead.services.outbound.outbound import Outbound
from mailstead.services.outbound.parcel import Route, TlsLevel
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
    )


def route_of(outbound: OutboundConfig) -> Route:
    """The ordinary way: to the hosts that the DNS names, or to a relay."""
    level, proxies = TlsLevel(outbound.tls), tuple(str(proxy) for proxy in outbound.proxies)
    if outbound.mode != "relay":
        return Route(port=outbound.port, level=level, proxies=proxies)
    host, colon, port = outbound.relay_host.rpartition(":")
    if not colon or not port.isdecimal():
        host, port = outbound.relay_host, str(RELAY_PORT)
    return Route(
        host=host.strip("[]"),
        port=int(port),
        is_tls_first=int(port) == TLS_FIRST_PORT,
        level=level,
        login=outbound.relay_username,
        password=outbound.relay_password,
        proxies=proxies,
    )


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


def limits_of(outbound: OutboundConfig) -> Limits:
    """What dispatch does at once."""
    return Limits(
        hands=outbound.max_connections,
        hands_each=outbound.max_per_destination,
        recipients=outbound.max_recipients,
    )


class SendingRooms:
    """Everything of one worker between the spool and the world."""

    def __init__(self, config: Config, store: Store, clock: Clock, ids: IdSource, sweep: Sweep, holder: str) -> None:
        outbound = config.outbound
        self.spooling = Spooling(terms_of(config.queue), NoOutbox())
        self.forwarding = Forwarding(store, clock)
        self.delivery = Delivery(store, clock, ids, self.spooling, hostname=config.smtp_hostname)
        self.resolver = CachingResolver(find_servers(outbound.resolvers, outbound.resolver_port), clock)
        self.policies = Policies(store)
        self.signer = signer_of(config, store, clock)
        self._fetcher = HttpsFetcher(self.resolver)
        self._trust = DomainTrust(
            store, self.resolver, self._fetcher.fetch, clock, dane=outbound.dane, mta_sts=outbound.mta_sts
        )
        self._outbound = Outbound(
            resolver=self.resolver, clock=clock, settings=settings_of(config), trust=self._trust,
            random=random.SystemRandom(), contexts=ClientContexts(outbound.ca_file), sweep=sweep,
        )  # fmt: skip
        notices = Noticing(
            store, clock,
            Notices(store.blobs, clock, ids, hostname=config.smtp_hostname, life=config.queue.notice_life),
        )  # fmt: skip
        self._overdue = Overdue(store, clock, ids, self.spooling, notices)
        self._rotation = Rotation(store, self.resolver, clock)
        porter = Porter(
            store,
            clock,
            ids,
            self.spooling,
            carrier=self._outbound,
            contents=SignedContents(store.blobs, self.signer, self.policies),
            routes=ConfiguredRoutes(route_of(outbound)),
            notices=notices,
            local=LocalDelivery(store, clock, self.delivery, config.smtp.max_message_size),
            gate=TrapGate() if outbound.mode == "trap" else OpenGate(),
            senders=self.forwarding,
        )
        self.dispatcher = Dispatcher(store, clock, porter, holder, limits_of(outbound))
        self.spooling.outbox = self.dispatcher

    def duties(self) -> tuple[Duty, ...]:
        """What one worker of all does."""
        return (
            Duty("overdue", 10.0, self._overdue.run),
            Duty("forget-spool", 3600.0, self._overdue.forget),
            Duty("dkim", 300.0, self._rotation.run),
            Duty("trust", 60.0, self._trust.maintain),
        )

    def start(self) -> None:
        """Begin to send."""
        self._trust.start()
        self.dispatcher.start()

    async def stop(self) -> None:
        """Give back what was not begun, end what was."""
        await self.dispatcher.stop(STOP_GRACE)
        await self._outbound.close()
        await self._trust.close()
        await self._fetcher.close()
        await self.resolver.close()


class OpenGate:
    """Nothing is held back."""

    async def reason_to_hold(self, letter: SpooledLetter, recipients: tuple[SpooledRecipient, ...]) -> str:  # noqa: ARG002
        """None."""
        return ""


class TrapGate:
    """Nothing leaves: for sandboxes, and for a server that is being moved."""

    async def reason_to_hold(self, letter: SpooledLetter, recipients: tuple[SpooledRecipient, ...]) -> str:  # noqa: ARG002
        """Always; but what is for accounts here does not leave."""
        return "" if recipients[0].destination == LOCAL else TRAPPED


def _ms(span: timedelta) -> int:
    return round(span.total_seconds() * 1000)
