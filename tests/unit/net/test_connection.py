"""`Stream` over real sockets: limits, timeouts, ends, TLS."""

import asyncio
import socket
import ssl
from collections.abc import Awaitable, Callable

import pytest

from mailstead.net.connection import MOST_READ
from mailstead.net.stream import PeerGone, Stream, TimedOut, Woken
from tests.unit.net.conftest import Host

Client = tuple[asyncio.StreamReader, asyncio.StreamWriter]


async def connect(port: int, tls: ssl.SSLContext | None = None) -> Client:
    return await asyncio.open_connection("127.0.0.1", port, ssl=tls)


class Session:
    """Runs one session and keeps what came of it."""

    def __init__(self, body: Callable[[Stream], Awaitable[object]]) -> None:
        self._body = body
        self.result: asyncio.Future[object] = asyncio.get_running_loop().create_future()

    async def __call__(self, stream: Stream) -> None:
        try:
            self.result.set_result(await self._body(stream))
        except (PeerGone, TimedOut, Woken) as error:
            self.result.set_result(error)

    async def outcome(self) -> object:
        async with asyncio.timeout(10):
            return await self.result


async def echo(stream: Stream) -> None:
    while data := await stream.read(10):
        stream.write(data)
        await stream.drain(10)


async def test_echo_and_end(host: Host) -> None:
    reader, writer = await connect(host.listen(echo))
    writer.write(b"hello\r\n")
    assert await reader.readline() == b"hello\r\n"
    writer.write(b"last")
    writer.write_eof()  # a half-closed client still gets its answer
    assert await reader.read() == b"last"
    writer.close()


async def test_addresses(host: Host) -> None:
    async def body(stream: Stream) -> object:
        return stream.peer_ip, stream.peer_port, stream.local_port, stream.is_proxied, stream.tls

    session = Session(body)
    port = host.listen(session)
    _, writer = await connect(port)
    assert await session.outcome() == ("127.0.0.1", writer.get_extra_info("sockname")[1], port, False, None)
    writer.close()


async def test_silence_times_out(host: Host) -> None:
    session = Session(lambda stream: stream.read(0.05))
    _, writer = await connect(host.listen(session))
    assert isinstance(await session.outcome(), TimedOut)
    writer.close()


async def test_reading_pauses_while_nobody_asks(host: Host) -> None:
    asked = asyncio.Event()

    async def body(stream: Stream) -> object:
        await asked.wait()
        sizes = []
        while data := await stream.read(10):
            sizes.append(len(data))
        return sizes

    session = Session(body)
    _, writer = await connect(host.listen(session))
    payload = bytes(32 * 1024 * 1024)
    writer.write(payload)
    drained = asyncio.create_task(writer.drain())
    _, pending = await asyncio.wait([drained], timeout=0.3)
    assert pending, "32 MiB went into a session that reads nothing"
    asked.set()
    await drained
    writer.close()
    sizes = await session.outcome()
    assert isinstance(sizes, list)
    assert sum(sizes) == len(payload)
    assert max(sizes) <= MOST_READ


async def test_a_cancelled_read_loses_nothing(host: Host) -> None:
    waiting, go = asyncio.Event(), asyncio.Event()

    async def body(stream: Stream) -> object:
        read = asyncio.ensure_future(stream.read(10))
        await asyncio.sleep(0)
        waiting.set()
        await go.wait()
        read.cancel()
        await asyncio.gather(read, return_exceptions=True)
        return await stream.read(10)

    session = Session(body)
    _, writer = await connect(host.listen(session))
    await waiting.wait()
    go.set()
    writer.write(b"kept")
    assert await session.outcome() == b"kept"
    writer.close()


async def test_wake_before_and_during_a_read(host: Host) -> None:
    async def body(stream: Stream) -> object:
        stream.wake()
        with pytest.raises(Woken):
            await stream.read(10)
        asyncio.get_running_loop().call_later(0.01, stream.wake)
        with pytest.raises(Woken):
            await stream.read(10)
        stream.write(b"now\n")
        return await stream.read(10)

    session = Session(body)
    reader, writer = await connect(host.listen(session))
    assert await reader.readline() == b"now\n"
    writer.write(b"x")
    assert await session.outcome() == b"x"
    writer.close()


async def test_a_peer_that_takes_nothing_is_gone(host: Host) -> None:
    async def body(stream: Stream) -> object:
        while True:
            stream.write(bytes(1024 * 1024))
            await stream.drain(0.1)

    session = Session(body)
    sock = socket.create_connection(("127.0.0.1", host.listen(session)))
    assert isinstance(await session.outcome(), PeerGone)
    sock.close()


async def test_a_slow_peer_is_not_gone(host: Host) -> None:
    async def body(stream: Stream) -> object:
        stream.write(bytes(16 * 1024 * 1024))
        await stream.drain(0.3)
        return "drained"

    session = Session(body)
    reader, writer = await connect(host.listen(session))
    got = 0
    while got < 16 * 1024 * 1024 and not session.result.done():
        got += len(await reader.read(65536))
        await asyncio.sleep(0.002)
    assert await session.outcome() == "drained"
    writer.close()


async def test_reset_is_peer_gone(host: Host) -> None:
    session = Session(lambda stream: stream.read(10))
    sock = socket.create_connection(("127.0.0.1", host.listen(session)))
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")
    sock.close()
    assert isinstance(await session.outcome(), PeerGone | bytes)


async def test_close_sends_what_is_queued(host: Host) -> None:
    async def body(stream: Stream) -> object:
        stream.write(bytes(1_000_000))
        stream.close()
        stream.close()
        stream.write(b"ignored")
        return None

    reader, writer = await connect(host.listen(Session(body)))
    assert len(await reader.read()) == 1_000_000
    writer.close()


async def test_tls_from_the_start(host: Host, server_tls: ssl.SSLContext, client_tls: ssl.SSLContext) -> None:
    async def body(stream: Stream) -> object:
        stream.write(await stream.read(10))
        return stream.tls

    session = Session(body)
    port = host.listen(session, tls=lambda: server_tls)
    reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=client_tls, server_hostname="localhost")
    writer.write(b"hi\n")
    assert await reader.readline() == b"hi\n"
    told = await session.outcome()
    assert told is not None
    assert (told.version, told.server_name) == ("TLSv1.3", "localhost")  # type: ignore[attr-defined]
    writer.close()


async def test_start_tls_drops_what_was_said_in_the_clear(
    host: Host, server_tls: ssl.SSLContext, client_tls: ssl.SSLContext
) -> None:
    async def body(stream: Stream) -> object:
        await stream.read(10)
        stream.write(b"go\n")
        await stream.start_tls(server_tls, 5)
        return await stream.read(10)

    session = Session(body)
    reader, writer = await connect(host.listen(session))
    writer.write(b"STARTTLS\n")
    assert await reader.readline() == b"go\n"
    await writer.start_tls(client_tls, server_hostname="localhost")
    writer.write(b"under tls")
    assert await session.outcome() == b"under tls"
    writer.close()


async def test_bytes_behind_starttls_never_count(host: Host, server_tls: ssl.SSLContext) -> None:
    arrived = asyncio.Event()

    async def body(stream: Stream) -> object:
        first = await stream.read(10)
        assert first == b"STARTTLS\n"
        while not stream.has_input():
            await asyncio.sleep(0)
        arrived.set()
        await stream.start_tls(server_tls, 1)
        return "upgraded"

    session = Session(body)
    reader, writer = await connect(host.listen(session))
    writer.write(b"STARTTLS\n")
    await writer.drain()
    await asyncio.sleep(0.05)
    writer.write(b"injected\n")
    await arrived.wait()
    writer.write(b"no hello")
    assert isinstance(await session.outcome(), PeerGone)
    assert b"injected" not in await reader.read()
    writer.close()


async def test_plain_talk_to_a_tls_port_harms_nobody(host: Host, server_tls: ssl.SSLContext) -> None:
    served = []

    async def body(stream: Stream) -> None:
        served.append(stream)

    port = host.listen(body, tls=lambda: server_tls)
    reader, writer = await connect(port)
    writer.write(b"EHLO client\r\n" * 10)
    assert b"EHLO" not in await reader.read()
    writer.close()
    async with asyncio.timeout(5):
        await host.listeners[0].wait_empty()
    assert served == []


@pytest.mark.parametrize(
    "abuse", [b"", b"\x16\x03\x01", b"\x00" * 5000, b"\x15\x03\x03\x00\x02\x02\x28", b"\x17\x03\x03\xff\xff"]
)
@pytest.mark.parametrize("resets", [False, True])
async def test_abuse_of_tls_is_no_error_of_ours(
    host: Host, server_tls: ssl.SSLContext, caplog: pytest.LogCaptureFixture, abuse: bytes, resets: bool
) -> None:
    port = host.listen(echo, tls=lambda: server_tls)
    sock = socket.create_connection(("127.0.0.1", port))
    sock.sendall(abuse)
    if resets:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")
    sock.close()
    while host.listeners[0].count == 0 and not host.listeners[0]._tasks:
        await asyncio.sleep(0)
    async with asyncio.timeout(5):
        await host.listeners[0].wait_empty()
    assert [record for record in caplog.records if record.levelname == "ERROR"] == []


async def test_garbage_within_tls_is_peer_gone(
    host: Host, server_tls: ssl.SSLContext, client_tls: ssl.SSLContext, caplog: pytest.LogCaptureFixture
) -> None:
    session = Session(lambda stream: stream.read(10))
    port = host.listen(session, tls=lambda: server_tls)

    def talk() -> None:
        raw = socket.create_connection(("127.0.0.1", port))
        wrapped = client_tls.wrap_socket(raw, do_handshake_on_connect=True)
        plain = socket.socket(fileno=wrapped.detach())
        plain.sendall(b"QUIT\r\n" * 10)
        plain.recv(10)
        plain.close()

    talking = asyncio.create_task(asyncio.to_thread(talk))
    assert isinstance(await session.outcome(), PeerGone | bytes)
    await talking
    assert [record for record in caplog.records if record.levelname == "ERROR"] == []
