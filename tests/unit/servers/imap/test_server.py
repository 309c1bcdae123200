"""Sessions and their server: slow readers, floods of commands, drains, and many at once."""

import asyncio
from itertools import count
from pathlib import Path

import pytest

from mailstead.ground.model.errors import NoSpace
from mailstead.services.folders.incoming import Incoming
from tests.support.imap_scene import ImapScene, open_scene


async def until(scene: ImapScene, tag: bytes) -> list[bytes]:
    """Lines up to a tagged one."""
    lines = []
    while (line := await scene.stream.peer.read_line()) is not None:
        lines.append(line)
        if line.startswith(tag + b" "):
            break
    return lines


async def test_a_client_that_takes_nothing_is_dropped_and_holds_nobody_up(tmp_path: Path) -> None:
    async with open_scene(tmp_path, {"letters": "3", "select": "INBOX"}) as scene:
        peer = scene.stream.peer
        peer.send(b"a1 IDLE\r\n")
        await until(scene, b"+")
        peer.reads = False
        await scene.append("INBOX")
        await scene.append("INBOX")
        while not scene.stream.is_asking or scene.stream.peer.take_all() == b"":
            await asyncio.sleep(0)
        scene.clock.advance(61)
        await asyncio.wait_for(scene.server, 5)
        assert peer.is_closed
        assert scene.imap.session_count == 0


async def test_a_flood_of_commands_leaves_turns_to_others(tmp_path: Path) -> None:
    async with open_scene(tmp_path, {"letters": "1", "select": "INBOX"}) as scene:
        turns = 0
        looks, standing = count(), scene.clock.monotonic()
        scene.clock.monotonic = lambda: standing + next(looks) / 100  # type: ignore[method-assign] # each look costs time

        async def other() -> None:
            nonlocal turns
            while True:
                turns += 1
                await asyncio.sleep(0)

        task = asyncio.create_task(other())
        scene.stream.peer.send(b"".join(b"n%d NOOP\r\n" % number for number in range(500)))
        await until(scene, b"n499")
        task.cancel()
        assert turns > 400


async def test_drain_waits_for_the_last_session(tmp_path: Path) -> None:
    async with open_scene(tmp_path, {"select": "INBOX"}) as scene:
        await asyncio.wait_for(scene.imap.drain(), 5)
        assert await until(scene, b"*") == [b"* BYE [UNAVAILABLE] Server is shutting down"]
        assert scene.stream.peer.is_closed


async def test_pipelined_appends_share_commits(tmp_path: Path) -> None:
    async with open_scene(tmp_path, {"select": "INBOX"}) as scene:
        peer = scene.stream.peer
        peer.send(b"".join(b"p%d APPEND INBOX {3+}\r\nabc\r\n" % number for number in range(30)))
        lines = await until(scene, b"p29")
        tags = [line.split()[0] for line in lines if line.startswith(b"p")]
        assert tags == [b"p%d" % number for number in range(30)]
        assert [line for line in lines if b"EXISTS" in line] == [b"* 30 EXISTS"]


async def test_idle_does_not_miss_what_comes_while_it_begins(tmp_path: Path) -> None:
    async with open_scene(tmp_path, {"select": "INBOX"}) as scene:
        scene.stream.peer.send(b"a1 IDLE\r\n")
        for _ in range(5):
            await scene.append("INBOX")
        seen = b""
        while b"* 5 EXISTS" not in seen:
            line = await scene.stream.peer.read_line()
            assert line is not None
            seen = line


async def test_a_disk_that_fills_up_in_the_middle_of_a_message(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with open_scene(tmp_path, {"select": "INBOX"}) as scene:

        def write(self: Incoming, data: bytes) -> None:
            raise NoSpace("disk full")

        monkeypatch.setattr(Incoming, "write", write)
        peer = scene.stream.peer
        peer.send(b"a1 APPEND INBOX {300000+}\r\n" + b"x" * 300000 + b"\r\na2 NOOP\r\n", cut=50_000)
        assert (await until(scene, b"a2")) == [
            b"a1 NO [UNAVAILABLE] No room for new mail at the moment, try again later",
            b"a2 OK Completed",
        ]


async def test_a_large_message_streams_in_and_out(tmp_path: Path) -> None:
    async with open_scene(tmp_path, {"select": "INBOX"}) as scene:
        peer = scene.stream.peer
        letter = b"Subject: large\r\n\r\n" + b"0123456789abcde\r\n" * 40_000
        peer.send(
            b"a1 APPEND INBOX {%d+}\r\n%b\r\na2 FETCH 1 (UID BODY.PEEK[]<100000.400000>)\r\n" % (len(letter), letter)
        )
        out = b"\r\n".join(await until(scene, b"a2"))
        assert letter[100_000:500_000] in out
        assert b"* 1 FETCH (UID 1 BODY[]<100000> {400000}" in out
