"""What is kept and released survives everything: killed workers, failing writes, a full disk. Each letter is in one
place: in quarantine, or in its folder once."""

import contextlib
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from mailstead.ground.model.errors import MailError, NoSpace
from mailstead.ground.model.outcome import Deferred, Delivered
from mailstead.store.sql.check import Finding, check
from tests.support.quarantined import BY, Scene, open_scene

LETTERS = 60


class Death(BaseException):
    """Nothing of ours catches it."""


class Mortal:
    """A store that ends with its `last`-th write: before it, or after it became durable and before anyone heard."""

    def __init__(self, store: Any, last: int, error: BaseException, *, after: bool = False) -> None:
        self._store, self._left, self._error, self._after = store, last, error, after

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    async def write(self, unit: Any, **options: Any) -> Any:
        self._left -= 1
        if self._left:
            return await self._store.write(unit, **options)
        if self._after:
            await self._store.write(unit, **options)
        raise self._error


async def places(scene: Scene) -> tuple[int, int]:
    """How many are kept, how many filed; the store is sound."""
    assert [found async for found in check(scene.store) if isinstance(found, Finding)] == []
    return len(await scene.kept()), await scene.count(scene.ann)


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("last", [1, 2, 3])
async def test_death_while_keeping(tmp_path: Path, last: int, after: bool) -> None:
    async with open_scene(tmp_path) as scene:
        accepted, store = await scene.accepted(scene.ann), scene.store
        scene.store = Mortal(store, last, Death(), after=after)
        try:
            receipt = await scene.deliver(accepted)
            is_told = receipt.outcomes == (Delivered(),)
        except Death:
            is_told = False
        scene.store = store
        kept, filed = await places(scene)
        assert filed == 0
        assert kept >= is_told
        assert kept <= 1


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("last", [1, 2, 3])
async def test_death_while_releasing(tmp_path: Path, last: int, after: bool) -> None:
    async with open_scene(tmp_path) as scene:
        number, store = (await scene.keep()).id, scene.store
        scene.store = Mortal(store, last, Death(), after=after)
        with contextlib.suppress(Death):
            await scene.quarantine.release(number, by=BY)
        scene.store = store
        assert sum(await places(scene)) == 1
        with contextlib.suppress(MailError):
            await scene.quarantine.release(number, by=BY)
        assert await places(scene) == (0, 1)


async def test_a_full_disk(tmp_path: Path) -> None:
    async with open_scene(tmp_path) as scene:
        kept, store = await scene.keep(), scene.store
        accepted = await scene.accepted(scene.ann)
        scene.store = Mortal(store, 1, NoSpace("full"))
        (outcome,) = (await scene.deliver(accepted, number=2)).outcomes
        assert isinstance(outcome, Deferred)
        scene.store = Mortal(store, 1, NoSpace("full"))
        with pytest.raises(NoSpace):
            await scene.quarantine.release(kept.id, by=BY)
        scene.store = store
        assert await places(scene) == (1, 0)
        await scene.quarantine.release(kept.id, by=BY)
        assert await places(scene) == (0, 1)


def victim(path: Path) -> "subprocess.Popen[bytes]":
    return subprocess.Popen([sys.executable, "-m", "tests.fault.releasing", str(path)], stdout=subprocess.PIPE)


@pytest.mark.slow
async def test_killed_while_releasing_many(tmp_path: Path) -> None:
    """Two at once, killed after some, again and again; the last ones may finish."""
    async with open_scene(tmp_path) as scene:
        for number in range(LETTERS):
            await scene.keep(number)
        path = next(tmp_path.rglob("*.db"))
        for quota in (1, 5, 9, None):
            pair = [victim(path), victim(path)]
            for one in pair:
                assert one.stdout is not None
                assert one.stdout.readline() == b"ready\n"
                for _ in range(quota or LETTERS):
                    if one.stdout.readline() in (b"done\n", b""):
                        break
                if quota is not None:
                    one.kill()
            for one in pair:
                one.communicate(timeout=60)
        assert await places(scene) == (0, LETTERS)
        folder = scene.ann.folders["INBOX"]
        rows = await scene.store.read(lambda tx: tx.messages.fetch(folder, 1, LETTERS + 1, 1))
        assert len({row.blob_id for row in rows}) == LETTERS
