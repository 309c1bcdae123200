"""IDLE on a day when the store answers nobody: it goes on, and DONE ends it."""

from pathlib import Path

import pytest

from mailstead.ground.model.errors import Busy
from tests.support.imap_scene import open_scene


@pytest.mark.parametrize("notify", [False, True])
async def test_a_busy_store_does_not_end_idle(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, notify: bool) -> None:
    async with open_scene(tmp_path, {"letters": "1", "select": "INBOX"}) as scene:
        peer = scene.stream.peer
        if notify:
            peer.send(b"a0 NOTIFY SET (SELECTED (MessageNew MessageExpunge))\r\n")
            assert await peer.read_line() == b"a0 OK NOTIFY completed"

        async def busy(*_args: object, **_options: object) -> None:
            raise Busy("queue full")

        with monkeypatch.context() as patch:
            patch.setattr(type(scene.folders.hub), "catch_up", busy)
            peer.send(b"a1 IDLE\r\n")
            assert await peer.read_line() == b"+ idling"
            while not scene.stream.is_asking:
                await scene.folders.tree.get(scene.account, "INBOX")
        await scene.append("INBOX")
        assert await peer.read_line() == b"* 2 EXISTS"
        peer.send(b"DONE\r\n")
        assert await peer.read_line() == b"a1 OK IDLE completed"
