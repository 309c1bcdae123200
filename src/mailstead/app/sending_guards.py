"""The guards of sending, by the configuration."""

from collections.abc import Sequence

from mailstead.app.config_sending import GuardsConfig
from mailstead.ground.model.guards import Limits, Scope
from mailstead.ground.model.rate import parse_rates
from mailstead.net.clock import Clock
from mailstead.net.dns import Resolver
from mailstead.services.guards.asking import SendingGuards
from mailstead.services.guards.breaker import BreakerRules
from mailstead.services.guards.caps import Caps
from mailstead.services.guards.gate import SendingGate
from mailstead.services.guards.names import NameGuard, NameRules, SigningKeys
from mailstead.services.guards.observer import GuardObserver
from mailstead.services.guards.providers import PROFILES, ProviderRates
from mailstead.services.guards.suppression import SuppressionRules
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


def gate_of(
    guards: GuardsConfig, store: Store, clock: Clock, resolver: Resolver, keys: SigningKeys, *,
    hosts: Sequence[str], addresses: Sequence[str] = (),
) -> SendingGate:  # fmt: skip
    """For dispatch. `hosts` and `addresses`: from where our mail leaves, as the world sees it."""
    rates = names = None
    profile = PROFILES.get(guards.provider_rates)
    if profile is not None or guards.warm_up:
        rates = ProviderRates(store, clock, profile, resolver=resolver, is_warming_up=guards.warm_up)
    if guards.require_spf or guards.require_dkim:
        rules = NameRules(
            spf=guards.require_spf, dkim=guards.require_dkim, hosts=tuple(hosts), addresses=tuple(addresses)
        )
        names = NameGuard(resolver, clock, keys, rules)
    return SendingGate(store, clock, rates=rates, names=names, suppresses=guards.suppress)
