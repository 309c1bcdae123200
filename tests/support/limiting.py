"""Limits over a store, as the wiring makes them; a node is a table of its own."""

import os
from collections.abc import Sequence
from typing import Any

from mailstead.ground.model.policy_columns import read_words
from mailstead.net.clock import Clock
from mailstead.net.ledger import Ledger, make_ledger
from mailstead.services.accounts.directory import Directory
from mailstead.services.limits.counting import Counter
from mailstead.services.limits.exempt import Exemptions
from mailstead.services.limits.failures import Failures
from mailstead.services.limits.logins import LoginGuard
from mailstead.services.limits.rates import RateLimits
from mailstead.services.limits.sharing import Sharing
from mailstead.services.limits.widest import WidestRates
from mailstead.services.policy import editing
from mailstead.services.policy.policies import Policies


class Limiting:
    """One worker's. `fd` is the table of its node, a fresh one unless it is given."""

    def __init__(
        self,
        store: Any,
        clock: Clock,
        *,
        fd: int | None = None,
        is_shared: bool = False,
        exemptions: Exemptions | None = None,
        delay: float = 0.0,
    ) -> None:
        self.fd = make_ledger() if fd is None else fd
        self.ledger = Ledger(self.fd, clock)
        if fd is None:
            os.close(self.fd)
        self.sharing = Sharing(store, self.ledger, clock) if is_shared else None
        self.policies, self.counter = Policies(store), Counter(self.ledger, self.sharing)
        widest, exemptions = WidestRates(store, clock), exemptions or Exemptions(has_loopback=False)
        self.failures = Failures(store, clock, self.policies, self.counter)
        self.guard = LoginGuard(self.policies, self.counter, self.failures, exemptions, widest, delay=delay)
        self.rates = RateLimits(self.policies, self.counter, exemptions, widest)


async def set_policy(directory: Directory, domain: str, *words: str) -> None:
    """As `mailstead policy set` does; of `_default`, too."""
    await editing.edit(directory, domain, read_words(words))


def words_of(threshold: int, *more: str) -> Sequence[str]:
    """A threshold, and no other limit of logins in its way."""
    return (f"auth.brute_force_threshold={threshold}", "rate_limit.auth_per_ip=0/15", *more)
