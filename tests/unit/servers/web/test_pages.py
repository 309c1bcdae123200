"""Health and metrics over real HTTP, refusals as JSON, dawdlers dropped."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass

import pytest

from mailstead.net.listener import Door, Listener
from mailstead.net.sweep import Sweep
from mailstead.net.tally import Board, make_board
from mailstead.servers.web import app
from mailstead.servers.web.app import Sources
from mailstead.servers.web.server import WebServer, refuse
from mailstead.telemetry.metrics import REGISTRY, Snapshot


@dataclass
class Site:
    port: int = 0
    illness: str = ""
    fails: type[Exception] | None = None

    async def request(self, text: str) -> tuple[int, dict[str, str], bytes]:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        writer.write(f"{text}\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
        async with asyncio.timeout(10):
            head, _, body = (await reader.read()).partition(b"\r\n\r\n")
        writer.close()
        status, *lines = head.decode().split("\r\n")
        return int(status.split()[1]), {k.lower(): v for k, _, v in (line.partition(": ") for line in lines)}, body


@pytest.fixture
async def site() -> AsyncIterator[Site]:
    site = Site()

    async def illness() -> str:
        if site.fails is not None:
            raise site.fails
        return site.illness

    async def metrics() -> Snapshot:
        return REGISTRY.snapshot()

    web = WebServer(Sources(illness, metrics))
    await web.start()
    sock = socket.socket()
    sock.bind(("127.0.0.1", 0))
    sock.listen()
    site.port = sock.getsockname()[1]
    tally = Board(make_board(1), 1, 0).sessions()
    door = Door(name="http", refuse=refuse, connections=20)
    listener = Listener(door, [sock], web.serve, Sweep(tick=0.02), tally, web.make)
    listener.start()
    yield site
    web.drain()
    listener.stop_accepting()
    async with asyncio.timeout(5):
        await listener.wait_empty()
    await web.close()


async def test_healthy(site: Site) -> None:
    status, headers, body = await site.request("GET /health HTTP/1.1")
    assert (status, json.loads(body)) == (200, {"status": "healthy"})
    assert headers["server"] == "mailstead"


async def test_unhealthy_says_why(site: Site) -> None:
    site.illness = "the disk is full"
    status, _, body = await site.request("GET /health HTTP/1.1")
    assert (status, json.loads(body)["reason"]) == (503, "the disk is full")
    site.fails = TimeoutError
    assert (await site.request("GET /health HTTP/1.1"))[0] == 503


async def test_metrics(site: Site) -> None:
    status, headers, body = await site.request("GET /metrics HTTP/1.1")
    assert status == 200
    assert headers["content-type"].startswith("text/plain; version=0.0.4")
    assert b'mailstead_connections_open{listener="http"} 1\n' in body
    assert b"# TYPE elemta_messages_total counter\n" in body


@pytest.mark.parametrize(
    ("line", "status"),
    [
        ("GET /nowhere HTTP/1.1", 404),
        ("POST /health HTTP/1.1", 405),
        ("GET /" + "x" * 9000 + " HTTP/1.1", 400),
        ("GET /health HTTP/1.1\r\nX: " + "y" * 20_000, 400),
        ("EHLO mail.example.test", 400),
    ],
)
async def test_refusals(site: Site, line: str, status: int) -> None:
    got, _, body = await site.request(line)
    assert got == status
    if status != 400:  # those are answered before any of our code runs
        assert "error" in json.loads(body)


async def test_a_fault_of_ours_shows_its_incident_only(site: Site) -> None:
    site.fails = ZeroDivisionError
    status, _, body = await site.request("GET /health HTTP/1.1")
    assert status == 500
    assert set(json.loads(body)) == {"error", "status", "incident"}
    assert b"ZeroDivision" not in body


async def test_a_byte_a_second_is_not_enough(monkeypatch: pytest.MonkeyPatch, site: Site) -> None:
    monkeypatch.setattr("mailstead.net.guest.FIRST_REQUEST", 0.1)
    reader, writer = await asyncio.open_connection("127.0.0.1", site.port)
    writer.write(b"GET /health HT")
    async with asyncio.timeout(10):
        with suppress(ConnectionResetError):
            assert await reader.read() == b""
    writer.close()


async def test_idle_between_requests_is_limited(monkeypatch: pytest.MonkeyPatch, site: Site) -> None:
    monkeypatch.setattr(app, "KEEP_ALIVE", 0.1)
    reader, writer = await asyncio.open_connection("127.0.0.1", site.port)
    writer.write(b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n")
    async with asyncio.timeout(10):
        assert (await reader.read()).startswith(b"HTTP/1.1 200")
    writer.close()


async def test_one_too_many(site: Site) -> None:
    held = [await asyncio.open_connection("127.0.0.1", site.port) for _ in range(20)]
    reader, writer = await asyncio.open_connection("127.0.0.1", site.port)
    assert (await reader.read()).startswith(b"HTTP/1.1 503")
    for _, other in [*held, (reader, writer)]:
        other.close()
