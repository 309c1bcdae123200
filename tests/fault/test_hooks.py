"""A worker dies before or after any of its writes while it tells hooks of filed letters: each is told in the end."""

from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest

from tests.fault.test_dispatch_crash import Death, Mortal
from tests.support.fake_clock import FakeClock
from tests.support.smtp_scene import furnish
from tests.support.stores import sqlite_engine
from tests.unit.services.hooks.test_herald import Scene, Told


@pytest.mark.parametrize("after", [False, True], ids=["before the write", "after it"])
async def test_after_every_write_another_goes_on(tmp_path: Path, after: bool) -> None:
    told_twice = 0
    for last in range(1, 30):
        folder = tmp_path / str(last)
        folder.mkdir()
        async with sqlite_engine(folder) as engine:
            store = await engine.open()
            await furnish(store, {"accounts": "ann@here.test"})
            scene = Scene(store, FakeClock(), Told())
            await scene.add()
            for account, body in ((1, b"one"), (1, b"second")):
                await scene.file(body, account)
            mortal = Mortal(store, last, after=after)
            with suppress(BaseExceptionGroup, Death):
                await replace(scene, store=mortal).herald().run()
            has_died = mortal.died.is_set()
            await scene.herald().run()
            assert set(scene.bodies) == {b"P: x\r\none", b"P: x\r\nsecond"}, last
            told_twice += len(scene.bodies) - 2
            count = len(scene.bodies)
            await scene.herald().run()
            assert len(scene.bodies) == count
        if not has_died:
            break
    assert not has_died
    assert last > 3
    assert after or told_twice  # some did die between the call and the commit
