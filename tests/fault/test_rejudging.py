"""A worker dies before or after any of its writes while letters wait to be judged: nothing is lost, nothing filed
twice."""

from pathlib import Path

import pytest

from mailstead.ground.model.policy import Action
from mailstead.store.sql.check import Finding, check
from tests.fault.test_dispatch_crash import Mortal, die, finish, rows
from tests.support.dispatching import open_scene
from tests.support.judging_again import Judges, hold
from tests.support.mailbox import make_mailbox

ADDRESSES = ("ada@here.test", "bob@here.test", "carl@here.test")


@pytest.mark.parametrize("after", [False, True], ids=["before the write", "after it"])
async def test_after_every_write_another_goes_on(tmp_path: Path, after: bool) -> None:
    for last in range(1, 60):
        folder = tmp_path / str(last)
        folder.mkdir()
        async with open_scene(folder, judge_every=4000) as scene:
            scene.judges = Judges(silent=1, actions={"bob@here.test": Action.REJECT, "carl@here.test": Action.DISCARD})
            boxes = [await make_mailbox(scene.store, address) for address in ADDRESSES]
            await hold(scene.store, *ADDRESSES)
            has_died = await die(scene, Mortal(scene.store, last, after=after))
            await finish(scene)
            assert [(await box.account_row()).used_messages for box in boxes] == [1, 1, 0], last
            states = await rows(scene, "SELECT state FROM spool_recipient ORDER BY number")
            assert [state for (state,) in states] == ["delivered", "delivered", "dropped"]
            assert [one async for one in check(scene.store) if isinstance(one, Finding)] == []
        if not has_died:
            break
    assert not has_died
    assert last > 5
