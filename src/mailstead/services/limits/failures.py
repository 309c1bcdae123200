"""Failed logins and the blocks they bring about, by the policy of the domain that is tried.

An address that failed too often is not heard any more at logins of that domain. So is a network of IPv4 with as many
failures, of which each of its addresses counts for half at most: one of them alone shuts out nobody else.
"""

from dataclasses import dataclass
from typing import Final

from mailstead.ground.model.block import LoginBlock, subjects_of
from mailstead.ground.model.ids import Instant
from mailstead.ground.model.policy import Policy, Rate
from mailstead.net.clock import Clock
from mailstead.services.limits import names
from mailstead.services.limits.counting import Counter
from mailstead.services.policy.policies import Policies
from mailstead.store.port import ReadTx, Store, Tx
from mailstead.telemetry import Event, emit

COUNT_MAX: Final = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Case:
    """An address at a name: by which policy it is judged, under which domain it is counted, and what blocks it."""

    ip: str
    login: str
    domain: str  # "": the name is in no domain of ours
    policy: Policy
    block: LoginBlock | None

    @property
    def threshold(self) -> Rate:
        """Failures that a block is made of."""
        auth = self.policy.auth
        return Rate(auth.brute_force_threshold, auth.brute_force_window_minutes)

    @property
    def endless(self) -> Rate:
        """Over the same window, however many."""
        return Rate(COUNT_MAX, self.policy.auth.brute_force_window_minutes)

    @property
    def pair(self) -> str:
        """Failures of this address at this name."""
        return names.failures_of(self.ip, self.login)

    @property
    def account(self) -> str:
        """Failures of all at this name."""
        return names.failures_at(self.login)


class Failures:
    """One for a worker."""

    def __init__(self, store: Store, clock: Clock, policies: Policies, counter: Counter) -> None:
        self._store = store
        self._clock = clock
        self._policies = policies
        self._counter = counter

    async def look(self, ip: str, login: str) -> Case:
        """What holds for this address at this name now."""
        name, now, subjects = login.rpartition("@")[2], self._clock.now(), subjects_of(ip)
        policy = await self._policies.of(name)

        async def unit(tx: ReadTx) -> tuple[str, LoginBlock | None]:
            domain = await _real_name(tx, name)
            if not policy.auth.brute_force_enabled:
                return domain, None
            return domain, await tx.limits.find_block(subjects, domain, now)

        domain, block = await self._store.read(unit)
        return Case(ip, login, domain, policy, block)

    def are_many(self, case: Case) -> bool:
        """Whether the account is under attack."""
        return case.policy.auth.brute_force_enabled and self.at_account(case) >= case.threshold.count

    def at_account(self, case: Case) -> int:
        """From everywhere, within the window."""
        return self._counter.count(case.account, case.endless)

    def of_pair(self, case: Case) -> int:
        """From this address at this name."""
        return self._counter.count(case.pair, case.endless)

    async def note(self, case: Case, *, blocks: bool = True) -> int:
        """One more; how many the address has, if it may be blocked. One that is heard in spite of a block has been
        counted for it already."""
        await self._counter.take(case.account, case.endless)
        await self._counter.take(case.pair, case.endless)
        if not blocks:
            return 0
        if case.block is not None:
            return case.block.failures
        place, *networks = subjects_of(case.ip)
        threshold = case.threshold
        failures = await self._count(place, case, threshold)
        if failures <= max(threshold.count // 2, 1):
            for network in networks:
                await self._count(network, case, Rate(max(threshold.count, 2), threshold.window_minutes))
        return failures

    async def _count(self, subject: str, case: Case, threshold: Rate) -> int:
        name = names.failures(subject, case.domain)
        failures = await self._counter.add(name, threshold)
        if failures >= threshold.count:
            await self._block(subject, case, failures)
            await self._counter.forget(name, threshold)  # the block stands for them: when it ends, they are over
        return failures

    async def _block(self, subject: str, case: Case, failures: int) -> None:
        now, minutes = self._clock.now(), case.policy.auth.brute_force_block_minutes
        block = LoginBlock(
            subject=subject, domain=case.domain, began_at=now, until=Instant(now + minutes * 60_000), failures=failures
        )

        async def unit(tx: Tx) -> None:
            await tx.limits.put_block(block)

        await self._store.write(unit)
        emit(
            Event.AUTH_ADDRESS_BLOCKED, client_ip=case.ip, domain=case.domain, reason=block.kind, limit=failures,
            pause=minutes * 60.0,
        )  # fmt: skip


async def _real_name(tx: ReadTx, name: str) -> str:
    domain = await tx.directory.find_domain(name) if name else None
    if domain is None:
        return ""
    return domain.name if domain.alias_of is None else (await tx.directory.get_domain(domain.alias_of)).name
