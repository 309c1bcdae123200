"""Letters that wait to be judged: every five minutes, for two days, and then they are delivered in any case."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from mailstead.ground.model.policy import Action
from mailstead.ground.model.uidset import UidSet
from mailstead.services.folders.reading import Load, Reading
from mailstead.services.spool.terms import MINUTE
from tests.support.dispatching import Scene, open_scene
from tests.support.judging_again import BODY, CLIENT, Judges, hold
from tests.support.mailbox import make_mailbox

ADA, BOB = "ada@here.test", "bob@here.test"


@pytest.fixture
async def scene(tmp_path: Path) -> AsyncIterator[Scene]:
    async with open_scene(tmp_path) as made:
        made.judges = Judges()
        yield made


async def carry(scene: Scene, minutes: float, *states: str) -> None:
    """Let so much time pass, and wait for the states."""
    scene.clock.advance(minutes * 60)
    dispatcher = scene.dispatcher()
    dispatcher.start()
    await scene.until(1, *states)
    await dispatcher.stop(1)


async def filed(scene: Scene, account: int, name: str = "INBOX") -> list[Any]:
    folder = next(f for f in await scene.store.read(lambda tx: tx.folders.list_folders(account)) if f.name == name)
    rows = Reading(scene.store).rows(folder.id, UidSet(((1, 1000),)), Load.HEADER)
    return [row async for chunk in rows for row in chunk]


async def test_a_filter_that_comes_back(scene: Scene) -> None:
    box = await make_mailbox(scene.store, ADA)
    scene.judges.silent = 1
    await hold(scene.store, ADA)
    await carry(scene, 0, "deferred")
    (one,) = await scene.store.read(lambda tx: tx.spool.list_recipients(1))
    assert one.due_at == scene.clock.now() + 5 * MINUTE
    assert one.last is not None
    assert one.last.diagnostic == "waits to be judged: clamav gave no answer: gone (hold)"
    await carry(scene, 5, "delivered")
    assert scene.judges.asked == [(CLIENT, BODY, (ADA,))] * 2
    (row,) = await filed(scene, box.account)
    assert row.prefix == b"Return-Path: <ann@home.test>\r\nReceived: x\r\n"
    (trace,) = await scene.store.read(lambda tx: tx.duties.list_traces(box.account))
    assert json.loads(trace.story)["ip"] == CLIENT.ip


@pytest.mark.parametrize(("minutes", "states"), [(47 * 60, ("deferred",)), (48 * 60, ("delivered",))])
async def test_after_two_days_it_is_delivered_and_says_so(
    scene: Scene, minutes: float, states: tuple[str, ...]
) -> None:
    box = await make_mailbox(scene.store, ADA)
    scene.judges.silent = 1000
    await hold(scene.store, ADA)
    await carry(scene, minutes, *states)
    rows = await filed(scene, box.account)
    assert len(rows) == (states == ("delivered",))
    for row in rows:
        assert b"X-Mailstead-Reason: processing failed: clamav gave no answer" in row.prefix.replace(b"\r\n ", b" ")
        (trace,) = await scene.store.read(lambda tx: tx.duties.list_traces(box.account))
        assert json.loads(trace.story)["checks"]["processing"] == "failed"


async def test_each_recipient_for_itself(scene: Scene) -> None:
    """What would be refused is set aside now, and what is to be thrown away is."""
    ada, bob = await make_mailbox(scene.store, ADA), await make_mailbox(scene.store, BOB)
    scene.judges.actions = {ADA: Action.REJECT, BOB: Action.DISCARD}
    await hold(scene.store, ADA, BOB, "gone@here.test")
    await carry(scene, 0, "delivered", "dropped", "failed")
    assert len(await filed(scene, ada.account, "Junk")) + len(await filed(scene, ada.account)) == 1
    assert await filed(scene, bob.account) == []


async def test_where_nobody_judges_it_waits(scene: Scene) -> None:
    scene.judges = None
    await hold(scene.store, ADA)
    await carry(scene, 0, "deferred")
