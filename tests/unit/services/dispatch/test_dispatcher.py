"""From the spool to an answer, with a carrier that says what a test wants."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from mailstead.ground.model.attempt import Ending, Health
from mailstead.ground.model.errors import Busy
from mailstead.ground.model.route import Speech
from mailstead.ground.model.spool import LOCAL
from mailstead.services.spool.outbox import Bundle
from tests.support.dispatching import Scene, later, open_scene
from tests.support.mailbox import NOW, make_mailbox
from tests.support.spooled import letter, recipient, spool


@pytest.fixture
async def scene(tmp_path: Path) -> AsyncIterator[Scene]:
    async with open_scene(tmp_path) as made:
        yield made


def refuse(_: Any) -> tuple[Ending, str]:
    return Ending.FAILED, "550 5.1.1 no such user"


def busy(_: Any) -> tuple[Ending, str]:
    return Ending.DEFERRED, "450 4.2.0 later"


async def test_what_is_taken_is_carried_at_once(scene: Scene) -> None:
    dispatcher = scene.dispatcher()
    lease = dispatcher.lease("far.test", NOW)
    assert lease is not None
    mine = recipient(1, 0, lease=lease[0], due_at=lease[1])
    others = recipient(1, 1, lease="you", due_at=lease[1])
    await spool(scene.store, letter(1), mine, others)
    dispatcher.take([Bundle(letter(1), (mine, others))])
    await scene.until(1, "delivered", "active")
    assert [one.number for one in scene.carrier.parcels[0].recipients] == [0]
    (chapter,) = await scene.store.read(lambda tx: tx.spool.list_story(1))
    (result,) = msgspec.json.decode(chapter.detail)["results"]
    assert result == {
        "to": "bob@far.test", "number": 0, "ending": "delivered", "status": "2.0.0", "said": "250 ok",
        "host": "mx.far.test",
    }  # fmt: skip
    await dispatcher.stop(1)


async def test_what_is_due_is_found(scene: Scene) -> None:
    for number in range(1, 4):
        await spool(scene.store, letter(number), recipient(number), recipient(number, 1, "b@near.test"))
    dispatcher = scene.dispatcher()
    dispatcher.start()
    for number in range(1, 4):
        await scene.until(number, "delivered", "delivered")
    assert len(scene.carrier.parcels) == 6
    await dispatcher.stop(1)


async def test_recipients_of_one_destination_go_together_up_to_a_number(scene: Scene) -> None:
    await spool(scene.store, letter(1), *(recipient(1, n, f"r{n}@far.test") for n in range(5)))
    dispatcher = scene.dispatcher(recipients=2)
    dispatcher.start()
    await scene.until(1, *["delivered"] * 5)
    assert sorted(len(parcel.recipients) for parcel in scene.carrier.parcels) == [1, 2, 2]
    await dispatcher.stop(1)


async def test_who_is_put_off_comes_back_by_the_schedule_until_the_end(scene: Scene) -> None:
    scene.carrier.answer = busy
    await spool(scene.store, letter(1, expires_at=later(4)), recipient(1))
    dispatcher = scene.dispatcher()
    dispatcher.start()
    for tries, due in ((1, 1), (2, 3)):
        await scene.until(1, "deferred")
        async with asyncio.timeout(5):
            while (one := (await scene.store.read(lambda tx: tx.spool.list_recipients(1)))[0]).attempts < tries:
                await asyncio.sleep(0.005)
        assert one.due_at == later(due)
        assert one.last is not None
        assert one.last.diagnostic == "450 4.2.0 later"
        scene.clock.advance((due * 60) - (scene.clock.now() - NOW) / 1000)
        dispatcher.wake()
    await scene.until(1, "failed")  # the next pause would end after the letter's life
    assert scene.notices.told == [(1, "bob@far.test", "failed")]
    await dispatcher.stop(1)


async def test_a_dead_destination_is_left_alone_and_others_go_on(scene: Scene) -> None:
    scene.carrier.answer, scene.carrier.health = busy, Health.DEAD
    for number in range(1, 6):
        await spool(scene.store, letter(number), recipient(number))
    dispatcher = scene.dispatcher(hands_each=1)
    dispatcher.start()
    await scene.carrier.arrived.acquire()
    async with asyncio.timeout(5):
        while not (lanes := await scene.store.read(lambda tx: tx.spool.list_lanes(only_paused=True))):
            await asyncio.sleep(0.005)
    assert (lanes[0].destination, lanes[0].failures, lanes[0].reason) == ("far.test", 1, "silent")
    scene.carrier.answer, scene.carrier.health = lambda _: (Ending.DELIVERED, "250 ok"), Health.GOOD
    await spool(scene.store, letter(9), recipient(9, 0, "b@near.test"))
    dispatcher.wake()
    await scene.until(9, "delivered")
    assert [parcel.id for parcel in scene.carrier.parcels] == [1, 9]
    assert dispatcher.lease("far.test", NOW) is not None  # `wake` lets us look again: the store still says no
    scene.clock.advance(70)
    dispatcher.wake()
    for number in range(1, 6):
        await scene.until(number, "delivered")
    assert await scene.store.read(lambda tx: tx.spool.list_lanes(only_paused=True)) == []
    await dispatcher.stop(1)


async def test_a_failure_is_told_and_kept(scene: Scene) -> None:
    scene.carrier.answer = refuse
    await spool(scene.store, letter(1), recipient(1))
    dispatcher = scene.dispatcher()
    dispatcher.start()
    await scene.until(1, "failed")
    assert scene.notices.told == [(1, "bob@far.test", "failed")]
    await dispatcher.stop(1)


async def test_whoever_lost_its_lease_changes_nothing(scene: Scene) -> None:
    scene.carrier.open.clear()
    await spool(scene.store, letter(1), recipient(1))
    dispatcher = scene.dispatcher()
    dispatcher.start()
    await scene.carrier.arrived.acquire()
    late = NOW + 10 * 60_000
    await scene.store.write(lambda tx: tx.spool.claim("far.test", "you", now=late, until=late + 1, limit=9))
    scene.carrier.answer = refuse
    scene.carrier.open.set()
    async with asyncio.timeout(5):
        while not await scene.store.read(lambda tx: tx.spool.list_story(1)):  # what happened is told all the same
            await asyncio.sleep(0.005)
    assert await scene.states(1) == ["active"]
    await dispatcher.stop(1)


async def test_stopping_gives_back_what_was_not_begun(scene: Scene) -> None:
    scene.carrier.open.clear()
    for number in range(1, 4):
        await spool(scene.store, letter(number), recipient(number))
    dispatcher = scene.dispatcher(hands=1)
    dispatcher.start()
    await scene.carrier.arrived.acquire()
    stopping = asyncio.create_task(dispatcher.stop(10))
    async with asyncio.timeout(5):
        while len(await scene.store.read(lambda tx: tx.spool.due_lanes(NOW))) < 1:
            await asyncio.sleep(0.005)
    scene.carrier.open.set()
    await stopping
    assert sorted([await scene.states(number) for number in range(1, 4)]) == [["active"], ["active"], ["delivered"]]
    assert dispatcher.lease("far.test", NOW) is None
    other = scene.dispatcher("you")
    other.start()
    for number in range(1, 4):
        await scene.until(number, "delivered")
    await other.stop(1)


async def test_a_full_disk_after_the_yes_does_not_send_twice(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    await spool(scene.store, letter(1), recipient(1))
    dispatcher = scene.dispatcher()
    write, fails = scene.store.write, [2]

    async def failing(unit: Any, **options: Any) -> Any:
        if type(unit).__name__ == "_Settling" and fails[0]:
            fails[0] -= 1
            raise Busy("full")
        return await write(unit, **options)

    monkeypatch.setattr(scene.store, "write", failing)
    dispatcher.start()
    await scene.until(1, "delivered")
    assert len(scene.carrier.parcels) == 1
    await dispatcher.stop(1)


async def test_the_gate_holds(scene: Scene) -> None:
    scene.gate.reason = "too many bounces"
    await spool(scene.store, letter(1), recipient(1))
    dispatcher = scene.dispatcher()
    dispatcher.start()
    await scene.until(1, "held")
    one = (await scene.store.read(lambda tx: tx.spool.list_recipients(1)))[0]
    assert (one.hold_reason, one.attempts) == ("too many bounces", 0)
    assert scene.carrier.parcels == []
    await dispatcher.stop(1)


async def test_the_way_of_a_recipient(scene: Scene) -> None:
    route = "lmtp://store.test:2400"
    await spool(scene.store, letter(1), recipient(1, 0, route=route, destination=route))
    await spool(scene.store, letter(2), recipient(2, 0, route="nonsense", destination="nonsense"))
    dispatcher = scene.dispatcher()
    dispatcher.start()
    await scene.until(1, "delivered")
    way = scene.carrier.parcels[0].route
    assert (way.protocol, way.host, way.port) == (Speech.LMTP, "store.test", 2400)
    await scene.until(2, "deferred")
    assert len(scene.carrier.parcels) == 1
    await dispatcher.stop(1)


async def test_a_letter_for_an_account_here_is_filed_once(scene: Scene) -> None:
    box = await make_mailbox(scene.store, "ann@home.test")
    here = recipient(1, 0, "ann@home.test", destination=LOCAL)
    gone = recipient(1, 1, "gone@home.test", destination=LOCAL)
    await spool(scene.store, letter(1), here, gone, body=b"Subject: late\r\n\r\nx\r\n")
    dispatcher = scene.dispatcher()
    dispatcher.start()
    await scene.until(1, "delivered", "failed")
    account = await box.account_row()
    assert account.used_messages == 1
    assert sorted(scene.notices.told) == [(1, "ann@home.test", "delivered"), (1, "gone@home.test", "failed")]
    await dispatcher.stop(1)


async def test_a_letter_whose_octets_are_gone_is_given_up(scene: Scene) -> None:
    await spool(scene.store, letter(1), recipient(1, 0, "ann@home.test", destination=LOCAL))
    await make_mailbox(scene.store, "ann@home.test")

    async def lose(tx: Any) -> None:
        await tx.session.run("UPDATE spool_letter SET blob_id = 99")

    await scene.store.write(lose)
    dispatcher = scene.dispatcher()
    dispatcher.start()
    await scene.until(1, "failed")
    await dispatcher.stop(1)


async def test_one_goes_ahead_where_nobody_was_reached(scene: Scene) -> None:
    for number in range(1, 6):
        await spool(scene.store, letter(number), recipient(number))
    await scene.store.write(lambda tx: tx.spool.pause("far.test", until=NOW, reason="dead", failures=2))
    scene.carrier.open.clear()
    dispatcher = scene.dispatcher()
    dispatcher.start()
    await scene.carrier.arrived.acquire()
    await spool(scene.store, letter(9), recipient(9, 0, "b@near.test"))
    dispatcher.wake()
    await scene.carrier.arrived.acquire()
    assert [parcel.id for parcel in scene.carrier.parcels] == [1, 9]  # nobody else of the first lane
    scene.carrier.open.set()
    for number in (1, 2, 3, 4, 5, 9):
        await scene.until(number, "delivered")
    await dispatcher.stop(1)


async def test_of_two_one_was_lost_and_the_other_is_told(scene: Scene) -> None:
    scene.carrier.answer = refuse
    scene.carrier.open.clear()
    await spool(scene.store, letter(1), recipient(1), recipient(1, 1, "b@far.test"))
    dispatcher = scene.dispatcher()
    dispatcher.start()
    await scene.carrier.arrived.acquire()
    late = NOW + 10 * 60_000
    await scene.store.write(lambda tx: tx.spool.claim("far.test", "you", now=late, until=late + 1, limit=1))
    scene.carrier.open.set()
    await scene.until(1, "active", "failed")
    assert scene.notices.told[-1] == (1, "b@far.test", "failed")
    assert len(await scene.store.read(lambda tx: tx.spool.list_story(1))) == 1
    await dispatcher.stop(1)


async def test_what_another_took_meanwhile_is_not_even_tried(scene: Scene) -> None:
    """They waited here for a hand past the leases that they came with; one of them was renewed."""
    await spool(scene.store, letter(1), recipient(1, lease="you", due_at=later(5)))
    await spool(scene.store, letter(2), recipient(2, lease="me", due_at=later(5)))
    dispatcher = scene.dispatcher()
    dispatcher.take([Bundle(letter(number), (recipient(number, lease="me", due_at=NOW),)) for number in (1, 2)])
    await scene.until(2, "delivered")
    assert [parcel.id for parcel in scene.carrier.parcels] == [2]
    await dispatcher.stop(1)


async def test_a_lease_lost_while_filing_here_takes_the_filing_back(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    box = await make_mailbox(scene.store, "ann@home.test")
    await spool(
        scene.store, letter(1), recipient(1, 0, "ann@home.test", destination=LOCAL), body=b"Subject: x\r\n\r\nx"
    )
    write = scene.store.write

    async def late(unit: Any, **options: Any) -> Any:
        if type(unit).__name__ == "Filing":
            after = NOW + 10 * 60_000
            await write(lambda tx: tx.spool.claim(LOCAL, "you", now=after, until=after + 1, limit=1))
        return await write(unit, **options)

    monkeypatch.setattr(scene.store, "write", late)
    dispatcher = scene.dispatcher()
    dispatcher.start()
    async with asyncio.timeout(5):
        while not await scene.store.read(lambda tx: tx.spool.list_story(1)):
            await asyncio.sleep(0.005)
    assert (await box.account_row()).used_messages == 0
    assert await scene.states(1) == ["active"]
    await dispatcher.stop(1)
