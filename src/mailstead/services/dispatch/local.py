"""Letters in the spool for accounts here: those that had no room when they came, and notices to our own users."""

from typing import Final

from mailstead.ground.formats.received import has_been_at
from mailstead.ground.model.attempt import Attempt, Ending, Result
from mailstead.ground.model.envelope import Client, Envelope, Recipient
from mailstead.ground.model.errors import Conflict, MailError, NotFound
from mailstead.ground.model.outcome import Deferred, Delivered, Failed, Outcome
from mailstead.ground.model.spool import LastWord, SpooledLetter, SpooledRecipient, State
from mailstead.ground.model.verdict import Defer, Reason, Refuse
from mailstead.net.clock import Clock
from mailstead.services.accounts.resolve import Resolution, Reverser, look_up
from mailstead.services.delivery.deliver import Delivery
from mailstead.services.delivery.plan import USUAL, Accepted, Manner, Treatment
from mailstead.services.folders.incoming import Letter, take_again
from mailstead.store.port import Store, Tx
from mailstead.store.port.spool import Settlement

STATUSES: Final = {
    Reason.MAILBOX_FULL: "2.2",
    Reason.USER_UNKNOWN: "1.1",
    Reason.ALIAS_LOOP: "4.6",
    Reason.TOO_MANY_HOPS: "4.6",
    Reason.ACCOUNT_INACTIVE: "2.1",
    Reason.DOMAIN_INACTIVE: "2.1",
    Reason.NO_SPACE: "3.1",
    Reason.BUSY: "3.2",
}
"""RFC 3463, without the class."""
FILED: Final = "filed here"
UNKNOWN: Final = Client(ip="")


class LocalDelivery:
    """As an attempt, like any other."""

    def __init__(self, store: Store, clock: Clock, delivery: Delivery, *, reverser: Reverser) -> None:
        self._store = store
        self._clock = clock
        self._delivery = delivery
        self._reverser = reverser

    async def attempt(self, letter: SpooledLetter, recipients: tuple[SpooledRecipient, ...], holder: str) -> Attempt:
        """Look each up again: what was an account may be an alias by now, or nothing.

        Who is filed is settled in the same unit: nobody gets a letter twice, whenever we die.
        """
        began = self._clock.now()
        results = [await self.deliver(letter, recipient, holder) for recipient in recipients]
        return Attempt(began_at=began, ended_at=self._clock.now(), results=tuple(results))

    async def deliver(
        self, letter: SpooledLetter, recipient: SpooledRecipient, holder: str, *, treatment: Treatment = USUAL,
        client: Client = UNKNOWN,
    ) -> Result:  # fmt: skip
        """One who cannot be served takes nothing back from those who were."""
        try:
            return await self._deliver(letter, recipient, holder, treatment, client)
        except NotFound:
            raise
        except MailError as error:
            return Result(recipient.number, Ending.DEFERRED, "4.3.0", str(error))

    async def _deliver(
        self, letter: SpooledLetter, recipient: SpooledRecipient, holder: str, treatment: Treatment, client: Client
    ) -> Result:  # fmt: skip
        wanted = Recipient(recipient.address, recipient.dsn)
        match await look_up(self._store, self._reverser, recipient.address):
            case Resolution() as found:
                accepted = Accepted(wanted, found.targets, abroad=found.abroad, treatment=treatment)
            case Refuse(reason):
                return _result(recipient, Failed(reason))
            case Defer(reason):
                return _result(recipient, Deferred(reason))
        octets = await self._read(letter)
        if found.abroad and has_been_at(octets.rendered.header, recipient.address):
            return _result(recipient, Failed(Reason.ALIAS_LOOP))
        envelope = Envelope(sender=letter.sender, recipients=(wanted,), body=letter.body, smtputf8=letter.smtputf8)
        now = self._clock.now()
        filed = Settlement(
            number=recipient.number, state=State.DELIVERED, due_at=now, last=LastWord("2.1.5", FILED, at=now)
        )

        async def settle(tx: Tx) -> None:
            if not await tx.spool.settle(letter.id, [filed], holder, now=now):
                raise Conflict("another worker has it by now")  # nothing is filed then: it would be there twice

        manner = Manner(each_is_told=True, prefix=letter.prefix, within=settle)
        receipt = await self._delivery.deliver(octets, envelope, (accepted,), client, manner)
        return _result(recipient, receipt.outcomes[0])

    async def _read(self, letter: SpooledLetter) -> Letter:
        if letter.blob_id is None:
            raise NotFound("the letter was settled")
        return await take_again(self._store.blobs, letter.blob_id)


def _result(recipient: SpooledRecipient, outcome: Outcome) -> Result:
    match outcome:
        case Delivered():
            return Result(recipient.number, Ending.DELIVERED, "2.1.5", FILED)
        case Deferred(reason):
            return Result(recipient.number, Ending.DEFERRED, f"4.{STATUSES.get(reason, '0.0')}", reason.value)
        case Failed(reason):
            return Result(recipient.number, Ending.FAILED, f"5.{STATUSES.get(reason, '0.0')}", reason.value)
