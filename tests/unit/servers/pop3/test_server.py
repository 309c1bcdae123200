"""Sessions and their server: slow readers, floods of commands, many messages, and SCRAM."""

import asyncio
import hashlib
import hmac
from base64 import b64decode, b64encode
from itertools import count
from pathlib import Path

import pytest

from mailstead.ground.model.errors import NotFound
from mailstead.servers.pop3 import maildrop
from tests.support.pop3_scene import Pop3Scene, open_scene


async def line_of(scene: Pop3Scene) -> bytes:
    line = await scene.stream.peer.read_line()
    assert line is not None
    return line


async def test_a_client_that_takes_nothing_is_dropped(tmp_path: Path) -> None:
    async with open_scene(tmp_path, {"letters": "large:640000"}) as scene:
        peer = scene.stream.peer
        peer.reads = False
        peer.send(b"RETR 1\r\n")
        while not (scene.stream._full is not None and scene.stream.is_asking):
            await asyncio.sleep(0)
        assert len(peer.take_all()) < 300_000, "what waits for a slow reader is bounded"
        scene.clock.advance(61)
        await asyncio.wait_for(scene.server, 5)
        assert peer.is_closed
        assert scene.pop3.session_count == 0


async def test_a_flood_of_commands_leaves_turns_to_others(tmp_path: Path) -> None:
    async with open_scene(tmp_path, {}) as scene:
        turns = 0
        looks, standing = count(), scene.clock.monotonic()
        scene.clock.monotonic = lambda: standing + next(looks) / 100  # type: ignore[method-assign] # each look costs time

        async def other() -> None:
            nonlocal turns
            while True:
                turns += 1
                await asyncio.sleep(0)

        task = asyncio.create_task(other())
        scene.stream.peer.send(b"NOOP\r\n" * 500 + b"STAT\r\n")
        while await line_of(scene) != b"+OK 0 0":
            pass
        task.cancel()
        assert turns > 400


async def test_pipelined_answers_leave_in_few_writes(tmp_path: Path) -> None:
    async with open_scene(tmp_path, {"letters": "2"}) as scene:
        before = scene.stream.peer.writes
        scene.stream.peer.send(b"NOOP\r\nSTAT\r\nUIDL 1\r\nLIST 2\r\nRETR 1\r\nRETR 2\r\nTOP 1 0\r\n")
        while not scene.stream.is_asking:
            await asyncio.sleep(0)
        assert scene.stream.peer.writes == before + 1


async def test_a_maildrop_shows_the_oldest_and_later_the_rest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(maildrop, "MESSAGES_MAX", 200)
    async with open_scene(tmp_path, {"letters": "230"}) as scene:
        scene.stream.peer.send(
            b"STAT\r\n" + b"".join(b"DELE %d\r\n" % number for number in range(1, 201)) + b"QUIT\r\n"
        )
        assert (await line_of(scene)).startswith(b"+OK 200 ")
        await scene.server
        assert (await scene.folders.tree.get(scene.account, "INBOX")).messages == 30


async def test_scram_over_pop3(tmp_path: Path) -> None:
    """RFC 7677 §3 in the words of RFC 5034: the server's last message is a challenge with an empty answer."""
    async with open_scene(tmp_path, {"login": "no", "letters": "1"}) as scene:
        for name in ("ann", "bob"):  # so that every user has a verifier
            await scene.authenticator.login(f"{name}@example.test", "pw", client_ip="192.0.2.1", service="pop3")
        await scene.authenticator.refresh()  # as the next greeting does
        peer = scene.stream.peer
        first = b"n=ann@example.test,r=clientnonce"
        peer.send(b"AUTH SCRAM-SHA-256 " + b64encode(b"n,," + first) + b"\r\n")
        assert (await line_of(scene)).startswith(b"+OK")
        server_first = b64decode((await line_of(scene)).removeprefix(b"+ "))
        parts = dict(part.split(b"=", 1) for part in server_first.split(b","))
        salted = hashlib.pbkdf2_hmac("sha256", b"pw", b64decode(parts[b"s"]), int(parts[b"i"]))
        client_key = hmac.digest(salted, b"Client Key", "sha256")
        bare = b"c=biws,r=" + parts[b"r"]
        message = b",".join((first, server_first, bare))
        signature = hmac.digest(hashlib.sha256(client_key).digest(), message, "sha256")
        proof = bytes(a ^ b for a, b in zip(client_key, signature, strict=True))
        peer.send(b64encode(bare + b",p=" + b64encode(proof)) + b"\r\n")
        server_final = b64decode((await line_of(scene)).removeprefix(b"+ "))
        expected = hmac.digest(hmac.digest(salted, b"Server Key", "sha256"), message, "sha256")
        assert server_final == b"v=" + b64encode(expected)
        peer.send(b"\r\nSTAT\r\n")
        assert (await line_of(scene)).startswith(b"+OK 1 messages")
        assert (await line_of(scene)).startswith(b"+OK 1 ")


class Failing:
    """A blob that cannot be read past its first pieces."""

    def __init__(self, reads: int) -> None:
        self._reads = reads

    async def read(self, offset: int, length: int) -> bytes:
        self._reads -= 1
        if self._reads < 0:
            raise OSError("the disk is gone")
        return b"x" * length


async def test_a_failure_inside_of_a_message_never_looks_like_its_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_scene(tmp_path, {"letters": "large:640000"}) as scene:

        async def open_blob(blob: int) -> Failing:
            return Failing(2)

        monkeypatch.setattr("mailstead.services.folders.reading.Reading.open", lambda self, blob: open_blob(blob))
        scene.stream.peer.send(b"RETR 1\r\nNOOP\r\n")
        await asyncio.wait_for(scene.server, 5)
        said = scene.stream.peer.take_all()
        assert said.startswith(b"+OK 640018 octets\r\n")
        assert not said.endswith(b"\r\n")
        assert b"\r\n.\r\n" not in said
        assert b"incident" not in said


async def test_a_blob_that_is_gone_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with open_scene(tmp_path, {"letters": "large:640000"}) as scene:

        async def open_blob(blob: int) -> Failing:
            raise NotFound("swept away")

        monkeypatch.setattr("mailstead.services.folders.reading.Reading.open", lambda self, blob: open_blob(blob))
        scene.stream.peer.send(b"RETR 1\r\nNOOP\r\n")
        assert await line_of(scene) == b"-ERR [SYS/PERM] That message was removed meanwhile"
        assert await line_of(scene) == b"+OK"
