"""Mail to other servers: Postfix's smtp-sink in its moods, and our own server."""

import asyncio
import os
import socket
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from mailstead.ground.model.attempt import Ending, Health
from mailstead.ground.model.envelope import BodyType
from mailstead.ground.model.route import Route, Speech
from mailstead.net.connection import Connection
from mailstead.net.sweep import Sweep
from tests.support.fake_clock import FakeClock
from tests.support.outbound_scene import LETTER, Octets, endings, outbound, parcel, statuses
from tests.support.programs import need
from tests.support.smtp_scene import build, furnish, inbox
from tests.support.stores import sqlite_engine


@asynccontextmanager
async def sink(*options: str, folder: Path | None = None) -> AsyncIterator[int]:
    """A running smtp-sink; gives its port."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    as_root = ["-u", "root"] if os.getuid() == 0 else []  # it asks whom it may be, and root may
    command = [need("smtp-sink"), *as_root, *options, f"127.0.0.1:{port}", "100"]
    process = subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL, stderr=None)
    try:
        await _answers(port, process)
        yield port
    finally:
        process.kill()
        process.wait()


async def _answers(port: int, process: subprocess.Popen[bytes]) -> None:
    async with asyncio.timeout(20):
        while True:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
            except ConnectionRefusedError:
                if process.poll() is not None:
                    raise RuntimeError("smtp-sink ended") from None
                await asyncio.sleep(0.01)
            else:
                writer.close()
                return


@pytest.mark.parametrize("options", [(), ("-p",), ("-e",), ("-8",)])
async def test_a_letter_arrives(tmp_path: Path, options: tuple[str, ...]) -> None:
    async with sink("-d", "%M.", *options, folder=tmp_path) as port, outbound() as out:
        attempt = await out.attempt(parcel("bob@b.test", "cy@b.test", port=port))
    assert set(endings(attempt)) <= {Ending.RELAYED, Ending.DELIVERED}
    (dump,) = tmp_path.iterdir()
    text = dump.read_bytes()
    assert LETTER.replace(b"\r\n", b"\n") in text
    assert text.count(b"X-Rcpt-Args: <") == 2


@pytest.mark.parametrize("command", ["connect", "mail", "rcpt", "data", "."])
@pytest.mark.parametrize(
    ("mood", "ending"),
    [("-f", Ending.FAILED), ("-r", Ending.DEFERRED), ("-q", Ending.DEFERRED), ("-Q", Ending.DEFERRED)],
)
async def test_its_moods(mood: str, ending: Ending, command: str) -> None:
    async with sink(mood, command) as port, outbound() as out:
        attempt = await out.attempt(parcel(port=port))
    assert endings(attempt) == [ending]
    assert statuses(attempt)[0][0] == ("5" if ending is Ending.FAILED else "4")
    if mood == "-Q":
        assert attempt.health is Health.BUSY


async def test_many_letters_over_few_connections(tmp_path: Path) -> None:
    letter = Octets(b"Subject: x\r\n\r\n" + b"y" * 76 + b"\r\n", BodyType.EIGHT_BIT)
    async with sink() as port, outbound(max_per_destination=4) as out:
        attempts = await asyncio.gather(*(out.attempt(parcel(port=port, content=letter)) for _ in range(100)))
    assert all(ending in (Ending.RELAYED, Ending.DELIVERED) for one in attempts for ending in endings(one))
    opened = sum(step.what == "connect" for one in attempts for step in one.steps)
    assert 1 <= opened <= 4


async def test_lmtp_sink() -> None:
    async with sink("-L") as port, outbound() as out:
        route = Route(protocol=Speech.LMTP, host="127.0.0.1", port=port)
        attempt = await out.attempt(parcel("bob@b.test", "cy@b.test", route=route))
    assert set(endings(attempt)) <= {Ending.RELAYED, Ending.DELIVERED}


async def test_our_own_server(tmp_path: Path) -> None:
    clock = FakeClock()
    async with sqlite_engine(tmp_path) as engine:
        store = await engine.open()
        await furnish(store, {"accounts": "ann@b.test"})
        smtp = build(store, clock, {})
        tasks: set[asyncio.Task[None]] = set()

        class Door(Connection):
            def connection_made(self, transport: asyncio.BaseTransport) -> None:
                super().connection_made(transport)
                tasks.add(asyncio.get_running_loop().create_task(smtp.serve(self)))

        sweep = Sweep(0.05)
        server = await asyncio.get_running_loop().create_server(
            lambda: Door("mx", sweep, lambda _: None), "127.0.0.1", 0
        )
        async with server, outbound() as out:
            port = server.sockets[0].getsockname()[1]
            attempt = await out.attempt(parcel("ann@b.test", "nobody@b.test", port=port))
        await asyncio.gather(*tasks)
        (letter,) = await inbox(store, "ann@b.test")
    assert endings(attempt)[0] in (Ending.RELAYED, Ending.DELIVERED)
    assert endings(attempt)[1] is Ending.FAILED
    assert attempt.results[1].diagnostic == "550 5.1.1 <nobody@b.test>: User not found"
    assert letter.endswith(b"\0" + LETTER)
    assert b"from out.a.test" in letter
