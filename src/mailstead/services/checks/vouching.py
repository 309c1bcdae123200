"""Whether the domain of a sender vouches for a client, asked before the content: the SPF that is examined with it
later finds its answers remembered."""

from ipaddress import ip_address
from typing import Final

from mailstead.ground.formats.spf.evaluate import Result, Sender, evaluate
from mailstead.ground.model.envelope import Client, Envelope
from mailstead.net.clock import Clock
from mailstead.net.dns import Resolver
from mailstead.services.checks.asking import Inquiry

SECONDS: Final = 3.0
TERMS_MAX: Final = 10
"""RFC 7208 §4.6.4."""
QUESTIONS_MAX: Final = 50


class SpfVoucher:
    """One for a worker."""

    def __init__(self, resolver: Resolver, clock: Clock, *, hostname: str) -> None:
        self._resolver = resolver
        self._clock = clock
        self._hostname = hostname

    async def vouches(self, envelope: Envelope, client: Client) -> bool:
        """RFC 7208 §2.6.3: pass, and nothing less."""
        if envelope.sender is None:
            return False
        inquiry = Inquiry(self._resolver, self._clock, QUESTIONS_MAX)
        sender = Sender(
            ip=ip_address(client.ip), domain=envelope.sender.domain, local=envelope.sender.local, helo=client.helo,
            receiver=self._hostname, now=self._clock.now() // 1000, terms=TERMS_MAX,
        )  # fmt: skip
        evaluation = await inquiry.run(evaluate(sender), inquiry.deadline(SECONDS))
        return evaluation.result is Result.PASS
