"""Submission's way to recipients here and elsewhere: delivery files the ones and spools the others."""

from collections.abc import Sequence

from mailstead.ground.model.envelope import Client, Envelope, Recipient
from mailstead.ground.model.errors import Busy
from mailstead.ground.model.outcome import Deferred
from mailstead.ground.model.spool import LOCAL
from mailstead.ground.model.verdict import Defer, Reason, Refuse
from mailstead.services.accounts.resolve import Abroad, Resolution, Reverser, look_up
from mailstead.services.delivery.deliver import Delivery, Receipt
from mailstead.services.delivery.plan import Accepted, Manner
from mailstead.services.folders.incoming import Letter
from mailstead.services.guards.asking import tell_of_limit
from mailstead.services.guards.caps import SendingLimit
from mailstead.services.outbound.verification import Verification
from mailstead.services.spool.spooling import Sending as Name
from mailstead.services.submission.ports import Guards, Sending
from mailstead.store.port import Store


class DeliveringMailroom:
    """A `Judge` and a `Mailroom`."""

    def __init__(
        self,
        store: Store,
        delivery: Delivery,
        reverser: Reverser,
        guards: Guards,
        verification: Verification | None = None,
    ) -> None:
        self._verification = verification
        self._store = store
        self._reverser = reverser
        self._delivery = delivery
        self._guards = guards

    async def judge_recipient(
        self,
        envelope: Envelope,
        recipient: Recipient,
        client: Client,  # noqa: ARG002 - of the port
    ) -> Accepted | Refuse | Defer:
        """Accounts of ours with room, and everybody elsewhere."""
        try:
            found = await look_up(self._store, self._reverser, recipient.address)
        except Busy:
            return Defer(Reason.BUSY)
        if isinstance(found, Resolution) and self._verification is not None:
            found = await self._verification.sift(found, must_know=False)
        match found:
            case Resolution(targets, abroad):
                if envelope.wishes.release_at is not None:
                    # RFC 4865 §4: held back as a whole; who is here then is looked up when it is let go.
                    return Accepted(recipient, (), abroad=(Abroad(recipient.address, LOCAL),))
                fitting = tuple(target for target in targets if target.account.has_room(envelope.declared_size or 1))
                if not fitting and not abroad:
                    return Defer(Reason.MAILBOX_FULL, str(recipient.address))
                full = tuple(target for target in targets if target not in fitting)
                return Accepted(recipient, fitting, full, abroad)
            case Refuse(Reason.RELAY_DENIED):
                return Accepted(recipient, (), abroad=(Abroad(recipient.address),))
            case Refuse() | Defer():
                return found

    async def accept(
        self, letter: Letter, envelope: Envelope, accepted: Sequence[Accepted], client: Client, sending: Sending
    ) -> Receipt:  # fmt: skip
        """In one unit."""
        name = Name(origin=sending.origin, domain=sending.domain, account_id=sending.account.id, login=sending.login)
        elsewhere = [abroad.address for one in accepted for abroad in one.abroad if not abroad.via]
        within = self._guards.charging(sending, elsewhere) if elsewhere else None
        manner = Manner(
            each_is_told=False, sending=name, keeps_copy=sending.keeps_copy, within=within, added=sending.added
        )
        try:
            return await self._delivery.deliver(letter, envelope, accepted, sending.shown, manner)
        except SendingLimit as limit:
            tell_of_limit(limit.over, sending.account, client)
            return Receipt(0, (Deferred(Reason.SENDING_LIMIT),) * len(accepted))
