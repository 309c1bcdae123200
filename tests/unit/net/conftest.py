"""Connections are tried on both event loops."""

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import uvloop

from mailstead.net.listener import Door, Listener, Refusal
from mailstead.net.stream import Stream
from mailstead.net.sweep import Sweep
from mailstead.net.tally import Board, make_board
from mailstead.net.tls import make_self_signed, server_context


def pytest_asyncio_loop_factories(
    config: pytest.Config, item: pytest.Item
) -> dict[str, Callable[[], asyncio.AbstractEventLoop]]:
    return {"asyncio": asyncio.new_event_loop, "uvloop": uvloop.new_event_loop}


@pytest.fixture(scope="session")
def server_tls(tmp_path_factory: pytest.TempPathFactory) -> ssl.SSLContext:
    folder: Path = tmp_path_factory.mktemp("tls")
    make_self_signed(folder / "c", folder / "k", ["localhost"], datetime.now(UTC))
    return server_context(folder / "c", folder / "k")


@pytest.fixture(scope="session")
def client_tls() -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


@dataclass
class Host:
    """Starts listeners on loopback and ends them."""

    tally: Any = field(default_factory=lambda: Board(make_board(1), 1, 0).sessions())
    listeners: list[Listener] = field(default_factory=list)

    def listen(self, serve: Callable[[Stream], Awaitable[None]], **door: Any) -> int:
        sock = socket.socket()
        sock.bind(("127.0.0.1", 0))
        sock.listen(100)
        port = int(sock.getsockname()[1])
        door.setdefault("name", "test")
        door.setdefault("refuse", say_no)
        listener = Listener(Door(**door), [sock], serve, Sweep(tick=0.02), self.tally)
        listener.start()
        self.listeners.append(listener)
        return port


def say_no(refusal: Refusal) -> bytes:
    return f"no {refusal.name}\r\n".encode()


@pytest.fixture
async def host() -> AsyncIterator[Host]:
    running = Host()
    yield running
    for listener in running.listeners:
        listener.stop_accepting()
        await listener.abort_all()
        async with asyncio.timeout(5):
            await listener.wait_empty()
