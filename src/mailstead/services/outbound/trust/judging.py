"""Who knows what a domain asks of the lines to it: the operator's rule, DANE, MTA-STS."""

from dataclasses import dataclass, field

from mailstead.ground.formats.tlsrpt import ResultType
from mailstead.ground.model.errors import MailError
from mailstead.ground.model.route import Speech, TlsLevel
from mailstead.ground.model.tls_rule import TlsRule
from mailstead.net.clock import Clock
from mailstead.net.dns import Resolver
from mailstead.services.outbound.tls_policy import (
    Excluded,
    Facts,
    Hop,
    HopTrust,
    HostFacts,
    RouteHopTrust,
    TlsReport,
)
from mailstead.services.outbound.trust.counting import TlsCounts
from mailstead.services.outbound.trust.hop import DomainHopTrust
from mailstead.services.outbound.trust.sts import NOTHING, Fetch, StsPolicies
from mailstead.store.port import ReadTx, Store
from mailstead.store.port.trust import StoredPolicy


@dataclass(frozen=True, slots=True)
class Unknown:
    """What must hold cannot be known now, so no host may be used (RFC 3463 §3.4: 4.3.0)."""

    facts: Facts = field(default_factory=dict)

    async def judge_host(self, host: HostFacts) -> Excluded:  # noqa: ARG002 - a port's
        """The same for all."""
        return Excluded(ResultType.VALIDATION_FAILURE, "our own rules cannot be read now", status="4.3.0")

    def report(self, report: TlsReport) -> None:
        """No fault of theirs."""


class DomainTrust:
    """`Trust` of one worker: `start` it, `close` it."""

    def __init__(
        self, store: Store, resolver: Resolver, fetch: Fetch, clock: Clock, *, dane: bool = True, mta_sts: bool = True
    ) -> None:
        self._store = store
        self._resolver = resolver
        self._clock = clock
        self._is_dane_honoured = dane
        self._is_sts_honoured = mta_sts
        self._policies = StsPolicies(store, resolver, fetch, clock)
        self._counts = TlsCounts(store)

    def start(self) -> None:
        """Begin to write down how sessions went."""
        self._counts.start()

    async def close(self) -> None:
        """Ask nobody any more, and write what is left."""
        await self._policies.close()
        await self._counts.stop()

    async def maintain(self) -> None:
        """A leased duty, every few minutes: refresh policies in use, forget old ones and old counts."""
        await self._policies.refresh()
        await self._counts.forget(self._clock.now())

    async def judge_hop(self, hop: Hop) -> HopTrust:
        """Of a route with a host it is the host's domain that may have a policy (RFC 8461 §3.4)."""
        if not _is_named(hop):
            return RouteHopTrust(hop)
        try:
            rule, stored = await self._read(hop.domain)
        except MailError:
            return Unknown()
        is_asked = (
            hop.route.is_direct or hop.route.level is not TlsLevel.NONE
        )  # a host named to be without TLS is let be
        sts = NOTHING
        if rule is None and self._is_sts_honoured and is_asked:
            sts = await self._policies.find(hop.domain, stored)
        return DomainHopTrust(
            hop=hop, rule=rule, sts=sts, is_dane_honoured=self._is_dane_honoured and is_asked,
            resolver=self._resolver, counts=self._counts, clock=self._clock,
        )  # fmt: skip

    async def _read(self, domain: str) -> tuple[TlsRule | None, StoredPolicy | None]:
        async def unit(tx: ReadTx) -> tuple[TlsRule | None, StoredPolicy | None]:
            return await tx.trust.find_tls_rule(domain), await tx.trust.find_sts_policy(domain)

        return await self._store.read(unit)


def _is_named(hop: Hop) -> bool:
    """Sockets and addresses publish nothing."""
    is_name = not any(mark in hop.domain for mark in "/:[") and not hop.domain.rpartition(".")[2].isdigit()
    return is_name and hop.route.protocol is Speech.SMTP
