"""Submission among our own people: what would have to leave, or to wait, is put off."""

from collections.abc import Sequence
from dataclasses import dataclass

from mailstead.ground.model.address import Address
from mailstead.ground.model.envelope import Client, Envelope, Recipient
from mailstead.ground.model.errors import Busy
from mailstead.ground.model.verdict import Defer, Reason, Refuse
from mailstead.services.accounts.resolve import Resolution, resolve
from mailstead.services.delivery.deliver import Delivery, Receipt
from mailstead.services.delivery.plan import Accepted
from mailstead.services.folders.incoming import Letter
from mailstead.services.submission.ports import Sending
from mailstead.store.port import ReadTx, Store


class LocalOnly:
    """A `Judge` and a `Mailroom`."""

    def __init__(self, store: Store, delivery: Delivery) -> None:
        self._store = store
        self._delivery = delivery

    async def judge_recipient(
        self, envelope: Envelope, recipient: Recipient, client: Client  # noqa: ARG002 - the port's
    ) -> Accepted | Refuse | Defer:  # fmt: skip
        """Accounts of ours with room."""
        if envelope.wishes.release_at is not None:
            return Defer(Reason.FORWARD_UNAVAILABLE, "held back by its author")
        try:
            found = await self._store.read(_Resolve(recipient.address))
        except Busy:
            return Defer(Reason.BUSY)
        match found:
            case Resolution(targets):
                fitting = tuple(target for target in targets if target.account.has_room(envelope.declared_size or 1))
                if not fitting:
                    return Defer(Reason.MAILBOX_FULL, str(recipient.address))
                return Accepted(recipient, fitting, tuple(target for target in targets if target not in fitting))
            case Refuse(Reason.RELAY_DENIED):
                return Defer(Reason.FORWARD_UNAVAILABLE, str(recipient.address))
            case Refuse() | Defer():
                return found

    async def accept(
        self, letter: Letter, envelope: Envelope, accepted: Sequence[Accepted], client: Client, sending: Sending  # noqa: ARG002
    ) -> Receipt:  # fmt: skip
        """File it for all of them."""
        return await self._delivery.deliver(letter, envelope, accepted, sending.shown, each_is_told=False)


@dataclass(frozen=True, slots=True)
class _Resolve:
    address: Address

    async def __call__(self, tx: ReadTx) -> Resolution | Refuse | Defer:
        return await resolve(tx.directory, self.address)
