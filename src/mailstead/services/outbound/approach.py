"""Everything up to a dialogue that is ready for mail: what attempts and probes share."""

from dataclasses import dataclass
from random import Random

from mailstead.net.clock import Clock
from mailstead.net.dial import Dialer
from mailstead.net.dns import Resolver
from mailstead.net.sweep import Sweep
from mailstead.net.tls import ClientContexts
from mailstead.services.outbound.hosts import Finder
from mailstead.services.outbound.opening import Opener
from mailstead.services.outbound.settings import OutboundSettings
from mailstead.services.outbound.spots import Scout
from mailstead.services.outbound.story import Story
from mailstead.services.outbound.tls_policy import Trust


@dataclass(frozen=True, slots=True, kw_only=True)
class Approach:
    """`random` shuffles equals, picks proxies and makes nonces: a system one."""

    resolver: Resolver
    clock: Clock
    settings: OutboundSettings
    trust: Trust
    random: Random
    contexts: ClientContexts
    sweep: Sweep

    def opener(self) -> Opener:
        """Opens dialogues."""
        settings = self.settings
        dialer = Dialer("outbound", self.sweep, bind_ipv4=settings.bind_ipv4, bind_ipv6=settings.bind_ipv6)
        return Opener(settings, dialer, self.contexts, self.clock, pick=self.random.choice, nonce=self._nonce)

    def scout(self, story: Story) -> Scout:
        """Finds hosts, for one attempt."""
        finder = Finder(self.resolver, self.settings, self.random.shuffle, story)
        return Scout(finder, self.trust, self.settings, self.clock, story)

    def _nonce(self) -> str:
        return f"{self.random.getrandbits(144):036x}"
