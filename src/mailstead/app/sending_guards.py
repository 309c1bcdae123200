"""The guards of sending, by the configuration."""

import base64

from mailstead.app.config import Config
from mailstead.app.config_sending import GuardsConfig
from mailstead.ground.model.guards import Limits, Scope
from mailstead.ground.model.rate import parse_rates
from mailstead.net.clock import Clock
from mailstead.net.dns import Resolver
from mailstead.services.guards.asking import SendingGuards
from mailstead.services.guards.breaker import BreakerRules
from mailstead.services.guards.caps import Caps
from mailstead.services.guards.gate import SendingGate
from mailstead.services.guards.names import KeyName, NameGuard, NameRules
from mailstead.services.guards.observer import GuardObserver
from mailstead.services.guards.providers import PROFILES, ProviderRates
from mailstead.services.guards.suppression import SuppressionRules
from mailstead.services.signing.keys import published_at
from mailstead.services.signing.making import record_of
from mailstead.store.port import Store


def asking_of(guards: GuardsConfig, store: Store, clock: Clock) -> SendingGuards:
    """For submission."""
    caps = Caps(
        account=Limits(parse_rates(guards.account_recipients), parse_rates(guards.account_new_recipients)),
        domain=Limits(parse_rates(guards.domain_recipients), parse_rates(guards.domain_new_recipients)),
    )
    return SendingGuards(store, clock, caps, suppresses=guards.suppress)


def observer_of(guards: GuardsConfig) -> GuardObserver:
    """For dispatch."""
    scopes = {
        Scope.ACCOUNT: guards.pause_accounts,
        Scope.DOMAIN: guards.pause_domains,
        Scope.DESTINATION: guards.pause_destinations,
    }
    return GuardObserver(
        BreakerRules(
            scopes=frozenset(scope for scope, is_on in scopes.items() if is_on),
            bounce_percent=guards.bounce_percent,
            least=guards.bounce_least,
        ),
        SuppressionRules(is_on=guards.suppress, kept=round(guards.suppressed_for.total_seconds() * 1000)),
    )


class ActiveKeys:
    """The keys that sign, and where their records are looked for."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def names(self, domain: str) -> list[KeyName]:
        """As the store has them now."""
        keys = await self._store.read(lambda tx: tx.signing.active_keys(domain))
        return [KeyName(published_at(key), base64.b64encode(record_of(key.pem).key).decode()) for key in keys]


def gate_of(config: Config, store: Store, clock: Clock, resolver: Resolver) -> SendingGate:
    """For dispatch."""
    guards = config.guards
    rates = names = None
    profile = PROFILES.get(guards.provider_rates)
    if profile is not None or guards.warm_up:
        rates = ProviderRates(store, clock, profile, resolver=resolver, is_warming_up=guards.warm_up)
    if guards.require_spf or guards.require_dkim:
        rules = NameRules(
            spf=guards.require_spf, dkim=guards.require_dkim, hosts=_hosts(config), addresses=_addresses(config)
        )
        names = NameGuard(resolver, clock, ActiveKeys(store), rules)
    return SendingGate(store, clock, rates=rates, names=names, suppresses=guards.suppress)


def _hosts(config: Config) -> tuple[str, ...]:
    """Whose addresses others see: a relay's, or ours unless they are configured."""
    if config.outbound.mode == "relay":
        return (config.outbound.relay_host.rpartition(":")[0] or config.outbound.relay_host,)
    return () if _addresses(config) else (config.smtp_hostname,)


def _addresses(config: Config) -> tuple[str, ...]:
    if config.outbound.mode == "relay":
        return ()
    return tuple(filter(None, (config.outbound.bind_ipv4, config.outbound.bind_ipv6)))
