"""NOTIFY in bad days: too much to tell, a store that is busy, a client that takes nothing; nothing is left behind."""

import asyncio
from pathlib import Path

import pytest

from mailstead.ground.model.errors import Busy
from mailstead.servers.imap.commands import notices
from tests.support.imap_scene import ImapScene, open_scene

PERSONAL = b"a1 NOTIFY SET (PERSONAL (MessageNew MessageExpunge FlagChange MailboxName))\r\n"


async def answer(scene: ImapScene, command: bytes, tag: bytes = b"") -> list[bytes]:
    """What came up to the tagged line."""
    scene.stream.peer.send(command)
    lines: list[bytes] = []
    while not lines or not lines[-1].startswith(tag or command.split(b" ")[0]):
        line = await scene.stream.peer.read_line()
        assert line is not None
        lines.append(line)
    return lines


async def test_too_many_changes_end_it_with_a_word(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """RFC 5465 §5.8."""
    monkeypatch.setattr(notices, "PENDING_MAX", 1)
    async with open_scene(tmp_path, {}) as scene:
        await answer(scene, PERSONAL)
        scene.stream.peer.send(b"a2 APPEND Drafts {4}\r\n")  # while a message is due nothing is pushed
        assert await scene.stream.peer.read_line() == b"+ OK"
        await scene.append("INBOX")
        await scene.append("Archive")
        lines = await answer(scene, b"A: b\r\n", b"a2")
        assert b"* OK [NOTIFICATIONOVERFLOW] Too much happens to tell of it" in lines
        await scene.append("Archive")
        assert await answer(scene, b"a3 NOOP\r\n") == [b"a3 OK Completed"]


async def test_a_busy_store_ends_it_with_a_word(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with open_scene(tmp_path, {}) as scene:
        await answer(scene, PERSONAL)
        failed = asyncio.Event()

        async def get_some(_ids: object) -> None:
            failed.set()
            raise Busy("queue full")

        monkeypatch.setattr(type(scene.folders.tree), "get_some", staticmethod(get_some))
        await scene.append("Archive")
        await asyncio.wait_for(failed.wait(), 5)
        assert b"* OK [NOTIFICATIONOVERFLOW] Too much happens to tell of it" in await answer(scene, b"a2 NOOP\r\n")


async def test_a_client_that_takes_nothing_is_dropped(tmp_path: Path) -> None:
    async with open_scene(tmp_path, {}) as scene:
        peer = scene.stream.peer
        await answer(scene, PERSONAL)
        peer.reads = False
        await scene.append("Archive")
        while not peer.take_all():
            await asyncio.sleep(0)
        scene.clock.advance(61)
        await asyncio.wait_for(scene.server, 5)
        assert peer.is_closed


@pytest.mark.parametrize("how", [b"a2 LOGOUT\r\n", b"a2 UNAUTHENTICATE\r\n", b"", b"a2 NOTIFY NONE\r\n"])
async def test_nothing_is_left_behind(tmp_path: Path, how: bytes) -> None:
    async with open_scene(tmp_path, {}) as scene:
        await answer(scene, PERSONAL)
        account = scene.folders.hub._accounts[scene.account]
        assert len(account.ears) == 1
        if how:
            await answer(scene, how)
        else:
            scene.stream.peer.drop()
        if not how.endswith(b"NONE\r\n") and b"UNAUTH" not in how:
            await asyncio.wait_for(scene.server, 5)
        assert len(account.ears) == (1 if how.endswith(b"NONE\r\n") else 0)
        assert account.watch_count == len(account.ears)


async def test_many_events_are_told_together(tmp_path: Path) -> None:
    """A burst becomes few lines: what is told is how things are, not each step."""
    async with open_scene(tmp_path, {}) as scene:
        await answer(scene, PERSONAL)
        for _ in range(20):
            await scene.append("Archive")
        lines = []
        while not lines or b"MESSAGES 20 " not in lines[-1]:
            line = await scene.stream.peer.read_line()
            assert line is not None
            lines.append(line)
        assert len(lines) <= 20
