"""Warnings, ends, and what is forgotten."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from mailstead.ground.model.ids import Instant
from mailstead.ground.model.spool import LastWord, State
from mailstead.services.dispatch.overdue import Overdue
from tests.support.dispatching import Scene, later, open_scene
from tests.support.mailbox import NOW
from tests.support.spooled import DAY, letter, recipient, settled, spool


@pytest.fixture
async def scene(tmp_path: Path) -> AsyncIterator[Scene]:
    async with open_scene(tmp_path) as made:
        yield made


def overdue(scene: Scene) -> Overdue:
    return Overdue(scene.store, scene.clock, scene.ids, scene.spooling, scene.notices)


async def kinds(scene: Scene, number: int) -> list[str]:
    return [row.kind for row in await scene.store.read(lambda tx: tx.spool.list_story(number))]


async def test_a_warning_comes_once(scene: Scene) -> None:
    last = LastWord("4.4.1", "no answer", "mx.far.test", NOW)
    await spool(scene.store, letter(1, warn_at=later(240)), recipient(1, last=last), recipient(1, 1, is_warned=True))
    await overdue(scene).run()
    assert scene.notices.told == []
    scene.clock.advance(4 * 3600)
    for _ in range(2):
        await overdue(scene).run()
    assert scene.notices.told == [(1, "bob@far.test", "deferred")]
    assert await scene.states(1) == ["active", "active"]


async def test_the_end_comes_to_whoever_still_waits(scene: Scene) -> None:
    one = letter(1, expires_at=later(60))
    await spool(
        scene.store, one, recipient(1), recipient(1, 1, state=State.HELD), recipient(1, 2, state=State.DEFERRED)
    )
    scene.clock.advance(3600)
    for _ in range(2):
        await overdue(scene).run()
    assert await scene.states(1) == ["failed", "held", "failed"]
    assert [told[2] for told in scene.notices.told] == ["failed", "failed"]
    assert await kinds(scene, 1) == ["expired"]


async def test_nobody_who_is_being_tried_is_given_up(scene: Scene) -> None:
    await spool(scene.store, letter(1, expires_at=later(60)), recipient(1, lease="you", due_at=later(61)))
    scene.clock.advance(3600)
    await overdue(scene).run()
    assert await scene.states(1) == ["active"]
    scene.clock.advance(60)
    await overdue(scene).run()
    assert await scene.states(1) == ["failed"]


async def test_more_letters_than_one_step(scene: Scene) -> None:
    for number in range(1, 121):
        await spool(scene.store, letter(number, expires_at=later(1)), recipient(number))
    scene.clock.advance(60)
    await overdue(scene).run()
    assert len(scene.notices.told) == 120


async def test_forgetting(scene: Scene) -> None:
    await spool(scene.store, letter(1), recipient(1, lease="me", due_at=later(1)))
    await scene.store.write(lambda tx: tx.spool.settle(1, [settled(0, State.FAILED)], "me", now=NOW))
    await overdue(scene).forget()
    assert await scene.states(1) == ["failed"]
    scene.clock.advance(8 * DAY / 1000)
    await overdue(scene).forget()
    assert await scene.states(1) == ["dropped"]
    scene.clock.advance(40 * DAY / 1000)
    await overdue(scene).forget()
    assert await scene.states(1) == []
    assert scene.clock.now() > Instant(NOW)


async def test_one_taken_up_meanwhile_leaves_the_others_for_the_next_turn(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The notice speaks of all: nobody is given up untold."""
    await spool(scene.store, letter(1, expires_at=later(60)), recipient(1), recipient(1, 1, "b@near.test"))
    scene.clock.advance(3600)
    write, now = scene.notices.write, scene.clock.now()

    async def slowly(one: Any, told: Any) -> Any:
        monkeypatch.undo()
        await scene.store.write(lambda tx: tx.spool.claim("near.test", "you", now=now, until=later(65), limit=1))
        return await write(one, told)

    monkeypatch.setattr(scene.notices, "write", slowly)
    await overdue(scene).run()
    assert await scene.states(1) == ["active", "active"]
    assert await kinds(scene, 1) == []
    await overdue(scene).run()
    assert await scene.states(1) == ["failed", "active"]


async def test_one_settled_meanwhile_gets_no_second_notice(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    await spool(scene.store, letter(1, expires_at=later(60)), recipient(1, lease="me", due_at=later(59)))
    scene.clock.advance(3600)
    write, now = scene.notices.write, scene.clock.now()

    async def slowly(one: Any, told: Any) -> Any:
        await scene.store.write(lambda tx: tx.spool.settle(1, [settled(0, State.FAILED)], "me", now=now))
        return await write(one, told)

    monkeypatch.setattr(scene.notices, "write", slowly)
    await overdue(scene).run()
    assert await scene.states(1) == ["failed"]
    assert await kinds(scene, 1) == []
