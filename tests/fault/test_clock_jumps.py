"""The wall clock is set while letters wait and leave: nothing is dropped in silence, sent twice, or left to wait."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from mailstead.ground.model.attempt import Ending, Health
from mailstead.ground.model.envelope import Wishes
from mailstead.ground.model.ids import Instant
from mailstead.ground.model.spool import State
from mailstead.services.dispatch.caution import REST
from mailstead.services.dispatch.dispatcher import LEASE_MS
from mailstead.services.dispatch.overdue import Overdue
from mailstead.services.dispatch.set_back import SetBack
from tests.support.dispatching import Scene, later, open_scene
from tests.support.mailbox import NOW
from tests.support.spooled import letter, recipient, spool

HOUR = 3600
DAY = 24 * HOUR


@pytest.fixture
async def scene(tmp_path: Path) -> AsyncIterator[Scene]:
    async with open_scene(tmp_path) as made:
        yield made


def overdue(scene: Scene) -> Overdue:
    return Overdue(scene.store, scene.clock, scene.ids, scene.spooling, scene.notices)


async def looked(dispatcher: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait until it has looked once from its beginning."""
    done, look = asyncio.Event(), dispatcher._look
    calls = 0

    async def counted() -> bool:
        nonlocal calls
        calls += 1
        again: bool = await look()
        if calls == 2:  # the first may have begun before
            done.set()
        return again

    monkeypatch.setattr(dispatcher, "_look", counted)
    while not done.is_set():
        dispatcher.wake()
        await asyncio.sleep(0)


async def test_six_days_forward_end_a_letter_and_its_sender_is_told(scene: Scene) -> None:
    await spool(scene.store, letter(1), recipient(1, state=State.DEFERRED, due_at=later(60)))
    duty = overdue(scene)
    scene.clock.set(6 * DAY)
    await duty.run()  # too early to say who is being tried
    assert await scene.states(1) == ["deferred"]
    scene.clock.advance(REST)
    await duty.run()
    assert await scene.states(1) == ["failed"]
    assert scene.notices.told == [(1, "bob@far.test", "failed")]


async def test_six_days_forward_take_no_letter_from_whoever_sends_it(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another would send it too, and the end of its life would be told though it arrives."""
    scene.carrier.open.clear()
    await spool(scene.store, letter(1), recipient(1))
    duty, sender, other = overdue(scene), scene.dispatcher(), scene.dispatcher("other")
    sender.start()
    await scene.carrier.arrived.acquire()
    other.start()
    await looked(other, monkeypatch)
    scene.clock.set(6 * DAY)
    await looked(other, monkeypatch)
    await duty.run()
    await looked(sender, monkeypatch)  # renews
    scene.clock.advance(REST)
    await duty.run()
    await looked(other, monkeypatch)
    scene.carrier.open.set()
    await scene.until(1, "delivered")
    assert len(scene.carrier.parcels) == 1
    assert scene.notices.told == [(1, "bob@far.test", "delivered")]
    await sender.stop(1)
    await other.stop(1)


async def test_a_machine_that_slept_does_not_send_again_what_it_holds(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody renewed, and it claims what is its own: it knows what it carries."""
    scene.carrier.open.clear()
    await spool(scene.store, letter(1), recipient(1))
    sender = scene.dispatcher()
    sender.start()
    await scene.carrier.arrived.acquire()
    scene.clock.advance(2 * LEASE_MS / 1000)  # both clocks: it is no jump
    await looked(sender, monkeypatch)
    scene.carrier.open.set()
    await scene.until(1, "delivered")
    assert len(scene.carrier.parcels) == 1
    await sender.stop(1)


@pytest.mark.parametrize("back", [HOUR, 3650 * DAY], ids=["an hour", "ten years"])
async def test_back_in_time_nothing_waits_longer_than_it_ever_would(scene: Scene, back: int) -> None:
    release = later(3 * 24 * 60)
    await spool(scene.store, letter(1), recipient(1, lease="dead", due_at=Instant(NOW + LEASE_MS)))
    await spool(scene.store, letter(2), recipient(2, state=State.DEFERRED, due_at=later(2)))
    await spool(scene.store, letter(3), recipient(3))  # came just before
    await spool(scene.store, letter(4, wishes=Wishes(release_at=release)), recipient(4, due_at=release))
    await spool(scene.store, letter(5), recipient(5, 0, "x@silent.test"))
    await scene.store.write(
        lambda tx: tx.spool.pause("silent.test", until=Instant(later(25)), reason="silent", failures=9)
    )
    duty = SetBack(scene.store, scene.clock, scene.spooling.terms, LEASE_MS)
    await duty.run()
    await scene.until(1, "active")
    scene.clock.set(-back)
    await duty.run()
    dispatcher = scene.dispatcher()
    dispatcher.start()
    scene.clock.advance(40 * 60)
    dispatcher.wake()
    for number in (1, 2, 3, 5):
        await scene.until(number, "delivered")
    assert await scene.states(4) == ["active"]  # a wish is a moment of the wall clock
    await dispatcher.stop(1)


async def test_what_is_right_stays_as_it_is(scene: Scene) -> None:
    await spool(scene.store, letter(1), recipient(1, lease="you", due_at=Instant(NOW + LEASE_MS)))
    await spool(scene.store, letter(2), recipient(2, state=State.DEFERRED, due_at=later(2)))
    duty = SetBack(scene.store, scene.clock, scene.spooling.terms, LEASE_MS)
    for _ in range(2):
        await duty.run()
    for number, due in ((1, NOW + LEASE_MS), (2, later(2))):
        (one,) = await scene.store.read(lambda tx, number=number: tx.spool.list_recipients(number))
        assert one.due_at == due


async def test_more_than_one_step_of_one_lane(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mailstead.services.dispatch.set_back.AT_ONCE", 3)
    far = Instant(NOW + 1000 * DAY * 1000)
    for number in range(1, 9):
        await spool(scene.store, letter(number), recipient(number, state=State.DEFERRED, due_at=far))
    await spool(scene.store, letter(9), recipient(9, 0, "x@near.test", state=State.DEFERRED, due_at=far))
    await SetBack(scene.store, scene.clock, scene.spooling.terms, LEASE_MS).run()
    lanes = await scene.store.read(lambda tx: tx.spool.list_lanes())
    assert {lane.destination: lane.due_at for lane in lanes} == {"far.test": later(3), "near.test": later(3)}


async def test_a_lane_that_was_dead_is_tried_by_one(scene: Scene) -> None:
    """However many wait: the others need not wait for the same silence."""
    scene.carrier.answer, scene.carrier.health = lambda _: (Ending.DEFERRED, "450 4.2.0 later"), Health.DEAD
    for number in range(1, 31):
        await spool(scene.store, letter(number), recipient(number))
    await scene.store.write(lambda tx: tx.spool.pause("far.test", until=NOW, reason="silent", failures=4))
    scene.carrier.open.clear()
    dispatcher = scene.dispatcher()
    dispatcher.start()
    await scene.carrier.arrived.acquire()
    scene.carrier.open.set()
    await scene.until(1, "deferred")
    async with asyncio.timeout(10):
        while not (lanes := await scene.store.read(lambda tx: tx.spool.list_lanes(only_paused=True))):
            await asyncio.sleep(0.005)
        while lanes[0].failures != 5:
            await asyncio.sleep(0.005)
            lanes = await scene.store.read(lambda tx: tx.spool.list_lanes(only_paused=True))
    assert len(scene.carrier.parcels) == 1
    await dispatcher.stop(1)


async def test_leases_are_renewed_while_a_worker_ends(scene: Scene) -> None:
    """What it still sends is nobody else's."""
    scene.carrier.open.clear()
    await spool(scene.store, letter(1), recipient(1))
    dispatcher = scene.dispatcher(lease=50)
    dispatcher.start()
    await scene.carrier.arrived.acquire()
    (first,) = await scene.store.read(lambda tx: tx.spool.list_recipients(1))
    stopping = asyncio.create_task(dispatcher.stop(10))
    async with asyncio.timeout(5):
        while True:
            scene.clock.advance(0.001)
            (one,) = await scene.store.read(lambda tx: tx.spool.list_recipients(1))
            if one.due_at > first.due_at + 20:
                break
            await asyncio.sleep(0.005)
    scene.carrier.open.set()
    await stopping
    assert await scene.states(1) == ["delivered"]
