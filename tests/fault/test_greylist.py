"""What greylisting learned is there after a kill; a failing disk costs a sender one try more, and no count is wrong."""

import contextlib
import itertools
import json
import time
from pathlib import Path
from typing import Any

import apsw
import pytest

from mailstead.ground.model.greylist import Triplet
from mailstead.ground.model.ids import Instant
from mailstead.services.greylist.notes import Notes
from mailstead.store.port.greylist import Seen
from tests.fault.test_store_disk import Faults, faults  # noqa: F401 - a fixture
from tests.support.server import Sandbox, sandbox
from tests.support.stores import AnyStore, sqlite_engine

NOW = Instant(1_800_000_000_000)
END = Instant(NOW + 1000)


def triplet(number: int) -> Triplet:
    return Triplet("home.test", f"10.0.{number}.0/24", f"{'x' * (number % 50)}@far{number}.test", "ann@home.test")


async def state(store: AnyStore) -> tuple[int, int, Any]:
    """Triplets that passed and friends, as they are and as they are counted."""
    rows = await store.read(lambda tx: tx.greylist.list_triplets(limit=100_000))
    passed = sum(known.passed_at is not None for _, _, known in rows)
    friends = await store.read(lambda tx: tx.greylist.list_friends(limit=100_000))
    return passed, len(friends), await store.write(lambda tx: tx.greylist._count())


async def test_the_nth_write_fails(faults: Faults, tmp_path: Path) -> None:  # noqa: F811
    async with sqlite_engine(tmp_path) as engine:
        store = await engine.open()
        notes = Notes(store)
        for fail_at in itertools.count():
            for number in (2 * fail_at, 2 * fail_at + 1):
                notes.first(Seen(triplet(number), NOW, END))
            if fail_at:
                notes.passed(Seen(triplet(2 * fail_at - 1), Instant(NOW + 5), END))
            faults.countdown = fail_at
            with contextlib.suppress(apsw.Error):
                await notes.flush()
            untouched = faults.countdown >= 0
            faults.countdown = -1
            assert notes.first_at(triplet(2 * fail_at)) is None, "nothing is kept for ever"
            passed, friends, counted = await state(store)
            assert counted == (passed, friends)
            if untouched:
                break
        assert fail_at > 2
        await store.close()
        assert (await state(await engine.open()))[2] == (passed, friends)


def answer(box: Sandbox) -> tuple[int, bytes]:
    with box.smtp() as smtp:
        smtp.ehlo("client.test")
        smtp.mail("eve@far.test")
        return smtp.rcpt("ada@dev.localhost")


@pytest.mark.e2e
def test_who_came_before_the_kill_need_not_begin_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MAILSTEAD_SMTP_EXAMINE_NEIGHBOURS", "yes")  # we are on this machine
    with sandbox(tmp_path, "--no-samples") as box:
        wish = ("policy", "set", "--domain", "dev.localhost")
        assert box.cli(*wish, "greylist.enabled=on", "greylist.delay_minutes=60").returncode == 0
        assert answer(box) == (451, b"4.7.1 Greylisted, come again in 60 minutes")
        deadline = time.monotonic() + 30
        while not (told := box.cli("greylist", "list", "--json").stdout):
            assert time.monotonic() < deadline
        first_at = json.loads(told)["first_at"]
        box.kill()
        box.start()
        assert answer(box)[0] == 451
        assert json.loads(box.cli("greylist", "list", "--json").stdout)["first_at"] == first_at
        assert box.cli(*wish, "greylist.delay_minutes=0").returncode == 0
        assert answer(box)[0] == 250
