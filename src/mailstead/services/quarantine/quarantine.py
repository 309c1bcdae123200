"""Kept letters in somebody's hand.

For the API: every call takes a `Scope`; what lies outside of it is not found. `GET /api/v1/quarantine` is `page`,
`GET .../{id}` is `show`, its octets are `open`, `POST .../{id}/release` is `release`, `DELETE .../{id}` is `delete`.
"""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Final, Protocol

from mailstead.ground.formats.date import render_rfc3339
from mailstead.ground.model.address import Address
from mailstead.ground.model.audit import Actor, Deed
from mailstead.ground.model.envelope import Client, Envelope, Recipient
from mailstead.ground.model.errors import Busy, Conflict, Invalid, MailError, NoSpace, NotFound, OverQuota
from mailstead.ground.model.flags import Flags
from mailstead.ground.model.outcome import Deferred, Delivered, Failed, Outcome
from mailstead.ground.model.quarantine import NOBODY, KeptFilter, KeptLetter
from mailstead.ground.model.scope import EVERYTHING, Scope
from mailstead.ground.model.verdict import Reason
from mailstead.net.clock import Clock
from mailstead.services.accounts.resolve import Resolution, Reverser, Target, look_up
from mailstead.services.checks.specimen import Content
from mailstead.services.delivery.deliver import Delivery
from mailstead.services.delivery.plan import Accepted, Manner, Treatment, Within
from mailstead.services.folders.incoming import take_again
from mailstead.services.policy.policies import Policies
from mailstead.store.port import Store, Tx
from mailstead.telemetry import Event, emit, incident

PAGE_MAX: Final = 500
NOT_JUNK: Final = Flags.of(keywords=("$NotJunk",))
LESSONS_MAX: Final = 100
"""Letters that wait to be learned; what comes beyond is not learned."""
_READ_AT_ONCE: Final = 256 * 1024


class Teacher(Protocol):
    """Hears of what is released: see `teaching`."""

    async def teach(self, kept: KeptLetter, content: Content) -> None: ...


class NoTeacher:
    """Where no filter learns."""

    async def teach(self, kept: KeptLetter, content: Content) -> None:
        """Nothing."""


class Quarantine:
    """One for a worker, or for a command without a server."""

    def __init__(
        self, store: Store, clock: Clock, delivery: Delivery, *, reverser: Reverser, teacher: Teacher | None = None
    ) -> None:
        self._store = store
        self._clock = clock
        self._delivery = delivery
        self._reverser = reverser
        self._teacher = teacher or NoTeacher()
        self._policies = Policies(store)
        self._lessons: set[asyncio.Task[None]] = set()

    async def page(
        self, wish: KeptFilter, scope: Scope = EVERYTHING, *, below: int | None = None, limit: int = 100
    ) -> list[KeptLetter]:
        """Latest first; go on by giving the number of the last one."""
        if not 0 < limit <= PAGE_MAX:
            raise Invalid(f"a page has 1 to {PAGE_MAX} rows")
        if scope.domains is not None:
            wished = scope.domains if wish.domains is None else scope.domains.intersection(wish.domains)
            wish = replace(wish, domains=tuple(sorted(wished)))
        return await self._store.read(lambda tx: tx.quarantine.list_kept(wish, below=below, limit=limit))

    async def show(self, number: int, scope: Scope = EVERYTHING) -> KeptLetter:
        """NotFound."""
        kept = await self._store.read(lambda tx: tx.quarantine.get_kept(number))
        if not scope.covers(kept.domain):
            raise NotFound(f"letter {number} is not kept here: it was released, deleted, or its time is over")
        return kept

    async def open(self, number: int, *, by: Actor, scope: Scope = EVERYTHING) -> AsyncIterator[bytes]:
        """The octets as they would be filed; NotFound. Who looks into a letter is told in the audit first."""
        kept, now = await self.show(number, scope), self._clock.now()
        deed = Deed(action="letter.viewed", subject=kept.recipient, domain=kept.domain, after={"id": str(kept.id)})

        async def unit(tx: Tx) -> None:
            await tx.audit.record(by, deed, now)

        await self._store.write(unit)
        return self._octets(kept)

    async def _octets(self, kept: KeptLetter) -> AsyncIterator[bytes]:
        reader = await self._store.blobs.open(kept.blob_id)
        yield kept.prefix
        for offset in range(0, reader.size, _READ_AT_ONCE):
            yield await reader.read(offset, _READ_AT_ONCE)

    async def release(self, number: int, *, by: Actor, scope: Scope = EVERYTHING, dry_run: bool = False) -> KeptLetter:
        """Deliver it after all, once: it goes out of here in the unit that files it. NotFound, Conflict, OverQuota."""
        kept = await self.show(number, scope)
        accepted = await self._find_ways(kept)
        if dry_run:
            return kept
        letter = await take_again(self._store.blobs, kept.blob_id)
        sender = Address.parse(kept.sender) if kept.sender else None
        envelope = Envelope(sender=sender, recipients=(accepted.recipient,), body=kept.body, smtputf8=kept.smtputf8)
        manner = Manner(
            each_is_told=True,
            prefix=self._mark(by) + kept.prefix,
            within=self._removing(kept, by, "quarantine.released"),
        )
        receipt = await self._delivery.deliver(letter, envelope, (accepted,), _client(kept), manner)
        _check(receipt.outcomes[0], kept)
        emit(
            Event.QUARANTINE_LETTER_RELEASED, message=kept.id, account=kept.account_id, recipient=kept.recipient,
            who=by.name,
        )  # fmt: skip
        await self._learn(kept)
        return kept

    async def delete(self, number: int, *, by: Actor, scope: Scope = EVERYTHING, dry_run: bool = False) -> KeptLetter:
        """For good; NotFound."""
        kept = await self.show(number, scope)
        if not dry_run:
            remove = self._removing(kept, by, "quarantine.deleted")

            async def unit(tx: Tx) -> None:
                await remove(tx)

            await self._store.write(unit)
            emit(
                Event.QUARANTINE_LETTER_DELETED, message=kept.id, account=kept.account_id, recipient=kept.recipient,
                who=by.name,
            )  # fmt: skip
        return kept

    async def _find_ways(self, kept: KeptLetter) -> Accepted:
        """The account that it was kept for, wherever the address leads by now; or those elsewhere."""
        recipient = Recipient(Address.parse(kept.recipient))
        facts = Treatment(facts={"released": kept.id}, marks=NOT_JUNK)
        if kept.account_id != NOBODY:
            account = await self._store.read(lambda tx: tx.directory.get_account(kept.account_id))
            return Accepted(recipient, (Target(account),), treatment=facts)
        found = await look_up(self._store, self._reverser, recipient.address)
        if not isinstance(found, Resolution) or not found.abroad:
            raise NotFound(f"{kept.recipient} leads nowhere else any more")
        return Accepted(recipient, (), abroad=found.abroad, treatment=facts)

    def _mark(self, by: Actor) -> bytes:
        who = "".join(char for char in by.name if char.isascii() and char.isprintable())[:100]
        return f"X-Mailstead-Released: {render_rfc3339(self._clock.now())} by {who}\r\n".encode()

    def _removing(self, kept: KeptLetter, by: Actor, action: str) -> Within:
        now = self._clock.now()
        facts = {"id": str(kept.id), "sender": kept.sender, "message_id": kept.message_id, "reason": kept.reason}
        deed = Deed(action=action, subject=kept.recipient, domain=kept.domain, before=facts)

        async def remove(tx: Tx) -> None:
            if not await tx.quarantine.drop_kept([kept.id], now):
                raise Conflict(f"letter {kept.id} was released or deleted meanwhile")
            await tx.audit.record(by, deed, now)

        return remove

    async def _learn(self, kept: KeptLetter) -> None:
        """Behind the back of whoever released it: a lesson may take a minute, and its loss harms nobody."""
        policy = await self._policies.of(kept.domain)
        if not policy.spam.learning_enabled or kept.has_virus or len(self._lessons) >= LESSONS_MAX:
            return
        lesson = asyncio.create_task(self._teach(kept))
        self._lessons.add(lesson)
        lesson.add_done_callback(self._lessons.discard)

    async def _teach(self, kept: KeptLetter) -> None:
        try:
            await self._teacher.teach(kept, await self._store.blobs.open(kept.blob_id))
        except MailError:
            return  # the blob is gone by now
        except Exception as error:  # noqa: BLE001 - nobody waits for it
            incident(error, subsystem="quarantine")


def _client(kept: KeptLetter) -> Client:
    """Who brought it; by no protocol, this time."""
    return Client(ip=kept.client_ip, protocol="")


def _check(outcome: Outcome, kept: KeptLetter) -> None:
    match outcome:
        case Delivered():
            return
        case Deferred(Reason.MAILBOX_FULL):
            raise OverQuota(f"the mailbox of {kept.recipient} is full: the letter is still kept")
        case Deferred(Reason.NO_SPACE):
            raise NoSpace("the disk is full but for its reserve: the letter is still kept")
        case Deferred():
            raise Busy("the store is busy: the letter is still kept")
        case Failed(reason):
            raise NotFound(f"{kept.recipient}: {reason.value}; the letter is still kept")
