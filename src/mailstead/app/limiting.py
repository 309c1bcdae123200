"""Limits, and blocks after failed logins, put together for one worker."""

from mailstead.app.config import Config
from mailstead.app.duties import Duty
from mailstead.net.clock import Clock
from mailstead.net.ledger import Ledger
from mailstead.services.blocks.blocks import Blocks
from mailstead.services.limits.blocks import Cleaning
from mailstead.services.limits.counting import Counter
from mailstead.services.limits.exempt import Exemptions
from mailstead.services.limits.failures import Failures
from mailstead.services.limits.logins import LoginGuard
from mailstead.services.limits.rates import RateLimits
from mailstead.services.limits.sharing import Sharing
from mailstead.services.limits.showing import Showing
from mailstead.services.limits.widest import WidestRates
from mailstead.services.policy.policies import Policies
from mailstead.store.port import Store


class LimitRooms:
    """`guard` is for logins, `rates` for letters and connections; `showing` tells how much of them is used."""

    def __init__(self, config: Config, store: Store, clock: Clock, ledger: Ledger, blocks: Blocks) -> None:
        security = config.security
        self._sharing = Sharing(store, ledger, clock) if config.database.url else None
        policies, counter, widest = Policies(store), Counter(ledger, self._sharing), WidestRates(store, clock)
        trusted = (*security.allow_networks, *config.server.trusted_proxies)
        exemptions = Exemptions(trusted, has_loopback=security.exempt_loopback, allowed=blocks)
        failures = Failures(store, clock, policies, counter)
        delay = security.failed_login_delay.total_seconds()
        self.guard = LoginGuard(policies, counter, failures, exemptions, widest, delay=delay)
        self.rates = RateLimits(policies, counter, exemptions, widest)
        self.showing = Showing(policies, counter, exemptions, widest)
        self._cleaning = Cleaning(store, clock, policies)

    def duties(self) -> tuple[Duty, ...]:
        """What one worker of all does."""
        return (Duty("forget-limits", 60.0, self._cleaning.run),)

    async def keep_telling(self) -> None:
        """The other nodes, if there may be any."""
        if self._sharing is not None:
            await self._sharing.keep_telling()
