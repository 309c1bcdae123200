"""Connections that we open: to an address, to a Unix socket, through a SOCKS5 proxy. Each within a time."""

import asyncio
import os
from collections.abc import Callable
from typing import Final, TypeVar

from mailstead.ground.wire.socks import (
    Proxy,
    ProxyRefused,
    parse_connected,
    parse_login,
    parse_method,
    render_connect,
    render_greeting,
    render_login,
)
from mailstead.net.connection import Connection
from mailstead.net.stream import PeerGone, TimedOut
from mailstead.net.sweep import Sweep

T = TypeVar("T")
_PROXY_REPLY_MAX: Final = 512


class DialFailed(Exception):  # noqa: N818
    """Nobody answers there; the words say how we know."""


class Dialer:
    """Opens connections for one purpose."""

    def __init__(self, purpose: str, sweep: Sweep, *, bind_ipv4: str = "", bind_ipv6: str = "") -> None:
        self._purpose = purpose
        self._sweep = sweep
        self._bind_ipv4 = bind_ipv4
        self._bind_ipv6 = bind_ipv6

    async def connect(self, ip: str, port: int, timeout: float) -> Connection:  # noqa: ASYNC109
        """To an address; DialFailed."""
        bind = self._bind_ipv6 if ":" in ip else self._bind_ipv4
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(timeout):
                _, connection = await loop.create_connection(
                    self._protocol, ip, port, local_addr=(bind, 0) if bind else None
                )
        except OSError as error:  # the timeout is one
            raise DialFailed(_words(error)) from None
        connection.peer_ip, connection.peer_port = ip, port
        return connection

    async def connect_path(self, path: str, timeout: float) -> Connection:  # noqa: ASYNC109
        """To a Unix socket; DialFailed."""
        try:
            async with asyncio.timeout(timeout):
                _, connection = await asyncio.get_running_loop().create_unix_connection(self._protocol, path)
        except OSError as error:
            raise DialFailed(_words(error)) from None
        return connection

    async def connect_by_proxy(self, proxy: Proxy, host: str, port: int, timeout: float) -> Connection:  # noqa: ASYNC109
        """To a host, by its address or by a name that the proxy looks up; DialFailed."""
        ends_at = asyncio.get_running_loop().time() + timeout
        connection = await self._connect_to_proxy(proxy, timeout)
        try:
            async with asyncio.timeout_at(ends_at):
                await _negotiate(connection, proxy, host, port, timeout)
        except (TimeoutError, PeerGone, TimedOut, ProxyRefused) as error:
            connection.abort()
            raise DialFailed(f"proxy {proxy.host}: {str(error) or 'no answer in time'}") from None
        except BaseException:
            connection.abort()
            raise
        connection.peer_ip, connection.peer_port = host, port
        return connection

    async def _connect_to_proxy(self, proxy: Proxy, timeout: float) -> Connection:  # noqa: ASYNC109
        try:
            async with asyncio.timeout(timeout):
                _, connection = await asyncio.get_running_loop().create_connection(
                    self._protocol, proxy.host, proxy.port
                )
        except OSError as error:
            raise DialFailed(f"proxy {proxy.host}: {_words(error)}") from None
        return connection

    def _protocol(self) -> Connection:
        return Connection(self._purpose, self._sweep, lambda _: None)


async def _negotiate(connection: Connection, proxy: Proxy, host: str, port: int, timeout: float) -> None:  # noqa: ASYNC109
    """RFC 1928 §3 to §6; what the host said at once after the proxy's reply stays unread."""
    unread = b""

    async def ask(request: bytes, parse: Callable[[bytes], T | None]) -> T:
        nonlocal unread
        connection.write(request)
        while (found := parse(unread)) is None:
            data = await connection.read(timeout)
            if not data or len(unread) > _PROXY_REPLY_MAX:
                raise ProxyRefused("it ended the connection" if not data else "not SOCKS5")
            unread += data
        return found

    if await ask(render_greeting(proxy), parse_method):
        unread = unread[2:]
        await ask(render_login(proxy), parse_login)
    unread = unread[2:]
    length = await ask(render_connect(host, port), parse_connected)
    connection.unread(unread[length:])


def _words(error: OSError) -> str:
    """An errno's own words: asyncio's and uvloop's differ, and tell addresses again."""
    if isinstance(error, TimeoutError):
        return "no answer in time"
    return os.strerror(error.errno) if error.errno is not None and error.errno > 0 else str(error)
