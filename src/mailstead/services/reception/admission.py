"""Whether a stranger is heard at all: the block list and the allow list, before anything is counted or looked up."""

from mailstead.ground.model.address import Address
from mailstead.ground.model.blocks import Standing
from mailstead.ground.model.envelope import Client, Envelope
from mailstead.ground.model.verdict import PASS, Reason, Refuse, Verdict
from mailstead.services.blocks.blocks import Blocks
from mailstead.services.limits.rates import RateLimits
from mailstead.store.port import ReadTx, Store
from mailstead.telemetry import Event, emit


class Admission:
    """One for a worker; for listeners that take mail from strangers. All may raise Busy."""

    def __init__(self, store: Store, blocks: Blocks, rates: RateLimits | None = None) -> None:
        self._store = store
        self._blocks = blocks
        self._rates = rates

    async def judge_connection(self, client: Client) -> Verdict:
        """Before the greeting: one too many is put off."""
        return PASS if self._rates is None else await self._rates.judge_connection(client)

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
