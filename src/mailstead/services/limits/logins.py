"""Whether a login is heard. An account that many fail at only makes addresses wait that are new to it; nobody can lock
an owner out: who has logged in well from an address lately is heard from there, whatever others do.
"""

import asyncio
from collections import OrderedDict
from typing import Final

from mailstead.ground.model.policy import Rate
from mailstead.services.accounts.attempt import Attempt
from mailstead.services.accounts.guard import IsFamiliar, Shut
from mailstead.services.limits import names
from mailstead.services.limits.counting import Counter
from mailstead.services.limits.exempt import Exemptions
from mailstead.services.limits.failures import Case, Failures
from mailstead.services.limits.widest import WidestRates
from mailstead.services.policy.policies import Policies

FAMILIAR_TIMES: Final = 10
"""A familiar address may fail so many times as often as a strange one, at this one name."""
DELAY_TIMES_MAX: Final = 4
STAKES_MAX: Final = 10_000

_Stake = list[tuple[str, Rate]]


class LoginGuard:
    """One for a worker. `delay`: seconds that the answer to a failed login waits, and up to four times that."""

    def __init__(
        self,
        policies: Policies,
        counter: Counter,
        failures: Failures,
        exemptions: Exemptions,
        widest: WidestRates,
        *,
        delay: float,
    ) -> None:
        self._policies = policies
        self._counter = counter
        self._failures = failures
        self._exemptions = exemptions
        self._widest = widest
        self.delay = delay
        self._stakes: OrderedDict[tuple[str, int], list[_Stake]] = OrderedDict()

    async def objection(self, attempt: Attempt, login: str, is_familiar: IsFamiliar) -> Shut | None:
        """Blocked, or too many attempts from there; whoever is familiar is heard all the same."""
        case = await self._failures.look(attempt.client_ip, login)
        is_exempt = await self._exemptions.hold_for(attempt.client_ip)
        shut = None if is_exempt else await self._shut(attempt, case)
        if shut is None:
            if self._failures.are_many(case) and not await is_familiar():
                await asyncio.sleep(self.delay * DELAY_TIMES_MAX)
            return None
        if not await is_familiar():
            return shut
        limit = case.threshold.count * FAMILIAR_TIMES
        return Shut("familiar", limit) if self._failures.of_pair(case) >= limit else None

    async def failed(self, attempt: Attempt, login: str, *, is_known: bool) -> float:
        """Count it, where it is to be counted, and block who has failed too often."""
        self._take_stake(attempt)
        case = await self._failures.look(attempt.client_ip, login)
        auth = case.policy.auth
        if not auth.brute_force_enabled or not (is_known or auth.brute_force_unknown_users):
            return self.delay
        failures = await self._failures.note(case, blocks=not await self._exemptions.hold_for(attempt.client_ip))
        return self.delay * min(1 + failures // 5, DELAY_TIMES_MAX)

    async def welcome(self, attempt: Attempt, login: str) -> Shut | None:
        """A login that succeeds is no attempt any more. Those by IMAP have a rate of their own."""
        for name, rate in self._take_stake(attempt):
            self._counter.give_back(name, rate)
        if attempt.service != "imap" or await self._exemptions.hold_for(attempt.client_ip):
            return None
        rates = (await self._policies.of(login.rpartition("@")[2])).rate_limit
        if not rates.enabled or await self._counter.take(names.logins_by_imap(login), rates.imap_per_user):
            return None
        return Shut("imap_per_user", rates.imap_per_user.count)

    async def _shut(self, attempt: Attempt, case: Case) -> Shut | None:
        """Count the attempt, until it succeeds: over all domains by the most liberal one, and by its own."""
        if case.block is not None:
            return Shut(case.block.kind, case.block.failures)
        name, rates = names.attempts(case.ip), case.policy.rate_limit
        widest = (await self._widest.look(await self._policies.look())).auth_per_ip
        stake = [(name, rate) for rate in widest if await self._counter.take(name, rate)]
        limit = widest[-1].count if widest and not stake else 0
        if not limit and rates.enabled:
            own = names.attempts_at(case.ip, case.domain), rates.auth_per_ip
            if await self._counter.take(*own):
                stake.append(own)
            else:
                limit = rates.auth_per_ip.count
        if not limit:
            self._put_stake(attempt, stake)
            return None
        for taken in stake:
            self._counter.give_back(*taken)
        return Shut("auth_per_ip", limit)

    def _put_stake(self, attempt: Attempt, stake: _Stake) -> None:
        """It is kept until the attempt ends; of a client that went away it stays counted."""
        self._stakes.setdefault((attempt.client_ip, attempt.session), []).append(stake)
        if len(self._stakes) > STAKES_MAX:
            self._stakes.popitem(last=False)

    def _take_stake(self, attempt: Attempt) -> _Stake:
        key = attempt.client_ip, attempt.session
        stakes = self._stakes.get(key)
        if not stakes:
            return []
        stake = stakes.pop()
        if not stakes:
            del self._stakes[key]
        return stake
