"""Dispatch dies before or after its n-th write, for every n: another worker ends what it began.

Everything happens once; only what the other side took, and the dead worker had not written down, happens twice.
"""

import asyncio
from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import apsw
import pytest

from mailstead.ground.model.attempt import Attempt, Ending, Result
from mailstead.ground.model.errors import NoSpace
from mailstead.ground.model.spool import LOCAL
from mailstead.services.dispatch.noticing import Noticing
from mailstead.services.notices.notices import Notices
from mailstead.services.outbound.parcel import Parcel
from mailstead.store.sql.check import Finding, check
from tests.support.dispatching import Scene, open_scene
from tests.support.mailbox import NOW, Mailbox, make_mailbox
from tests.support.spooled import letter, recipient, spool

AUTHOR = "ann@home.test"


class Death(BaseException):
    """Nothing of ours catches it."""


class Mortal:
    """A store that dies with its `last`-th write: before it, or after it became durable and before anyone heard."""

    def __init__(self, store: Any, last: int, *, after: bool) -> None:
        self._store = store
        self._left = last
        self._after = after
        self.died = asyncio.Event()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    async def write(self, unit: Any, **options: Any) -> Any:
        self._live()
        self._left -= 1
        if self._left:
            return await self._store.write(unit, **options)
        if self._after:
            await self._store.write(unit, **options)
        self.died.set()
        raise Death

    async def read(self, unit: Any) -> Any:
        self._live()
        return await self._store.read(unit)

    def _live(self) -> None:
        if self.died.is_set():
            raise Death


@dataclass
class World:
    """The other side: knows everybody but `gone`, and puts `later` off once."""

    taken: Counter[tuple[int, str]] = field(default_factory=Counter)
    notices: int = 0
    asked: Counter[str] = field(default_factory=Counter)

    async def attempt(self, parcel: Parcel) -> Attempt:
        await asyncio.sleep(0)
        results = []
        for one in parcel.recipients:
            local = one.address.local
            self.asked[local] += 1
            if local == "gone":
                ending, said = Ending.FAILED, "550 5.1.1 no such user"
            elif local == "later" and self.asked[local] == 1:
                ending, said = Ending.DEFERRED, "450 4.2.0 later"
            else:
                ending, said = Ending.DELIVERED, "250 2.0.0 taken"
                self.taken[parcel.id, str(one.address)] += 1
            results.append(Result(one.number, ending, said[4:9], said, "mx.far.test"))
        return Attempt(began_at=NOW, ended_at=NOW, results=tuple(results))


async def furnish(scene: Scene) -> Mailbox:
    """One letter for the world, for somebody who is not there, and for somebody here."""
    box = await make_mailbox(scene.store, "ada@here.test")
    to = ("a@far.test", "gone@far.test", "later@far.test", "b@near.test")
    others = [recipient(1, number, address) for number, address in enumerate(to)]
    here = recipient(1, 4, "ada@here.test", destination=LOCAL)
    await spool(scene.store, letter(1), *others, here, body=b"Message-ID: <1@home.test>\r\n\r\nx\r\n")
    return box


async def rows(scene: Scene, sql: str) -> list[Any]:
    return await scene.store.write(lambda tx: tx.session.rows(sql))


async def finish(scene: Scene) -> None:
    """Another worker comes, and time goes on, until nobody waits."""
    dispatcher = scene.dispatcher("heir")
    dispatcher.start()
    async with asyncio.timeout(20):
        while await rows(scene, "SELECT 1 FROM spool_recipient WHERE state IN ('active', 'deferred') LIMIT 1"):
            scene.clock.advance(10)
            dispatcher.wake()
            await asyncio.sleep(0.002)
    await dispatcher.stop(1)


async def die(scene: Scene, store: Mortal) -> bool:
    """False if there were fewer writes than that."""
    before = asyncio.all_tasks()
    asyncio.get_running_loop().set_exception_handler(lambda *_: None)  # of deaths nobody need speak
    victim = replace(scene, store=store)  # type: ignore[arg-type]
    dispatcher = victim.dispatcher("victim")
    dispatcher.start()
    quiet = 0
    async with asyncio.timeout(20):
        while not store.died.is_set() and quiet < 20:
            waits = await rows(scene, "SELECT 1 FROM spool_recipient WHERE state IN ('active', 'deferred') LIMIT 1")
            quiet = 0 if waits else quiet + 1
            scene.clock.advance(2)
            dispatcher.wake()
            await asyncio.sleep(0.002)
    gone = asyncio.all_tasks() - before
    for task in gone:
        task.cancel()
    await asyncio.gather(*gone, return_exceptions=True)
    return store.died.is_set()


@pytest.mark.parametrize("after", [False, True], ids=["before the write", "after it"])
async def test_after_every_write_another_ends_what_was_begun(tmp_path: Path, after: bool) -> None:
    doubled = 0
    for last in range(1, 100):
        folder = tmp_path / str(last)
        folder.mkdir()
        async with open_scene(folder) as scene:
            world = World()
            notices = Notices(
                scene.store.blobs, scene.clock, scene.ids, hostname="mx.here.test", life=timedelta(days=2)
            )
            scene.carrier, scene.notices = world, Noticing(scene.store, scene.clock, notices)  # type: ignore[assignment]
            box = await furnish(scene)
            has_died = await die(scene, Mortal(scene.store, last, after=after))
            settled = set(await rows(scene, "SELECT letter_id, address FROM spool_recipient WHERE state = 'delivered'"))
            in_doubt = {key for key in world.taken if key not in settled}
            await finish(scene)
            assert all(count == 1 + (key in in_doubt) for key, count in world.taken.items()), (last, world.taken)
            doubled += len(in_doubt)
            states = await rows(scene, "SELECT address, state FROM spool_recipient ORDER BY letter_id, number")
            assert [state for _, state in states] == ["delivered", "failed", *["delivered"] * 4]
            assert states[-1][0] == AUTHOR  # one notice
            assert sum(address == AUTHOR for _, address in world.taken) == 1
            assert (await box.account_row()).used_messages == 1
            assert [one async for one in check(scene.store) if isinstance(one, Finding)] == []
        if not has_died:
            break
    assert not has_died
    assert last > 8
    assert doubled  # some did die between the yes and the commit


@pytest.mark.parametrize("error", [NoSpace("full"), apsw.IOError("disk"), apsw.ReadOnlyError("disk")])
async def test_outcomes_wait_for_the_disk_and_not_for_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    """However long it is full: nothing is sent again once there is room, though no lease could be renewed."""
    monkeypatch.setattr("mailstead.services.dispatch.settling.PAUSE", 0.001)
    async with open_scene(tmp_path) as scene:
        world = World()
        scene.carrier = world  # type: ignore[assignment]
        write, answer, is_full, tried = scene.store.write, world.attempt, [False], asyncio.Semaphore(0)

        async def failing(unit: Any, **options: Any) -> Any:
            if is_full[0]:
                tried.release()
                raise error
            return await write(unit, **options)

        async def attempt(parcel: Parcel) -> Attempt:
            is_full[0] = True  # while it was away
            return await answer(parcel)

        await spool(scene.store, letter(1), recipient(1), recipient(1, 1, "b@far.test"))
        monkeypatch.setattr(scene.store, "write", failing)
        dispatcher = scene.dispatcher()
        monkeypatch.setattr(world, "attempt", attempt)
        dispatcher.start()
        for _ in range(20):
            await tried.acquire()
        scene.clock.advance(3600)  # the lease is long over
        dispatcher.wake()
        for _ in range(20):
            await tried.acquire()
        is_full[0] = False
        dispatcher.wake()
        await scene.until(1, "delivered", "delivered")
        assert world.taken == {(1, "bob@far.test"): 1, (1, "b@far.test"): 1}
        await dispatcher.stop(1)


async def test_a_notice_that_cannot_be_written_holds_whoever_failed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The letter has left or was refused: neither is tried again because of a fault in our words about it."""
    monkeypatch.setattr("mailstead.services.dispatch.settling.PAUSE", 0.001)
    async with open_scene(tmp_path) as scene:
        world = World()
        scene.carrier = world  # type: ignore[assignment]

        async def broken(*_: Any) -> Any:
            raise ZeroDivisionError

        monkeypatch.setattr(scene.notices, "write", broken)
        await spool(scene.store, letter(1), recipient(1), recipient(1, 1, "gone@far.test"))
        dispatcher = scene.dispatcher()
        dispatcher.start()
        await scene.until(1, "delivered", "held")
        found = await scene.store.read(lambda tx: tx.spool.list_recipients(1))
        assert found[1].hold_reason.startswith("550 5.1.1 no such user; its sender is not told yet")
        assert world.asked == {"bob": 1, "gone": 1}
        await dispatcher.stop(1)


async def test_a_fault_in_an_attempt_waits_for_the_schedule(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with open_scene(tmp_path) as scene:

        async def broken(_: Parcel) -> Attempt:
            raise ZeroDivisionError

        monkeypatch.setattr(scene.carrier, "attempt", broken)
        await spool(scene.store, letter(1), recipient(1))
        dispatcher = scene.dispatcher()
        dispatcher.start()
        await scene.until(1, "deferred")
        (one,) = await scene.store.read(lambda tx: tx.spool.list_recipients(1))
        assert one.attempts == 1
        assert one.last is not None
        assert "incident" in one.last.diagnostic
        await dispatcher.stop(1)


async def test_being_stopped_does_not_take_back_what_has_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with open_scene(tmp_path) as scene:
        await spool(scene.store, letter(1), recipient(1))
        write, begun, go = scene.store.write, asyncio.Event(), asyncio.Event()

        async def slow(unit: Any, **options: Any) -> Any:
            if type(unit).__name__ == "_Settling":
                begun.set()
                await go.wait()
            return await write(unit, **options)

        monkeypatch.setattr(scene.store, "write", slow)
        dispatcher = scene.dispatcher()
        dispatcher.start()
        await begun.wait()
        stopping = asyncio.create_task(dispatcher.stop(0))
        await asyncio.sleep(0)
        go.set()
        await stopping
        assert await scene.states(1) == ["delivered"]
