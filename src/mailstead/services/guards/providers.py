"""Rates towards the large mailbox providers, and the first two weeks of a new server, which nobody knows yet."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from mailstead.ground.model.guards import Counted, Scope, Subject
from mailstead.ground.model.ids import Instant
from mailstead.ground.model.rate import Period, Rate, parse_rates
from mailstead.ground.model.spool import SpooledRecipient
from mailstead.net.clock import Clock
from mailstead.net.dns import DnsError, Resolver
from mailstead.services.guards.halt import Wait
from mailstead.services.guards.words import DAY, HOUR, span_words
from mailstead.store.port import Lane, Store, Tx
from mailstead.store.port.guards import GuardWrites

WARM_UP: Final = (
    100, 200, 500, 1000, 2000, 5000, 10_000, 20_000, 30_000, 40_000, 50_000, 60_000, 70_000, 80_000,
)  # fmt: skip
"""Recipients of each of the first days."""
WARM_UP_MARK: Final = "warm-up"
REMEMBERED_MAX: Final = 10_000
REMEMBERED_FOR: Final = HOUR
_SERVER: Final = Subject(Scope.ALL, "")


@dataclass(frozen=True, slots=True)
class Provider:
    """Known by the domains of its people, or by the hosts that take the mail of others there."""

    name: str
    domains: frozenset[str]
    hosts: tuple[str, ...]  # ends of MX names
    rates: tuple[Rate, ...]


@dataclass(frozen=True, slots=True)
class Profile:
    """Providers with their rates, and what holds for each destination of no such provider."""

    providers: tuple[Provider, ...]
    others: tuple[Rate, ...]

    def find(self, domain: str, hosts: Sequence[str] = ()) -> Provider | None:
        """By the domain of the recipient, or by its MX."""
        for provider in self.providers:
            if domain in provider.domains or any(host.endswith(provider.hosts) for host in hosts):
                return provider
        return None


GOMAILSERVER: Final = Profile(
    (
        Provider(
            "gmail", frozenset({"gmail.com", "googlemail.com"}), (".google.com", ".googlemail.com"),
            parse_rates("500/hour 10000/day"),
        ),
        Provider(
            "outlook", frozenset({"outlook.com", "hotmail.com", "live.com", "msn.com"}), (".outlook.com",),
            parse_rates("300/hour 7500/day"),
        ),
        Provider(
            "yahoo", frozenset({"yahoo.com", "ymail.com", "rocketmail.com", "aol.com"}), (".yahoodns.net",),
            parse_rates("200/hour 5000/day"),
        ),
    ),
    parse_rates("1000/hour 20000/day"),
)  # fmt: skip
PROFILES: Final = {"gomailserver": GOMAILSERVER}


def warm_up_cap(age: int) -> int | None:
    """Recipients of a day for a server that began so many milliseconds ago; None: it is known by now."""
    day = max(0, age) // DAY
    return WARM_UP[day] if day < len(WARM_UP) else None


class ProviderRates:
    """One for a worker; counts in the store."""

    def __init__(
        self, store: Store, clock: Clock, profile: Profile | None, *, resolver: Resolver | None, is_warming_up: bool
    ) -> None:
        self._store = store
        self._clock = clock
        self._profile = profile
        self._resolver = resolver
        self._is_warming_up = is_warming_up
        self._hosts: dict[str, tuple[Instant, tuple[str, ...]]] = {}

    async def admit(self, recipients: Sequence[SpooledRecipient]) -> dict[int, Wait]:
        """Count those of one destination for whom there is room; the others wait until there is."""
        rates = await self._rates(recipients[0])
        now = self._clock.now()

        async def unit(tx: Tx) -> tuple[int, int, str]:
            mine = await self._with_warm_up(tx.guards, rates, now)
            return await _take(tx.guards, mine, len(recipients), now)

        fit, wait, why = await self._store.write(unit, lane=Lane.BULK)
        until = Instant(now + wait)
        return {one.number: Wait(until, why) for one in recipients[fit:]}

    async def _rates(self, recipient: SpooledRecipient) -> list[tuple[Subject, Rate]]:
        if self._profile is None:
            return []
        domain = recipient.address.domain
        provider = self._profile.find(domain) or self._profile.find(domain, await self._mx(domain))
        subject = Subject(Scope.PROVIDER, provider.name if provider else recipient.destination)
        return [(subject, rate) for rate in (provider.rates if provider else self._profile.others)]

    async def _mx(self, domain: str) -> tuple[str, ...]:
        """Names of its hosts; none if the DNS does not tell."""
        if self._resolver is None:
            return ()
        now = self._clock.now()
        remembered = self._hosts.get(domain)
        if remembered is not None and remembered[0] > now:
            return remembered[1]
        try:
            hosts = tuple(mx.host for mx in (await self._resolver.mx(domain)).records)
        except DnsError:
            return ()
        if len(self._hosts) >= REMEMBERED_MAX:
            self._hosts.clear()
        self._hosts[domain] = Instant(now + REMEMBERED_FOR), hosts
        return hosts

    async def _with_warm_up(
        self, guards: GuardWrites, rates: list[tuple[Subject, Rate]], now: Instant
    ) -> list[tuple[Subject, Rate]]:
        """Before the others: it is first in the order of locks, too."""
        if not self._is_warming_up:
            return rates
        cap = warm_up_cap(now - await guards.keep_mark(WARM_UP_MARK, now))
        return rates if cap is None else [(_SERVER, Rate(cap, Period.DAY)), *rates]


async def _take(
    guards: GuardWrites, rates: Sequence[tuple[Subject, Rate]], count: int, now: Instant
) -> tuple[int, int, str]:
    """How many of `count` fit within all rates, which are counted, and how long one more has to wait for which."""
    held = [(one, rate, await guards.hold_window(one, Counted.CARRIED, rate.period, now)) for one, rate in rates]
    fit = min([count, *(max(0, rate.count - window.total(rate.period, now)) for _, rate, window in held)])
    longest, why = 0, ""
    for subject, rate, window in held:
        after = window.add(rate.period, now, fit)
        await guards.write_window(subject, Counted.CARRIED, rate.period, after)
        wait = after.wait(rate, now, 1) or 0
        if wait > longest:
            longest, why = wait, f"{rate} for {subject.name or 'a new server'} is used up for {span_words(wait)}"
    return fit, longest, why
