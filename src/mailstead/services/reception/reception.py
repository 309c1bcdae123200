"""Reception: judges mail from others at the cheapest stage, and takes what passes."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from ipaddress import IPv4Network, IPv6Network, ip_address
from typing import Final

from mailstead.ground.model.envelope import Client, Envelope, Recipient
from mailstead.ground.model.errors import Busy
from mailstead.ground.model.verdict import PASS, Defer, Pass, Reason, Refuse, Verdict
from mailstead.services.accounts.resolve import Abroad, Resolution, Reverser, look_up
from mailstead.services.delivery.deliver import Delivery, Receipt
from mailstead.services.delivery.filing import has_room
from mailstead.services.delivery.plan import Accepted, Manner
from mailstead.services.folders.incoming import Letter
from mailstead.services.reception.body import Body
from mailstead.services.reception.refusals import Refusals
from mailstead.services.reception.verification import Verification
from mailstead.store.port import Store

DEFAULT_MAX_SIZE: Final = 52_428_800

Network = IPv4Network | IPv6Network


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceptionRules:
    """What the operator decides."""

    max_message_size: int = DEFAULT_MAX_SIZE
    relay_networks: tuple[Network, ...] = ()


class Reception:
    """One for all listeners that take mail from strangers (MX) or from another mail server of ours (LMTP)."""

    def __init__(
        self,
        store: Store,
        delivery: Delivery,
        rules: ReceptionRules,
        refusals: Refusals,
        reverser: Reverser,
        verification: Verification | None = None,
    ) -> None:
        self._store = store
        self._verification = verification
        self._reverser = reverser
        self.refusals = refusals
        self._delivery = delivery
        self.rules = rules

    def judge_sender(self, envelope: Envelope, client: Client) -> Verdict:  # noqa: ARG002 - policy will ask who it is
        """At MAIL: what is known before any recipient."""
        if envelope.declared_size > self.rules.max_message_size:
            return Refuse(Reason.MESSAGE_TOO_LARGE, f"declared {envelope.declared_size} octets")
        if not self._store.has_room():
            return Defer(Reason.NO_SPACE)
        return PASS

    async def judge_recipient(
        self, envelope: Envelope, recipient: Recipient, client: Client, *, is_proxied: bool
    ) -> Accepted | Refuse | Defer:
        """At RCPT. The accounts found are kept for the delivery, which looks no address up again."""
        try:
            resolution = await look_up(self._store, self._reverser, recipient.address)
        except Busy:
            return Defer(Reason.BUSY)
        if isinstance(resolution, Resolution):
            resolution = await self._verify(resolution)
        match resolution:
            case Resolution():
                return _judge_room(recipient, resolution, envelope.declared_size)
            case Refuse(Reason.RELAY_DENIED) if not is_proxied and self._may_relay(client.ip):
                return Accepted(recipient, (), abroad=(Abroad(recipient.address),))
            case Refuse() | Defer():
                return resolution

    async def _verify(self, resolution: Resolution) -> Resolution | Refuse | Defer:
        """Who is unknown to the store that keeps its mail is left out; nobody is taken who cannot be asked about."""
        if self._verification is None:
            return resolution
        abroad: list[Abroad] = []
        against: Refuse | Defer | None = None
        for one in resolution.abroad:
            match await self._verification.judge(one.via, one.address) if one.is_asked else PASS:
                case Pass():
                    abroad.append(one)
                case Defer() as later:
                    return later
                case Refuse() as refusal:
                    against = against or refusal
        if against is None:
            return resolution
        if not abroad and not resolution.targets:
            return against
        return replace(resolution, abroad=tuple(abroad))

    def begin_body(self) -> Body:
        """For the content of one transaction."""
        return Body(self._store.blobs, self.rules.max_message_size)

    async def accept(
        self, letter: Letter, envelope: Envelope, accepted: Sequence[Accepted], client: Client, *, each_is_told: bool
    ) -> Receipt:
        """After the last byte."""
        return await self._delivery.deliver(letter, envelope, accepted, client, Manner(each_is_told=each_is_told))

    def _may_relay(self, ip: str) -> bool:
        if not self.rules.relay_networks:
            return False
        address = ip_address(ip)
        return any(address in network for network in self.rules.relay_networks)


def _judge_room(recipient: Recipient, resolution: Resolution, size: int) -> Accepted | Defer:
    """Full is who has no room for what was declared; one member of an alias does not stop the others."""
    fitting = tuple(target for target in resolution.targets if has_room(target.account, max(size, 1)))
    if not fitting and not resolution.abroad:
        return Defer(Reason.MAILBOX_FULL, str(recipient.address))
    if len(fitting) == len(resolution.targets):
        return Accepted(recipient, fitting, abroad=resolution.abroad)
    full = tuple(target for target in resolution.targets if target not in fitting)
    return Accepted(recipient, fitting, full, resolution.abroad)
