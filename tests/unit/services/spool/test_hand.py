"""What an operator does to the queue, on a real store."""

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from mailstead.ground.model.audit import Actor, Through
from mailstead.ground.model.errors import Conflict, Invalid, NotFound
from mailstead.ground.model.ids import Instant, SpoolId
from mailstead.ground.model.spool import LastWord, SpooledLetter, SpooledRecipient, State
from mailstead.net.ids import IdSource
from mailstead.services.dispatch.routes import parse_route
from mailstead.services.spool.filters import Filter, parse_id, parse_queue
from mailstead.services.spool.hand import Hand
from mailstead.services.spool.orders import Done, Move, Order
from mailstead.services.spool.terms import Terms
from tests.support.fake_clock import START_MS, FakeClock
from tests.support.spooled import DAY, letter, recipient, spool
from tests.support.stores import AnyStore, sqlite_engine

HOUR = 3_600_000
ANN = Actor("ann", Through.COMMAND)


@dataclass
class GivenUp:
    """Implements `Returning`: knows what it was given."""

    seen: list[tuple[int, tuple[int, ...], str, str]] = field(default_factory=list)
    is_busy: bool = False

    async def give_up(
        self, letter: SpooledLetter, recipients: tuple[SpooledRecipient, ...], *, by: Actor, reason: str
    ) -> bool:
        self.seen.append((letter.id, tuple(one.number for one in recipients), by.name, reason))
        return not self.is_busy


@dataclass
class Scene:
    store: AnyStore
    clock: FakeClock
    hand: Hand
    given_up: GivenUp
    wakes: list[int]

    async def put(self, number: int, *recipients: dict[str, Any], age: int = 0, **other: Any) -> None:
        """A letter of that age whose recipients are as said."""
        created = Instant(START_MS - age)
        values = {"created_at": created, "expires_at": Instant(created + 5 * DAY), "size": 1000} | other
        rows = [recipient(number, n, **({"due_at": created} | one)) for n, one in enumerate(recipients or ({},))]
        await spool(self.store, letter(number, **values), *rows, body=b"Subject: %d\r\n\r\nx\r\n" % number)

    async def do(self, move: Move, *, wish: dict[str, Any] | None = None, **other: Any) -> Done:
        return await self.hand.do(Order(move=move, wish=Filter(**(wish or {})), by=ANN, **other))

    async def states(self, number: int) -> list[State]:
        return [one.state for one in (await self.hand.show(SpoolId(number))).recipients]

    async def chapters(self, number: int) -> list[dict[str, Any]]:
        story = (await self.hand.show(SpoolId(number))).story
        assert {row.kind for row in story} <= {"hand"}
        return [json.loads(row.detail) for row in story]

    async def due(self) -> list[str]:
        lanes = await self.store.read(lambda tx: tx.spool.due_lanes(self.clock.now()))
        return [lane.destination for lane in lanes]


@pytest.fixture
async def scene(tmp_path: Path) -> AsyncIterator[Scene]:
    async with sqlite_engine(tmp_path) as engine:
        clock, given_up, wakes = FakeClock(), GivenUp(), list[int]()
        store = await engine.open()
        hand = Hand(
            store, clock, IdSource(clock, 1), Terms(), returning=given_up, check_route=parse_route,
            wake=lambda: wakes.append(1),
        )  # fmt: skip
        yield Scene(store, clock, hand, given_up, wakes)


def done(move: Move, letters: int, recipients: int, **other: Any) -> Done:
    return Done(move=move, letters=letters, recipients=recipients, size=1000 * letters, **other)


FAILED, HELD = {"state": State.FAILED}, {"state": State.HELD, "hold_reason": "look"}
LATER = {"state": State.DEFERRED, "due_at": Instant(START_MS + HOUR)}


async def test_what_waits_is_tried_now(scene: Scene) -> None:
    await scene.put(1, LATER, HELD, FAILED)
    await scene.put(2, LATER | {"to": "c@near.test"})
    await scene.store.write(
        lambda tx: tx.spool.pause("near.test", until=Instant(START_MS + HOUR), reason="nobody there", failures=3)
    )
    assert await scene.due() == []
    assert await scene.do(Move.PROCESS, dry_run=True) == done(Move.PROCESS, 2, 2)
    assert (await scene.due(), scene.wakes) == ([], [])
    assert await scene.do(Move.PROCESS) == done(Move.PROCESS, 2, 2)
    assert await scene.states(1) == [State.ACTIVE, State.HELD, State.FAILED]
    assert sorted(await scene.due()) == ["far.test", "near.test"]  # a paused one too
    assert scene.wakes == [1]
    assert [lane.failures for lane in await scene.hand.lanes(only_paused=False)] == [0, 3]
    assert await scene.chapters(1) == [{"what": "process", "by": "ann", "to": ["bob@far.test"], "count": 1}]


async def test_what_failed_is_tried_again_with_a_life_before_it(scene: Scene) -> None:
    await scene.put(1, FAILED, age=6 * DAY)
    await scene.put(2, FAILED)
    assert (await scene.do(Move.RETRY, wish={"queues": (State.FAILED,)})).recipients == 2
    for number, end in ((1, START_MS + 5 * DAY), (2, START_MS + 5 * DAY)):
        dossier = await scene.hand.show(SpoolId(number))
        assert (dossier.recipients[0].state, dossier.letter.expires_at) == (State.ACTIVE, end)
    assert await scene.store.read(lambda tx: tx.spool.overdue(Instant(START_MS + DAY))) == []


async def test_hold_and_release_undo_each_other(scene: Scene) -> None:
    await scene.put(1, {}, LATER)
    held = await scene.do(Move.HOLD, wish={"letter": SpoolId(1)}, reason="is it spam?")
    assert held == done(Move.HOLD, 1, 2, undo=("queue", "release", "1"))
    assert await scene.states(1) == [State.HELD, State.HELD]
    assert scene.wakes == []
    released = await scene.do(Move.RELEASE, wish={"reason": "is it spam?"})
    assert (released.recipients, released.undo) == (2, None)
    assert await scene.states(1) == [State.ACTIVE, State.ACTIVE]
    assert [(one["what"], one.get("reason")) for one in await scene.chapters(1)] == [
        ("hold", "is it spam?"), ("release", None),
    ]  # fmt: skip
    with pytest.raises(Invalid, match="say why"):
        await scene.do(Move.HOLD)


async def test_what_was_held_too_long_is_not_returned_when_it_is_released(scene: Scene) -> None:
    await scene.put(1, HELD, age=6 * DAY)
    await scene.do(Move.RELEASE, wish={"letter": SpoolId(1)})
    assert (await scene.hand.show(SpoolId(1))).letter.expires_at == START_MS + 5 * DAY


async def test_whoever_is_being_tried_is_left_alone(scene: Scene) -> None:
    await scene.put(1, {"lease": "w1", "due_at": Instant(START_MS + 60_000)}, {})
    await scene.put(2, {"lease": "dead", "due_at": Instant(START_MS - 1)})
    assert await scene.do(Move.DROP, expected=2) == done(Move.DROP, 2, 2, busy=1)
    assert await scene.states(1) == [State.ACTIVE, State.DROPPED]
    assert await scene.states(2) == [State.DROPPED]
    with pytest.raises(Conflict, match="being tried right now"):
        await scene.do(Move.DROP, wish={"letter": SpoolId(1)})


async def test_many_are_dropped_only_if_their_number_is_known(scene: Scene) -> None:
    for number in (1, 2, 3):
        await scene.put(number, {}, FAILED)
    with pytest.raises(Invalid, match="drops 3 letters"):
        await scene.do(Move.DROP)
    with pytest.raises(Conflict, match="2 letters were expected, and there are 3"):
        await scene.do(Move.DROP, expected=2)
    assert await scene.states(1) == [State.ACTIVE, State.FAILED]
    assert await scene.do(Move.DROP, wish={"letter": SpoolId(1)}) == done(Move.DROP, 1, 2)
    assert await scene.do(Move.DROP, expected=2) == done(Move.DROP, 2, 4)
    dossier = await scene.hand.show(SpoolId(3))
    assert (dossier.letter.blob_id, dossier.letter.settled_at) == (None, START_MS)
    with pytest.raises(NotFound, match="octets are gone"):
        await scene.hand.open(SpoolId(3), by=ANN)


async def test_more_than_a_step(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mailstead.services.spool.hand.STEP", 3)
    for number in range(1, 6):
        await scene.put(number, {}, {}, age=HOUR)
    assert await scene.do(Move.HOLD, reason="all") == done(
        Move.HOLD, 5, 10, undo=("queue", "release", "--reason", "all")
    )
    assert [one["count"] for number in range(1, 6) for one in await scene.chapters(number)] == [2, 1, 1, 2, 2, 1, 1]
    bounced = await scene.do(Move.BOUNCE, reason="enough")
    assert (bounced.recipients, bounced.busy) == (10, 0)
    assert scene.given_up.seen[:2] == [(1, (0, 1), "ann", "enough"), (2, (0,), "ann", "enough")]
    scene.given_up.is_busy = True
    assert (await scene.do(Move.BOUNCE)).busy == 10


async def test_a_route_by_hand(scene: Scene) -> None:
    await scene.put(1, {}, HELD)
    route = "smtp://ann:secret@relay.test:587?tls=secure"
    moved = await scene.do(Move.REROUTE, wish={"letter": SpoolId(1)}, route=route)
    assert moved.undo == ("queue", "reroute", "policy", "1")
    dossier = await scene.hand.show(SpoolId(1))
    assert [(one.state, one.route, one.hold_reason) for one in dossier.recipients] == [
        (State.ACTIVE, route, ""), (State.HELD, route, "look"),
    ]  # fmt: skip
    assert {one.destination for one in dossier.recipients} == {"smtp://ann@relay.test:587?tls=secure"}
    assert "secret" not in json.dumps(await scene.chapters(1))
    back = await scene.do(Move.REROUTE, wish={"letter": SpoolId(1)}, route="policy")
    assert back.undo is None  # a password is not shown
    assert [(one.route, one.destination) for one in (await scene.hand.show(SpoolId(1))).recipients] == [
        ("", "far.test"), ("", "far.test"),
    ]  # fmt: skip
    with pytest.raises(Invalid, match="no route"):
        await scene.do(Move.REROUTE, route="carrier pigeon")


async def test_filters(scene: Scene) -> None:
    await scene.put(1, {}, age=2 * HOUR)
    await scene.put(2, {"to": "Ann@Near.test"}, sender=None)
    await scene.put(3, HELD)

    async def found(**fields: Any) -> list[int]:
        return [entry.letter.id for entry in (await scene.hand.page(Filter(**fields))).entries]

    assert await found() == [1, 2, 3]
    assert await found(sender="ANN@home.test") == [1, 3]
    assert await found(sender="@HOME.test") == [1, 3]
    assert await found(sender="<>") == [2]
    assert await found(recipient="ann@near.test", destination="NEAR.test") == [2]
    assert await found(older_than=HOUR) == [1]
    assert await found(younger_than=HOUR) == [2, 3]
    assert await found(queues=parse_queue("hold")) == await found(reason="look") == [3]
    for broken in ({"sender": "nobody"}, {"destination": "a b"}):
        with pytest.raises(Invalid):
            await found(**broken)
    for word in ("held ", "everything"):
        with pytest.raises(Invalid, match="there is no queue"):
            parse_queue(word)
    for number in ("", "-1", "1e3", "²", "9" * 19):
        with pytest.raises(Invalid, match="no number"):
            parse_id(number)


async def test_moves_that_have_no_effect_say_what_would(scene: Scene) -> None:
    await scene.put(1, HELD)
    with pytest.raises(Invalid, match="wants `release`"):
        await scene.do(Move.RETRY, wish={"queues": (State.HELD,)})
    with pytest.raises(NotFound, match="no recipient of letter 1"):
        await scene.do(Move.RETRY, wish={"letter": SpoolId(1)})
    with pytest.raises(NotFound, match="no letter 9"):
        await scene.do(Move.RETRY, wish={"letter": SpoolId(9)})


async def test_pages_keep_letters_whole(scene: Scene) -> None:
    for number in (1, 2, 3):
        await scene.put(number, {}, HELD, {})
    first = await scene.hand.page(Filter(), limit=4)
    assert [(e.letter.id, e.state.value, len(e.recipients)) for e in first.entries] == [
        (1, "active", 2),
        (1, "held", 1),
    ]
    assert first.after == (1, 2)
    second = await scene.hand.page(Filter(), after=first.after, limit=6)
    assert ([e.letter.id for e in second.entries], second.after) == ([2, 2, 3, 3], None)
    cut = await scene.hand.page(Filter(), limit=2)
    assert cut.after == (1, 1)
    with pytest.raises(Invalid):
        await scene.hand.page(Filter(), limit=501)


async def test_counts(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    await scene.put(1, {}, HELD, {"to": "b@near.test"}, age=2 * HOUR)
    await scene.put(2, {}, age=60_000)
    await scene.put(3, FAILED, age=10 * DAY)
    stats = await scene.hand.stats()
    assert (stats.total.letters, stats.total.recipients, stats.total.size) == (3, 5, 3000)
    assert stats.total.oldest == START_MS - 10 * DAY
    assert {s.value: (t.letters, t.recipients, t.size) for s, t in stats.queues.items()} == {
        "active": (2, 3, 2000), "deferred": (0, 0, 0), "held": (1, 1, 1000), "failed": (1, 1, 1000),
    }  # fmt: skip
    rows = await scene.hand.shape()
    assert [(row.destination, row.counts) for row in rows] == [
        ("far.test", (1, 0, 0, 2, 0, 0, 1)), ("near.test", (0, 0, 0, 1, 0, 0, 0)),
    ]  # fmt: skip
    assert [row.destination for row in await scene.hand.shape(Filter(destination="near.test"))] == ["near.test"]


async def test_the_octets(scene: Scene) -> None:
    await scene.put(7)
    _, octets = await scene.hand.open(SpoolId(7), by=ANN)
    assert b"".join([piece async for piece in octets]) == b"Received: x\r\nSubject: 7\r\n\r\nx\r\n"
    (told,) = await scene.store.read(lambda tx: tx.audit.read_chain(0))
    assert (told.action, told.subject, told.actor) == ("letter.viewed", "7", ANN), "who looks is told"


async def test_the_last_words_stay(scene: Scene) -> None:
    last = LastWord("4.4.1", "no answer", "mx.far.test", Instant(START_MS))
    await scene.put(1, LATER | {"last": last, "attempts": 3})
    await scene.do(Move.PROCESS)
    (one,) = (await scene.hand.show(SpoolId(1))).recipients
    assert (one.last, one.attempts) == (last, 3)


async def test_every_move_is_in_the_audit_with_what_was_before(scene: Scene) -> None:
    await scene.put(1, {}, {})
    await scene.do(Move.HOLD, wish={"letter": SpoolId(1)}, reason="look")
    await scene.do(Move.RELEASE, wish={"letter": SpoolId(1)})
    await scene.do(Move.DROP, wish={"letter": SpoolId(1)})
    told = await scene.store.read(lambda tx: tx.audit.read_chain(0))
    assert [(entry.action, entry.subject, entry.actor) for entry in told] == [
        ("queue.hold", "1", ANN), ("queue.release", "1", ANN), ("queue.drop", "1", ANN),
    ]  # fmt: skip
    assert json.loads(told[0].after) == {"letters": ["1"], "recipients": 2, "reason": "look"}
    assert json.loads(told[1].before) == {"queues": ["held"]}
