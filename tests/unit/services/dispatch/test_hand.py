"""Letters given up by hand: the failure and its notice are one unit."""

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from mailstead.ground.model.address import Address
from mailstead.ground.model.attempt import Ending
from mailstead.ground.model.audit import Actor, Through
from mailstead.ground.model.envelope import Envelope, Recipient
from mailstead.ground.model.ids import Instant, SpoolId
from mailstead.ground.model.spool import LastWord, Origin, SpooledLetter, State
from mailstead.net.ids import IdSource
from mailstead.services.dispatch.hand import Returns
from mailstead.services.dispatch.ports import Notice, Told
from mailstead.services.dispatch.routes import parse_route
from mailstead.services.folders.incoming import take
from mailstead.services.spool.filters import Filter
from mailstead.services.spool.hand import Hand
from mailstead.services.spool.orders import Done, Move, Order
from mailstead.services.spool.outbox import NoOutbox
from mailstead.services.spool.spooling import Onward, Sending, Spooling
from mailstead.services.spool.terms import Terms
from tests.support.fake_clock import START_MS, FakeClock
from tests.support.spooled import letter, recipient, spool
from tests.support.stores import AnyStore, sqlite_engine

ANN = Actor("ann", Through.COMMAND)


@dataclass
class Writer:
    """Implements `Notices`: one letter to the sender, whatever is told."""

    store: AnyStore
    spooling: Spooling
    told: list[Told] = field(default_factory=list)
    spoken: list[SpoolId] = field(default_factory=list)  # notices that are one of the events

    async def write(self, about: SpooledLetter, told: tuple[Told, ...]) -> tuple[Notice, ...]:
        self.told += told
        if about.sender is None:
            return ()
        content = take(self.store.blobs, b"Subject: returned\r\n\r\nsorry\r\n")
        envelope = Envelope(sender=None)
        onward = [Onward(Recipient(about.sender))]
        bundle = self.spooling.prepare(
            SpoolId(999), content, envelope, onward, Sending(origin=Origin.NOTICE), prefix=b"", now=Instant(START_MS)
        )
        return (Notice(content, bundle, lambda: self.spoken.append(about.id)),)


@dataclass
class Scene:
    store: AnyStore
    hand: Hand
    writer: Writer

    async def bounce(self) -> Done:
        return await self.hand.do(Order(move=Move.BOUNCE, wish=Filter(letter=SpoolId(1)), by=ANN, reason="enough"))


@pytest.fixture
async def scene(tmp_path: Path) -> AsyncIterator[Scene]:
    async with sqlite_engine(tmp_path) as engine:
        store, clock = await engine.open(), FakeClock()
        ids, spooling = IdSource(clock, 1), Spooling(Terms(), NoOutbox())
        writer = Writer(store, spooling)
        returns = Returns(store, clock, ids, spooling, writer)
        hand = Hand(store, clock, ids, Terms(), returning=returns, check_route=parse_route)
        yield Scene(store, hand, writer)


async def test_the_sender_is_told(scene: Scene) -> None:
    last = LastWord("4.4.1", "no answer", "mx.far.test")
    await spool(
        scene.store, letter(1), recipient(1, 0, state=State.DEFERRED, last=last), recipient(1, 1, state=State.HELD),
        recipient(1, 2, state=State.FAILED),
    )  # fmt: skip
    done = await scene.bounce()
    assert (done.letters, done.recipients, done.busy) == (1, 2, 0)
    dossier = await scene.hand.show(SpoolId(1))
    assert [one.state for one in dossier.recipients] == [State.FAILED] * 3
    assert [(one.recipient.number, one.result.ending, one.result.status) for one in scene.writer.told] == [
        (0, Ending.FAILED, "5.0.0"), (1, Ending.FAILED, "5.0.0"),
    ]  # fmt: skip
    assert scene.writer.told[0].result.diagnostic == (
        "given up by the postmaster: enough; the last answer was: no answer"
    )
    (chapter,) = dossier.story
    assert json.loads(chapter.detail) == {
        "what": "bounce", "by": "ann", "reason": "enough", "notices": "1", "to": ["bob@far.test"] * 2, "count": 2,
    }  # fmt: skip
    notice = await scene.hand.show(SpoolId(999))
    assert [one.address for one in notice.recipients] == [Address("ann", "home.test")]
    assert notice.letter.origin is Origin.NOTICE
    assert scene.writer.spoken == [SpoolId(1)]


async def test_nobody_is_told_of_what_did_not_happen(scene: Scene) -> None:
    await spool(scene.store, letter(1), recipient(1, 0), recipient(1, 1))
    whole = (await scene.hand.show(SpoolId(1))).recipients

    async def unit(tx: object) -> object:
        return await tx.spool.claim(  # type: ignore[attr-defined]
            "far.test", "worker", now=Instant(START_MS), until=Instant(START_MS + 60_000), limit=1
        )

    await scene.store.write(unit)  # a worker takes one between our look and our unit
    returns = scene.hand._returning
    assert returns is not None
    assert await returns.give_up(letter(1), whole, by=ANN, reason="") is False
    dossier = await scene.hand.show(SpoolId(1))
    assert ([one.state for one in dossier.recipients], dossier.story) == ([State.ACTIVE] * 2, ())
    assert scene.writer.spoken == []
    page = await scene.hand.page(Filter())
    assert [entry.letter.id for entry in page.entries] == [1]
    done = await scene.bounce()
    assert (done.recipients, done.busy) == (1, 1)
