"""MTA-STS (RFC 8461): the policy of a domain, from the store, else by HTTPS; kept for all workers and restarts."""

import asyncio
from collections import OrderedDict
from dataclasses import dataclass
from functools import partial
from typing import Final, Protocol

from mailstead.ground.formats.mtasts import POLICY_MAX, Policy, find_policy_id, parse_policy
from mailstead.ground.formats.tlsrpt import ResultType
from mailstead.ground.model.errors import Invalid, MailError
from mailstead.ground.model.ids import Instant
from mailstead.net.clock import Clock
from mailstead.net.dns import DnsError, Resolver
from mailstead.net.guarded import FetchFailed
from mailstead.services.outbound.tls_policy import Flaw
from mailstead.store.port import Lane, Store
from mailstead.store.port.trust import DAY_MS, StoredPolicy
from mailstead.telemetry import Event, emit

PATH: Final = "/.well-known/mta-sts.txt"
PAUSE_MS: Final = 300_000  # RFC 8461 §3.3: at least five minutes between tries
FAILURES_MAX: Final = 10_000
REFRESH_MS: Final = DAY_MS  # RFC 8461 §10.2: a policy at hand is looked for again well before it ends
UNUSED_MS: Final = 30 * DAY_MS
AT_ONCE: Final = 20


class Fetch(Protocol):
    """`net.https.HttpsFetcher.fetch`."""

    async def __call__(self, host: str, path: str, *, content_type: str, limit: int) -> bytes: ...


@dataclass(frozen=True, slots=True)
class StsFound:
    """What is known of one domain; `flaw`: it has a policy that could not be had."""

    policy: Policy | None = None
    policy_id: str = ""
    flaw: Flaw | None = None


NOTHING: Final = StsFound()


class StsPolicies:
    """Of one worker; the store is what all workers share."""

    def __init__(self, store: Store, resolver: Resolver, fetch: Fetch, clock: Clock) -> None:
        self._store = store
        self._resolver = resolver
        self._fetch = fetch
        self._clock = clock
        self._flights: dict[str, asyncio.Task[StoredPolicy | Flaw]] = {}
        self._failed: OrderedDict[str, tuple[Instant, Flaw]] = OrderedDict()

    async def find(self, domain: str, stored: StoredPolicy | None) -> StsFound:
        """RFC 8461 §5.1. `stored` is what the store has of it; a policy at hand is never given up for a failure."""
        policy_id = await self._ask_id(domain)
        now = self._clock.now()
        living = stored if stored is not None and now < stored.expires_at else None
        if living is not None and (policy_id in (None, living.policy_id) or now - living.fetched_at < PAUSE_MS):
            await self._note_use(living, now)
            return StsFound(living.policy, living.policy_id)
        if policy_id is None:
            return NOTHING
        fetched = await self._fetch_once(domain, policy_id)
        if isinstance(fetched, StoredPolicy):
            return StsFound(fetched.policy, fetched.policy_id)
        return StsFound(living.policy, living.policy_id) if living is not None else StsFound(flaw=fetched)

    async def refresh(self) -> None:
        """A leased duty: look again for policies in use, forget those that ended."""
        now = self._clock.now()
        before, since = Instant(now - REFRESH_MS), Instant(now - UNUSED_MS)
        stale = await self._store.read(
            lambda tx: tx.trust.list_stale_sts_policies(tried_before=before, used_since=since, limit=AT_ONCE)
        )
        await asyncio.gather(*map(self._refresh_one, stale))
        await self._store.write(
            lambda tx: tx.trust.forget_sts_policies(expired_before=now, limit=AT_ONCE), lane=Lane.BULK
        )

    async def close(self) -> None:
        """Fetch no more."""
        flights = list(self._flights.values())
        for flight in flights:
            flight.cancel()
        await asyncio.gather(*flights, return_exceptions=True)

    async def _ask_id(self, domain: str) -> str | None:
        try:
            return find_policy_id((await self._resolver.txt(f"_mta-sts.{domain}")).records)
        except DnsError:
            return None  # RFC 8461 §5.1: as if there were none; what is kept stays in force

    async def _note_use(self, stored: StoredPolicy, now: Instant) -> None:
        if now - stored.used_at < DAY_MS:
            return
        try:
            await self._store.write(lambda tx: tx.trust.note_sts_use(stored.domain, now), lane=Lane.BULK)
        except MailError:
            return  # a busy store hears of it with the next letter

    async def _refresh_one(self, stored: StoredPolicy) -> None:
        policy_id = await self._ask_id(stored.domain) or stored.policy_id
        fetched = await self._fetch_policy(stored.domain, policy_id, used_at=stored.used_at)
        if isinstance(fetched, Flaw):
            now = self._clock.now()
            await self._store.write(lambda tx: tx.trust.note_sts_try(stored.domain, now), lane=Lane.BULK)

    async def _fetch_once(self, domain: str, policy_id: str) -> StoredPolicy | Flaw:
        """All who want it wait for one fetch; after a failure nobody tries for a while."""
        failed = self._failed.get(domain)
        if failed is not None and self._clock.now() - failed[0] < PAUSE_MS:
            return failed[1]
        flight = self._flights.get(domain)
        if flight is None:
            flight = self._flights[domain] = asyncio.create_task(self._fetch_policy(domain, policy_id))
            flight.add_done_callback(partial(self._land, domain))
        return await asyncio.shield(flight)

    def _land(self, domain: str, flight: asyncio.Task[StoredPolicy | Flaw]) -> None:
        del self._flights[domain]
        if not flight.cancelled():
            flight.exception()  # looked at, also if nobody waits any longer

    async def _fetch_policy(self, domain: str, policy_id: str, used_at: Instant | None = None) -> StoredPolicy | Flaw:
        try:
            text = await self._fetch(f"mta-sts.{domain}", PATH, content_type="text/plain", limit=POLICY_MAX)
            policy = parse_policy(text)
        except FetchFailed as error:
            kind = ResultType.STS_WEBPKI_INVALID if error.is_certificate else ResultType.STS_POLICY_FETCH_ERROR
            return self._fail(domain, Flaw(kind, str(error)))
        except Invalid as error:
            return self._fail(domain, Flaw(ResultType.STS_POLICY_INVALID, str(error)))
        self._failed.pop(domain, None)
        now = self._clock.now()
        stored = StoredPolicy(domain, policy_id, policy, now, now, now if used_at is None else used_at)
        try:
            await self._store.write(lambda tx: tx.trust.keep_sts_policy(stored), lane=Lane.BULK)
        except MailError:
            return stored  # in force for this letter; the next one fetches it again
        return stored

    def _fail(self, domain: str, flaw: Flaw) -> Flaw:
        emit(Event.STS_FETCH_FAILED, domain=domain, reason=flaw.result.value, error=flaw.detail)
        self._failed[domain] = self._clock.now(), flaw
        self._failed.move_to_end(domain)
        while len(self._failed) > FAILURES_MAX:
            self._failed.popitem(last=False)
        return flaw
