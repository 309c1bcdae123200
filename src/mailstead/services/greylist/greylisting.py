"""Judges a recipient of a stranger's letter: come again, or come in. One look at the store, and no write before the
answer: see `notes`."""

from dataclasses import replace
from typing import Final, Protocol

from mailstead.ground.model.address import Address
from mailstead.ground.model.envelope import Client, Envelope
from mailstead.ground.model.greylist import (
    COME_AGAIN_WITHIN,
    DAY,
    VOUCHED,
    Friend,
    Known,
    Triplet,
    client_of,
    is_forgotten,
    is_trusted,
    life_of,
    sender_key,
    wait_of,
    words_for,
)
from mailstead.ground.model.ids import Instant
from mailstead.ground.model.policy import Greylist
from mailstead.ground.model.verdict import PASS, Defer, Reason, Verdict
from mailstead.net.clock import Clock
from mailstead.services.greylist.notes import Notes
from mailstead.store.port import ReadTx, Store
from mailstead.store.port.greylist import Seen
from mailstead.telemetry import Event, emit

RENEWED_AFTER: Final = DAY
"""Who comes often is written down no more than once in this time."""


class Voucher(Protocol):
    """Knows whether the sender's domain vouches for a client: see `services.checks`."""

    async def vouches(self, envelope: Envelope, client: Client) -> bool: ...


class Greylisting:
    """One for a worker. May raise Busy."""

    def __init__(self, store: Store, clock: Clock, voucher: Voucher | None = None) -> None:
        self._voucher = voucher
        self._store = store
        self._clock = clock
        self.notes = Notes(store)

    async def judge(
        self, envelope: Envelope, address: Address, client: Client, wish: Greylist, *, is_vouched: bool = True
    ) -> Verdict:
        """By what the recipient's domain wants; `is_vouched`: SPF may say who is the same stranger.

        The evidence of a deferral is empty when it says nothing new.
        """
        if not wish.enabled or not client.ip:
            return PASS
        now = self._clock.now()
        triplet, known, friend = await self._identify(envelope, address, client, is_vouched=is_vouched)
        if friend is not None and is_trusted(friend, wish, now):
            self._renew(triplet, friend.seen_at, wish, now)
            return PASS
        if known is None or is_forgotten(known, wish, now):
            return self._defer(triplet, envelope, client, known, wish, now)
        wait = wait_of(known, wish, now)
        if wait > 0:
            return _tell_wait(triplet, envelope, client, wait, evidence="")
        if known.passed_at is None:
            self._let_in(triplet, envelope, client, known, wish, now)
        else:
            self._renew(triplet, known.seen_at, wish, now)
        return PASS

    async def _identify(
        self, envelope: Envelope, address: Address, client: Client, *, is_vouched: bool
    ) -> tuple[Triplet, Known | None, Friend | None]:
        """By its network; the DNS is asked only about those whose network is new."""
        triplet = Triplet(address.domain, client_of(client.ip), sender_key(envelope.sender), address.key)
        known, friend = await self._look(triplet)
        voucher = self._voucher if is_vouched and known is None and friend is None else None
        if voucher is not None and await voucher.vouches(envelope, client):
            triplet = replace(triplet, client=VOUCHED)
            known, friend = await self._look(triplet)
        return triplet, known, friend

    async def _look(self, triplet: Triplet) -> tuple[Known | None, Friend | None]:
        async def unit(tx: ReadTx) -> tuple[Known | None, Friend | None]:
            friend = await tx.greylist.find_friend(triplet.domain, triplet.client, triplet.sender_domain)
            return await tx.greylist.find_triplet(triplet), friend

        known, friend = await self._store.read(unit)
        first_at = self.notes.first_at(triplet)
        if first_at is not None:
            known = Known(first_at, None, first_at)
        return known, friend

    def _defer(
        self, triplet: Triplet, envelope: Envelope, client: Client, known: Known | None, wish: Greylist, now: Instant
    ) -> Verdict:
        kept, forgotten = min(COME_AGAIN_WITHIN, life_of(wish)), Instant(-1) if known is None else known.seen_at
        self.notes.first(Seen(triplet, now, Instant(now + kept), forgotten))
        wait = wait_of(Known(now, None, now), wish, now)
        return _tell_wait(triplet, envelope, client, wait, evidence=f"first try from {triplet.client}")

    def _let_in(
        self, triplet: Triplet, envelope: Envelope, client: Client, known: Known, wish: Greylist, now: Instant
    ) -> None:
        self.notes.passed(Seen(triplet, now, Instant(now + life_of(wish))))
        emit(
            Event.GREYLIST_RECIPIENT_PASSED, session=int(client.session or 0), client_ip=client.ip,
            sender=str(envelope.sender or "<>"), recipient=triplet.recipient, elapsed=(now - known.first_at) / 1000,
        )  # fmt: skip

    def _renew(self, triplet: Triplet, seen_at: Instant, wish: Greylist, now: Instant) -> None:
        if now - seen_at >= RENEWED_AFTER:
            self.notes.seen(Seen(triplet, now, Instant(now + life_of(wish))))


def _tell_wait(triplet: Triplet, envelope: Envelope, client: Client, wait: int, *, evidence: str) -> Verdict:
    emit(
        Event.GREYLIST_RECIPIENT_DEFERRED, session=int(client.session or 0), client_ip=client.ip,
        sender=str(envelope.sender or "<>"), recipient=triplet.recipient, pause=wait / 1000,
    )  # fmt: skip
    return Defer(Reason.GREYLISTED, evidence, words_for(wait))
