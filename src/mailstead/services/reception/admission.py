"""Whether a stranger is heard: the block list and the allow list before anything is counted or looked up, greylisting
once it is known that the recipient is here."""

from typing import Protocol

from mailstead.ground.model.address import Address
from mailstead.ground.model.blocks import Standing
from mailstead.ground.model.envelope import Client, Envelope
from mailstead.ground.model.errors import Busy
from mailstead.ground.model.policy import Policy
from mailstead.ground.model.verdict import PASS, Reason, Refuse, Verdict
from mailstead.services.blocks.blocks import Blocks
from mailstead.services.greylist.greylisting import Greylisting
from mailstead.services.limits.rates import RateLimits
from mailstead.store.port import ReadTx, Store
from mailstead.telemetry import Event, emit


class PolicySource(Protocol):
    """What domains want: see `services.policy`."""

    async def of(self, domain: str) -> Policy: ...


class Admission:
    """One for a worker; for listeners that take mail from strangers. All may raise Busy."""

    def __init__(
        self,
        store: Store,
        blocks: Blocks,
        greylisting: Greylisting,
        policies: PolicySource,
        rates: RateLimits | None = None,
    ) -> None:
        self._store = store
        self._blocks = blocks
        self._greylisting = greylisting
        self._policies = policies
        self._rates = rates

    async def judge_connection(self, client: Client) -> Verdict:
        """Before the greeting: one too many is put off. Who is blocked is not counted, and hears so at MAIL."""
        if self._rates is None:
            return PASS
        try:
            if (await self._blocks.standing(client.ip)).objection_of_all:
                return PASS
        except Busy:
            return PASS
        return await self._rates.judge_connection(client)

    async def judge_rate(self, envelope: Envelope, address: Address, client: Client) -> Verdict:
        """At RCPT, of a recipient who is here: whether the domain takes one more letter from there."""
        return PASS if self._rates is None else await self._rates.judge_recipient(envelope, address.domain, client)

    async def judge_sender(self, envelope: Envelope, client: Client) -> Verdict:
        """At MAIL: refused is whom no domain of ours would hear."""
        standing = await self._blocks.standing(client.ip, envelope.sender)
        return _judge(standing.objection_of_all, envelope, client)

    async def judge_recipient(self, envelope: Envelope, address: Address, client: Client) -> Verdict:
        """At RCPT: what the recipient's domain says."""
        standing = await self._blocks.standing(client.ip, envelope.sender)
        return _judge(standing.objection(await self._scope(standing, address.domain)), envelope, client, str(address))

    async def judge_newness(self, envelope: Envelope, address: Address, client: Client) -> Verdict:
        """At RCPT, of a recipient who is here: whether the sender has to come again."""
        policy = await self._policies.of(address.domain)
        if not policy.greylist.enabled:
            return PASS
        standing = await self._blocks.standing(client.ip, envelope.sender)
        if standing.is_allowed(await self._scope(standing, address.domain)):
            return PASS
        return await self._greylisting.judge(envelope, address, client, policy.greylist, is_vouched=policy.spf.enabled)

    async def _scope(self, standing: Standing, domain: str) -> str:
        """A domain that is another's name has that one's lists; mostly there is no need to know."""
        if standing.is_shared:
            return domain

        async def unit(tx: ReadTx) -> str:
            found = await tx.directory.find_domain(domain)
            if found is None or found.alias_of is None:
                return domain
            return (await tx.directory.get_domain(found.alias_of)).name

        return await self._store.read(unit)


def _judge(pattern: str, envelope: Envelope, client: Client, recipient: str = "") -> Verdict:
    if not pattern:
        return PASS
    emit(
        Event.SMTP_SENDER_BLOCKED,
        session=int(client.session or 0),
        client_ip=client.ip,
        sender=str(envelope.sender or "<>"),
        recipient=recipient,
        detail=pattern,
    )
    return Refuse(Reason.SENDER_BLOCKED, pattern)
