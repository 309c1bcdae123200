"""One unit for all recipients: here, elsewhere, and the copy of the sender. On a real store."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from mailstead.ground.model.address import Address
from mailstead.ground.model.envelope import Client, DsnRequest, Envelope, Recipient, Wishes
from mailstead.ground.model.errors import Busy
from mailstead.ground.model.folder import INBOX
from mailstead.ground.model.ids import Instant
from mailstead.ground.model.outcome import Deferred, Delivered, Failed
from mailstead.ground.model.spool import LOCAL, Origin, SpooledLetter, SpooledRecipient
from mailstead.ground.model.verdict import Reason
from mailstead.net.ids import IdSource
from mailstead.services.accounts.resolve import Abroad, Target
from mailstead.services.delivery.deliver import Delivery, Receipt
from mailstead.services.delivery.plan import Accepted, Manner
from mailstead.services.folders.incoming import take
from mailstead.services.spool.outbox import Bundle, NoOutbox
from mailstead.services.spool.spooling import Sending, Spooling
from mailstead.services.spool.terms import Terms
from mailstead.store.port.spool import Wanted
from tests.support.fake_clock import FakeClock
from tests.support.mailbox import Mailbox, make_mailbox
from tests.support.stores import AnyStore, sqlite_engine

ANN = Address("ann", "home.test")
BOB = Address("bob", "far.test")
LETTER = b"From: <eve@else.test>\r\nSubject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\r\nMessage-ID: <1@else.test>\r\n\r\nHello\r\n"
CLIENT = Client(ip="192.0.2.1", helo="else.test")
TOLD = Manner(each_is_told=False)


class Hand(NoOutbox):
    """Takes everything that it is asked for."""

    def __init__(self) -> None:
        self.taken: list[Bundle] = []

    def lease(self, destination: str, now: Instant) -> tuple[str, Instant] | None:
        return "me", Instant(now + 1000)

    def take(self, bundles: Any) -> None:
        self.taken += bundles


@dataclass
class Scene:
    store: AnyStore
    clock: FakeClock
    hand: Hand
    delivery: Delivery
    ann: Mailbox

    async def deliver(
        self, *accepted: Accepted, data: bytes = LETTER, manner: Manner = TOLD, wishes: Wishes | None = None
    ) -> Receipt:
        envelope = Envelope(sender=Address("eve", "else.test"), wishes=wishes or Wishes(), ret="HDRS", envid="e1")
        return await self.delivery.deliver(take(self.store.blobs, data), envelope, accepted, CLIENT, manner)

    async def target(self) -> Target:
        return Target(await self.ann.account_row())

    async def spooled(self) -> list[tuple[SpooledLetter, SpooledRecipient]]:
        return await self.store.read(lambda tx: tx.spool.list_waiting(Wanted()))

    async def count(self, name: str) -> int:
        folder = await self.store.read(lambda tx: tx.folders.find_folder(self.ann.account, name))
        assert folder is not None
        return folder.messages


@pytest.fixture
async def scene(tmp_path: Path) -> AsyncIterator[Scene]:
    async with sqlite_engine(tmp_path) as engine:
        store, clock, hand = await engine.open(), FakeClock(), Hand()
        delivery = Delivery(store, clock, IdSource(clock, 1), Spooling(Terms(), hand), hostname="mx.home.test")
        yield Scene(store, clock, hand, delivery, await make_mailbox(store, "ann@home.test"))


def abroad(address: Address = BOB, recipient: Address | None = None, **other: str) -> Accepted:
    return Accepted(Recipient(recipient or address), (), abroad=(Abroad(address, **other),))


async def test_here_and_elsewhere_in_one_unit(scene: Scene) -> None:
    receipt = await scene.deliver(Accepted(Recipient(ANN), (await scene.target(),)), abroad())
    assert receipt.outcomes == (Delivered(), Delivered())
    assert await scene.count(INBOX) == 1
    ((letter, recipient),) = await scene.spooled()
    assert (letter.id, letter.origin, letter.domain) == (receipt.id, Origin.RELAYED, "else.test")
    assert (letter.subject, letter.message_id, letter.ret, letter.envid) == ("Grüße", "1@else.test", "HDRS", "e1")
    assert letter.prefix.startswith(b"Received: from else.test")
    assert b"Return-Path" not in letter.prefix
    assert (recipient.address, recipient.destination, recipient.lease) == (BOB, "far.test", "me")
    (bundle,) = scene.hand.taken
    assert bundle.letter == letter


async def test_the_sender_keeps_a_copy_that_is_read(scene: Scene) -> None:
    name = Sending(origin=Origin.SUBMITTED, domain="home.test", account_id=scene.ann.account, login="ann@home.test")
    await scene.deliver(abroad(), manner=Manner(each_is_told=False, sending=name, keeps_copy=True))
    assert await scene.count("Sent") == 1
    folder = await scene.store.read(lambda tx: tx.folders.find_folder(scene.ann.account, "Sent"))
    assert folder is not None
    assert folder.unseen == 0
    ((letter, _),) = await scene.spooled()
    assert (letter.origin, letter.domain, letter.account_id, letter.login) == (
        Origin.SUBMITTED, "home.test", scene.ann.account, "ann@home.test",
    )  # fmt: skip


async def test_an_alias_marks_what_it_sends_on_and_tells_of_itself(scene: Scene) -> None:
    await scene.deliver(
        abroad(BOB, ANN, domain="home.test"), abroad(BOB, Address("club", "home.test"), domain="home.test")
    )
    letters = {one.prefix.partition(b"\r\n")[0]: mine for one, mine in await scene.spooled()}
    assert letters.keys() == {b"Delivered-To: ann@home.test", b"Delivered-To: club@home.test"}
    assert letters[b"Delivered-To: ann@home.test"].dsn.original == "rfc822;ann@home.test"


async def test_a_circle_comes_to_its_sender_by_the_way_of_what_cannot_be_filed(scene: Scene) -> None:
    been = b"Delivered-To: ann@home.test\r\n" + LETTER
    receipt = await scene.deliver(abroad(BOB, ANN, domain="home.test"), data=been)
    assert receipt.outcomes == (Delivered(),)
    ((letter, recipient),) = await scene.spooled()
    assert (letter.origin, recipient.address, recipient.destination) == (Origin.LOCAL, ANN, LOCAL)


async def test_a_domain_that_another_store_keeps(scene: Scene) -> None:
    await scene.deliver(abroad(BOB, via="lmtp://store.test:24", domain="far.test"))
    ((letter, recipient),) = await scene.spooled()
    assert (letter.origin, letter.domain) == (Origin.HANDED_OFF, "far.test")
    assert recipient.route == ""  # it follows its domain, whatever that wants when it is carried


@pytest.mark.parametrize("by_lmtp", [True, False])
async def test_who_asks_to_be_told_of_success_is_filed_out_of_the_spool(scene: Scene, by_lmtp: bool) -> None:
    """RFC 3461 §5.2.3: whoever takes a letter from a host that knows DSN owes the notice, by LMTP as well."""
    wanting = Recipient(ANN, DsnRequest(frozenset({"SUCCESS"})))
    receipt = await scene.deliver(Accepted(wanting, (await scene.target(),)), manner=Manner(each_is_told=by_lmtp))
    assert receipt.outcomes == (Delivered(),)
    assert await scene.count(INBOX) == 0
    ((_, recipient),) = await scene.spooled()
    assert (recipient.destination, recipient.dsn.notify) == (LOCAL, frozenset({"SUCCESS"}))


async def test_out_of_the_spool_it_is_filed(scene: Scene) -> None:
    wanting = Recipient(ANN, DsnRequest(frozenset({"SUCCESS"})))
    kept = Manner(each_is_told=True, prefix=b"Received: by us; then\r\n")
    receipt = await scene.deliver(Accepted(wanting, (await scene.target(),)), manner=kept)
    assert receipt.outcomes == (Delivered(),)
    assert await scene.count(INBOX) == 1
    assert await scene.spooled() == []


async def test_a_letter_to_be_held_back_is_nobodys_until_then(scene: Scene) -> None:
    later = Instant(scene.clock.now() + 60_000)
    await scene.deliver(abroad(), wishes=Wishes(release_at=later))
    ((_, recipient),) = await scene.spooled()
    assert (recipient.lease, recipient.due_at) == ("", later)


async def test_a_member_without_room_is_tried_later_by_its_own_address(scene: Scene) -> None:
    carl = await make_mailbox(scene.store, "carl@home.test")
    club = Recipient(Address("club", "home.test"))
    full = Target(await carl.account_row())
    receipt = await scene.deliver(Accepted(club, (await scene.target(),), (full,)))
    assert receipt.outcomes == (Delivered(),)
    ((letter, recipient),) = await scene.spooled()
    assert (letter.origin, str(recipient.address), recipient.destination) == (Origin.LOCAL, "carl@home.test", LOCAL)
    assert recipient.dsn.original == "rfc822;club@home.test"


async def test_nothing_is_there_if_the_store_cannot(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    async def busy(*_: Any, **__: Any) -> None:
        raise Busy("full")

    monkeypatch.setattr(scene.store, "write", busy)
    receipt = await scene.deliver(abroad())
    assert receipt.outcomes == (Deferred(Reason.BUSY),)
    assert scene.hand.taken == []


async def test_too_many_hops(scene: Scene) -> None:
    receipt = await scene.deliver(abroad(), data=b"Received: x\r\n" * 101 + LETTER)
    assert receipt.outcomes == (Failed(Reason.TOO_MANY_HOPS),)
    assert await scene.spooled() == []
