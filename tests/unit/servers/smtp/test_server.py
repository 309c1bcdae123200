"""What dialogues cannot show: packets, slow readers, drain of many, faults in the middle of a body."""

import asyncio
import ssl
from pathlib import Path

from mailstead.net.listener import Refusal
from mailstead.net.stream import PeerGone
from mailstead.servers.smtp.server import turn_away
from mailstead.services.reception.body import Body
from tests.support.memory_stream import MemoryStream
from tests.support.smtp_scene import inbox, open_scene
from tests.transcript.runner import settle


async def test_a_pipeline_is_answered_in_one_packet(tmp_path: Path) -> None:
    async with open_scene(tmp_path, {}) as scene:
        await settle(scene)
        before = scene.stream.peer.writes
        scene.stream.peer.send(b"EHLO a.test\r\nMAIL FROM:<>\r\nRCPT TO:<ann@example.test>\r\nNOOP\r\n", cut=11)
        await settle(scene)
        assert scene.stream.peer.writes == before + 1


async def test_a_client_that_reads_nothing_is_left(tmp_path: Path) -> None:
    async with open_scene(tmp_path, {"max_commands": "100000", "write_timeout": "60"}) as scene:
        await settle(scene)
        scene.stream.peer.reads = False
        for _ in range(20):
            scene.stream.peer.send(b"HELP\r\n" * 100)
            await settle(scene)
        assert not scene.server.done()
        scene.clock.advance(61)
        await settle(scene)
        assert scene.server.done()


async def test_drain_ends_the_idle_and_spares_the_busy(tmp_path: Path) -> None:
    async with open_scene(tmp_path, {}) as scene:
        idle = MemoryStream(scene.clock)
        task = asyncio.create_task(scene.smtp.serve(idle))
        scene.stream.peer.send(b"HELO a.test\r\nMAIL FROM:<>\r\nRCPT TO:<ann@example.test>\r\n")
        await settle(scene)
        scene.smtp.drain()
        await task
        assert idle.peer.take_all().endswith(b"421 4.3.2 Service going down, try again soon\r\n")
        assert scene.smtp.count == 1
        scene.stream.peer.send(b"DATA\r\nx\r\n.\r\nMAIL FROM:<>\r\n")
        await scene.server
        said = scene.stream.peer.take_all().split(b"\r\n")
        assert said[-3].startswith(b"250 2.0.0 Ok: filed")
        assert said[-2].startswith(b"421 4.3.2")
        assert len(await inbox(scene.store, "ann@example.test")) == 1
        assert scene.smtp.count == 0


async def test_one_who_comes_while_we_drain(tmp_path: Path) -> None:
    async with open_scene(tmp_path, {}) as scene:
        scene.smtp.drain()
        late = MemoryStream(scene.clock)
        await scene.smtp.serve(late)
        assert [line[:3] for line in late.peer.take_all().splitlines()] == [b"220", b"421"]


async def test_a_fault_in_the_middle_of_a_body_leaves_no_command_behind(tmp_path: Path, monkeypatch) -> None:
    def broken(self: Body, data: bytes) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(Body, "write", broken)
    async with open_scene(tmp_path, {}) as scene:
        scene.stream.peer.send(
            b"HELO a.test\r\nMAIL FROM:<>\r\nRCPT TO:<ann@example.test>\r\nDATA\r\none\r\nQUIT\r\n.\r\nNOOP\r\n", cut=5
        )
        await settle(scene)
        said = scene.stream.peer.take_all().split(b"\r\n")
        assert said[-3].startswith(b"451 4.3.0 Local error, try again later (incident ")
        assert said[-2] == b"250 2.0.0 Ok"


async def test_a_handshake_that_fails_ends_the_session(tmp_path: Path, monkeypatch) -> None:
    async def fail(self: MemoryStream, context: ssl.SSLContext, timeout: float) -> None:
        raise PeerGone

    monkeypatch.setattr(MemoryStream, "start_tls", fail)
    async with open_scene(tmp_path, {"tls": "yes"}) as scene:
        scene.stream.peer.send(b"EHLO a.test\r\nSTARTTLS\r\n")
        await scene.server
        assert scene.stream.peer.take_all().endswith(b"220 2.0.0 Ready to start TLS\r\n")
        assert scene.stream.peer.is_closed


async def test_a_large_letter_streams_through(tmp_path: Path) -> None:
    body = b"".join(b"line %d of a large letter\r\n" % number for number in range(40_000))
    async with open_scene(tmp_path, {}) as scene:
        scene.stream.peer.send(b"HELO a.test\r\nMAIL FROM:<>\r\nRCPT TO:<ann@example.test>\r\nDATA\r\n")
        scene.stream.peer.send(b"Subject: large\r\n\r\n" + body + b".\r\nQUIT\r\n", cut=65536)
        await scene.server
        (letter,) = await inbox(scene.store, "ann@example.test")
        assert letter.partition(b"\0")[2] == b"Subject: large\r\n\r\n" + body


async def test_cancelled_while_the_store_writes_takes_nothing_away(tmp_path: Path, monkeypatch) -> None:
    """From `write` on the unit is the store's and may commit: the bytes it names must stay."""
    body = b"x" * 70 + b"\r\n"
    filed = asyncio.Event()
    async with open_scene(tmp_path, {}) as scene:
        real = scene.store._store.write

        async def write_then_hang(unit, **options) -> None:
            await real(unit, **options)
            filed.set()
            await asyncio.Event().wait()

        monkeypatch.setattr(scene.store, "write", write_then_hang)
        scene.stream.peer.send(b"HELO a.test\r\nMAIL FROM:<>\r\nRCPT TO:<ann@example.test>\r\nDATA\r\n")
        scene.stream.peer.send(body * 10_000 + b".\r\n")
        await filed.wait()
        scene.server.cancel()
        await asyncio.wait([scene.server])
        (letter,) = await inbox(scene.store, "ann@example.test")
        assert letter.endswith(body * 10_000)


def test_refusals_at_the_door() -> None:
    assert {refusal: turn_away(refusal)[:9] for refusal in Refusal} == {
        Refusal.TOO_MANY: b"421 4.3.2",
        Refusal.TOO_MANY_FROM_IP: b"421 4.7.0",
        Refusal.STOPPING: b"421 4.3.2",
    }
