"""Connections that we open: directly, bound to an address, over a Unix socket, through SOCKS5."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest

from mailstead.ground.wire.socks import Proxy
from mailstead.net.dial import Dialer, DialFailed
from mailstead.net.stream import TlsFailed
from mailstead.net.sweep import Sweep
from mailstead.net.tls import BadCertificate, ClientContexts


def dialer(**more: str) -> Dialer:
    return Dialer("test", Sweep(0.01), **more)


class Socks:
    """A SOCKS5 server of one answer; what it was asked is kept."""

    def __init__(self, login: bytes = b"", reply: bytes = b"\x05\x00\x00\x01\0\0\0\0\0\0", behind: bytes = b"") -> None:
        self.login, self.reply, self.behind = login, reply, behind
        self.asked = b""
        self.port = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(asyncio.IncompleteReadError, ConnectionError):
            _, count = await reader.readexactly(2)
            methods = await reader.readexactly(count)
            if self.login and 2 in methods:
                writer.write(b"\x05\x02")
                asked = await reader.readexactly(len(self.login))
                writer.write(b"\x01\x00" if asked == self.login else b"\x01\x01")
            else:
                writer.write(b"\x05\xff" if self.login else b"\x05\x00")
            self.asked = await reader.readexactly(4)
            rest = {1: 4, 4: 16}.get(self.asked[3]) or (await reader.readexactly(1))[0]
            self.asked += await reader.readexactly(rest + 2)
            for octet in self.reply[:4]:
                writer.write(bytes((octet,)))
                await writer.drain()
            writer.write(self.reply[4:] + self.behind)
            await reader.read()
        writer.close()

    @asynccontextmanager
    async def listen(self) -> AsyncIterator["Socks"]:
        server = await asyncio.start_server(self.serve, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        async with server:
            yield self


async def test_through_a_proxy_by_address() -> None:
    async with Socks(behind=b"220 hi\r\n").listen() as socks:
        connection = await dialer().connect_by_proxy(Proxy("127.0.0.1", socks.port), "192.0.2.1", 25, 10)
        assert await connection.read(10) == b"220 hi\r\n"
        assert (connection.peer_ip, connection.peer_port) == ("192.0.2.1", 25)
        connection.abort()
    assert socks.asked == b"\x05\x01\x00\x01\xc0\x00\x02\x01\x00\x19"


async def test_through_a_proxy_by_name_and_with_a_password() -> None:
    async with Socks(login=b"\x01\x01u\x02pw").listen() as socks:
        connection = await dialer().connect_by_proxy(Proxy("127.0.0.1", socks.port, "u", "pw"), "mx.test", 25, 10)
        connection.abort()
    assert socks.asked == b"\x05\x01\x00\x03mx.test\x00\x19"


@pytest.mark.parametrize(
    ("login", "proxy_login", "reply", "why"),
    [
        (b"\x01\x01u\x02pw", ("u", "xx"), b"", "refused the login"),
        (b"\x01\x01u\x02pw", ("", ""), b"", "another login"),
        (b"", ("", ""), b"\x05\x04\x00\x01\0\0\0\0\0\0", "host unreachable"),
        (b"", ("", ""), b"HTTP/1.1 400", "not SOCKS5"),
    ],
)
async def test_what_a_proxy_refuses(login: bytes, proxy_login: tuple[str, str], reply: bytes, why: str) -> None:
    async with Socks(login=login, reply=reply).listen() as socks:
        with pytest.raises(DialFailed, match=why):
            await dialer().connect_by_proxy(Proxy("127.0.0.1", socks.port, *proxy_login), "192.0.2.1", 25, 10)


async def test_a_proxy_that_says_nothing() -> None:
    async with Socks(reply=b"").listen() as socks:
        with pytest.raises(DialFailed, match="no answer in time"):
            await dialer().connect_by_proxy(Proxy("127.0.0.1", socks.port), "192.0.2.1", 25, 0.05)


async def test_nobody_there() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
        with pytest.raises(DialFailed, match="Connection refused"):
            await dialer().connect("127.0.0.1", port, 10)
        with pytest.raises(DialFailed, match=r"proxy 127.0.0.1: Connection refused"):
            await dialer().connect_by_proxy(Proxy("127.0.0.1", port), "192.0.2.1", 25, 10)


async def test_no_answer_in_time() -> None:
    with socket.socket() as full:  # a queue of one that is full: the handshake is not answered
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        address = full.getsockname()
        with socket.create_connection(address), pytest.raises(DialFailed, match="no answer in time"):
            await dialer().connect(*address, 0.05)


async def test_from_an_address_of_ours() -> None:
    seen: asyncio.Queue[str] = asyncio.Queue()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        seen.put_nowait(writer.get_extra_info("peername")[0])
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        connection = await dialer(bind_ipv4="127.0.0.9").connect(*server.sockets[0].getsockname(), 10)
        assert connection.local_ip == "127.0.0.9"
        assert await seen.get() == "127.0.0.9"
        connection.abort()


async def test_a_path(tmp_path: Path) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"hi")
        writer.close()

    path = str(tmp_path / "socket")
    async with await asyncio.start_unix_server(serve, path):
        connection = await dialer().connect_path(path, 10)
        assert (await connection.read(10), connection.local_ip) == (b"hi", "")
        connection.abort()
    with pytest.raises(DialFailed):
        await dialer().connect_path(str(tmp_path / "none"), 10)


async def test_a_handshake_with_someone_else() -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.write(b"this is not TLS at all\r\n")
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        connection = await dialer().connect(*server.sockets[0].getsockname(), 10)
        with pytest.raises(TlsFailed) as caught:
            await connection.start_client_tls(ClientContexts().get(is_verified=False), 10, "mx.test")
    assert caught.value.verify_code == 0


def test_contexts_are_made_once(tmp_path: Path) -> None:
    contexts = ClientContexts()
    assert contexts.get(is_verified=True) is contexts.get(is_verified=True)
    assert contexts.get(is_verified=True) is not contexts.get(is_verified=False)
    with pytest.raises(BadCertificate):
        ClientContexts(tmp_path / "none").get(is_verified=True)
