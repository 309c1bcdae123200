"""The door: limits, proxies, shortage, bugs, draining."""

import asyncio
import errno
import socket
import struct
from typing import Any

import pytest

from mailstead import telemetry
from mailstead.net import listener as listener_module
from mailstead.net.origin import networks
from mailstead.net.proxy import SIGNATURE
from mailstead.net.stream import Stream
from mailstead.telemetry import Event
from tests.unit.net.conftest import Host

LOOPBACK = networks(["127.0.0.0/8"])


async def greet(stream: Stream) -> None:
    stream.write(f"{stream.peer_ip} {stream.peer_port} {stream.is_proxied}\r\n".encode())
    while await stream.read(10):
        pass


async def connect(port: int, first: bytes = b"") -> tuple[bytes, asyncio.StreamWriter]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(first)
    try:
        async with asyncio.timeout(10):
            return await reader.readline(), writer
    except ConnectionResetError:  # closed before all was read
        return b"", writer


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Event, dict[str, Any]]]:
    events: list[tuple[Event, dict[str, Any]]] = []

    def emit(event: Event, **fields: Any) -> None:
        events.append((event, fields))

    monkeypatch.setattr(listener_module, "emit", emit)
    monkeypatch.setattr(telemetry, "emit", emit)
    return events


async def test_a_connection_too_many_is_told_so_and_a_place_becomes_free(host: Host) -> None:
    port = host.listen(greet, connections=2)
    writers = [(await connect(port))[1] for _ in range(2)]
    line, writer = await connect(port)
    assert line == b"no TOO_MANY\r\n"
    writer.close()
    for one in writers:
        one.close()
    async with asyncio.timeout(5):
        await host.listeners[0].wait_empty()
    line, writer = await connect(port)
    assert line.startswith(b"127.0.0.1")
    writer.close()


async def test_sessions_of_one_address_are_limited_over_listeners_of_one_group(host: Host) -> None:
    ports = [host.listen(greet, name=name, group="both", per_ip=2) for name in ("plain", "tls")]
    writers = [(await connect(port))[1] for port in ports]
    line, writer = await connect(ports[0])
    assert line == b"no TOO_MANY_FROM_IP\r\n"
    for one in (*writers, writer):
        one.close()


async def test_unlimited_networks_are_not_limited(host: Host) -> None:
    port = host.listen(greet, per_ip=1, unlimited=LOOPBACK)
    for line, writer in [await connect(port) for _ in range(3)]:
        assert line.startswith(b"127.0.0.1")
        writer.close()


V2 = SIGNATURE + b"\x21\x11" + struct.pack("!H", 12) + bytes([192, 0, 2, 9, 127, 0, 0, 1]) + struct.pack("!HH", 99, 25)


@pytest.mark.parametrize("header", [b"PROXY TCP4 192.0.2.9 127.0.0.1 99 25\r\n", V2], ids=["v1", "v2"])
async def test_a_trusted_proxy_tells_the_address(host: Host, header: bytes) -> None:
    port = host.listen(greet, proxies=LOOPBACK, per_ip=1)
    line, writer = await connect(port, header)
    assert line == b"192.0.2.9 99 True\r\n"
    second, other = await connect(port, header)
    assert second == b"no TOO_MANY_FROM_IP\r\n"
    writer.close()
    other.close()


async def test_a_header_in_pieces_and_what_follows_it(host: Host) -> None:
    async def first_bytes(stream: Stream) -> None:
        stream.write(stream.peer_ip.encode() + b" " + await stream.read(10) + b"\r\n")

    port = host.listen(first_bytes, proxies=LOOPBACK)
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for piece in (b"PROXY TCP4 192.0.2", b".9 127.0.0.1 99 25\r", b"\nEHLO x"):
        writer.write(piece)
        await writer.drain()
        await asyncio.sleep(0.03)
    assert await reader.readline() == b"192.0.2.9 EHLO x\r\n"
    writer.close()


async def test_tls_behind_a_proxy_header(host: Host, server_tls: Any, client_tls: Any) -> None:
    port = host.listen(greet, proxies=LOOPBACK, tls=lambda: server_tls)
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(V2)
    await writer.drain()
    await writer.start_tls(client_tls, server_hostname="localhost")
    assert await reader.readline() == b"192.0.2.9 99 True\r\n"
    writer.close()


async def test_a_bad_header_ends_the_connection(host: Host, told: list[tuple[Event, dict[str, Any]]]) -> None:
    line, writer = await connect(host.listen(greet, proxies=LOOPBACK), b"EHLO x\r\n")
    assert line == b""
    writer.close()
    assert [event for event, _ in told] == [Event.NET_PROXY_REFUSED]


async def test_a_silent_proxy_is_dropped(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mailstead.net.origin.HEADER_TIME", 0.05)
    line, writer = await connect(host.listen(greet, proxies=LOOPBACK), b"PROXY TC")
    assert line == b""
    writer.close()


async def test_who_is_no_trusted_proxy_is_just_a_client(host: Host) -> None:
    port = host.listen(greet, proxies=networks(["192.0.2.0/24"]))
    line, writer = await connect(port, b"PROXY TCP4 10.0.0.1 127.0.0.1 99 25\r\n")
    assert line.startswith(b"127.0.0.1 ")
    assert line.endswith(b"False\r\n")
    writer.close()


async def test_a_bug_of_one_session_harms_no_other(host: Host, told: list[tuple[Event, dict[str, Any]]]) -> None:
    async def buggy(stream: Stream) -> None:
        if await stream.read(10) == b"bug":
            raise ZeroDivisionError
        stream.write(b"fine\r\n")

    port = host.listen(buggy)
    reader, other = await asyncio.open_connection("127.0.0.1", port)
    _, writer = await connect(port, b"bug")
    failed = [fields for event, fields in told if event is Event.NET_CONNECTION_FAILED]
    assert len(failed) == 1
    assert failed[0]["error"] == "ZeroDivisionError"
    assert len(failed[0]["incident"]) == 12
    other.write(b"ok")
    assert await reader.readline() == b"fine\r\n"
    other.close()
    writer.close()


async def test_out_of_descriptors_waits_and_recovers(
    host: Host, told: list[tuple[Event, dict[str, Any]]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listener_module, "ACCEPT_PAUSE", 0.05)
    port = host.listen(greet)
    door = host.listeners[0]
    listening = door._sockets[0]
    failures = 0

    class Short:
        """A listening socket while no descriptor is free."""

        def __getattr__(self, name: str) -> Any:
            return getattr(listening, name)

        def accept(self) -> tuple[socket.socket, Any]:
            nonlocal failures
            if failures < 2:
                failures += 1
                raise OSError(errno.EMFILE, "Too many open files")
            return listening.accept()

    door._pause()
    door._sockets[0] = Short()  # type: ignore[call-overload]
    door.start()
    line, writer = await connect(port)
    assert line.startswith(b"127.0.0.1")
    assert [event for event, _ in told].count(Event.NET_ACCEPT_FAILED) == 2
    writer.close()


async def test_stopping_turns_away_who_waits_and_lets_sessions_end(host: Host) -> None:
    port = host.listen(greet)
    _, session = await connect(port)
    waiting = socket.create_connection(("127.0.0.1", port))
    door = host.listeners[0]
    door.stop_accepting()
    waiting.settimeout(5)
    assert waiting.recv(100) == b"no STOPPING\r\n"
    waiting.close()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port))
    assert door.count == 1
    session.close()
    async with asyncio.timeout(5):
        await door.wait_empty()
