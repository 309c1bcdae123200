"""Hearing of a whole account: every change once, from this worker or another one, and None when nobody can say."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from mailstead.ground.model.change import Change, ChangeKind, Wake
from mailstead.ground.model.errors import NotFound
from mailstead.ground.model.ids import AccountId, ModSeq
from mailstead.net.ids import IdSource
from mailstead.services.folders import hub as hub_module
from mailstead.services.folders.filing import Draft, Place
from mailstead.services.folders.service import Folders
from tests.support.fake_clock import FakeClock
from tests.support.imap_scene import Relay, furnish
from tests.support.stores import sqlite_engine


async def test_a_listener_hears_of_folders_that_nobody_has_open(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with sqlite_engine(tmp_path) as engine:
        relay = Relay()
        engine.wakes = relay
        store = await engine.open()
        account = await furnish(store, {})
        folders = Folders.on(store, FakeClock(), IdSource(FakeClock(), 1))
        relay.hub = folders.hub
        heard: list[Sequence[Change] | None] = []
        ear = await folders.hub.listen(account, heard.append)
        archive = await folders.tree.get(account, "Archive")
        draft = Draft(folders.take(b"a: b\r\n\r\n"))
        await folders.filing.append(Place.of(archive), [draft])
        await folders.hub.catch_up(account, ask=True)
        await folders.tree.create(account, "New")
        await folders.hub.catch_up(account, ask=True)
        kinds = [change.kind for changes in heard for change in changes or ()]
        assert kinds == [ChangeKind.APPENDED, ChangeKind.FOLDER_CREATED]

        # a worker that commits without a word to this one
        relay.hub = None
        await folders.filing.append(Place.of(archive), [draft])
        folders.hub.wake([Wake(account, ModSeq(10_000))])
        await folders.hub.catch_up(account)
        assert [change.kind for change in heard[-1] or ()] == [ChangeKind.APPENDED]

        # its events are gone
        async def no_events(self: object, _account: object) -> tuple[ModSeq, ModSeq, list[Change]]:
            monkeypatch.undo()
            return ModSeq(1), ModSeq(20_000), []

        monkeypatch.setattr(hub_module.Hub, "_read_delta", no_events)
        await folders.hub.catch_up(account, ask=True)
        assert heard[-1] is None

        count = len(heard)
        ear.close()
        ear.close()
        await folders.filing.append(Place.of(archive), [draft])
        await folders.hub.catch_up(account, ask=True)
        assert len(heard) == count
        with pytest.raises(NotFound):
            await folders.hub.listen(AccountId(999), heard.append)
