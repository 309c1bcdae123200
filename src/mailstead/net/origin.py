"""Whose connection it is: trusted networks, the address a proxy tells, the key under which an address is limited."""

import asyncio
import socket
from collections.abc import Iterable
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import Final

from mailstead.net.proxy import MOST_HEADER, BadProxyHeader, ProxyHeader, parse_proxy

Networks = tuple[IPv4Network | IPv6Network, ...]
HEADER_TIME: Final = 5.0
_PAUSE: Final = 0.01


def networks(texts: Iterable[str]) -> Networks:
    """Networks from their usual text; ValueError."""
    return tuple(ip_network(text, strict=False) for text in texts)


@lru_cache(maxsize=4096)
def is_within(ip: str, trusted: Networks) -> bool:
    """Whether an address lies in one of the networks."""
    if not trusted:
        return False
    address = ip_address(ip)
    return any(address in network for network in trusted)


@lru_cache(maxsize=4096)
def limit_key(ip: str) -> str:
    """An IPv6 customer has a whole /64, so that is what is limited."""
    return str(ip_network((ip, 64), strict=False)) if ":" in ip else ip


async def told_by_proxy(sock: socket.socket, proxy_ip: str) -> tuple[str, int]:
    """Read the PROXY header off the socket and no byte more: a TLS hello may follow. BadProxyHeader, TimeoutError."""
    loop = asyncio.get_running_loop()
    async with asyncio.timeout(HEADER_TIME):
        header = await _peek(sock)
        left = header.length
        while left:
            left -= len(await loop.sock_recv(sock, left))
    return header.ip or proxy_ip, header.port


async def _peek(sock: socket.socket) -> ProxyHeader:
    while True:
        try:
            data = sock.recv(MOST_HEADER, socket.MSG_PEEK)
            if not data:
                raise BadProxyHeader("closed")
            header = parse_proxy(data)
            if header is not None:
                return header
        except (BlockingIOError, InterruptedError):
            pass
        # peeked bytes keep the socket readable, so waiting for readiness would spin
        await asyncio.sleep(_PAUSE)


def endpoint_of(address: object) -> tuple[str, int]:
    """Address and port of the peer; whoever comes by a Unix socket is of this machine."""
    match address:
        case (str(ip), int(port), *_):
            return _plain(ip), port
        case _:
            return "127.0.0.1", 0


def _plain(ip: str) -> str:
    if ":" not in ip:
        return ip
    mapped = getattr(ip_address(ip.partition("%")[0]), "ipv4_mapped", None)
    return str(mapped) if mapped else ip.partition("%")[0]


def local_port_of(sock: socket.socket) -> int:
    """The port the client came to; 0 by a Unix socket."""
    return int(sock.getsockname()[1]) if sock.family in (socket.AF_INET, socket.AF_INET6) else 0
