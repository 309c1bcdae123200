"""SOCKS5 (RFC 1928) with user name and password (RFC 1929), the client's side. Pure: bytes in, bytes out."""

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote, urlsplit

from mailstead.ground.model.errors import Invalid

_VERSION: Final = 5
_NO_LOGIN, _PASSWORD, _NONE_FITS = 0, 2, 0xFF
_CONNECT: Final = 1
_IPV4, _NAME, _IPV6 = 1, 3, 4
_REFUSALS: Final[Mapping[int, str]] = {  # RFC 1928 §6
    1: "general failure",
    2: "not allowed by its rules",
    3: "network unreachable",
    4: "host unreachable",
    5: "connection refused",
    6: "TTL expired",
    7: "command not supported",
    8: "address type not supported",
}


class ProxyRefused(Exception):  # noqa: N818
    """The proxy will not, or does not speak SOCKS5; the words say why."""


@dataclass(frozen=True, slots=True)
class Proxy:
    """Where it is and who we are there."""

    host: str
    port: int
    login: str = ""
    password: str = ""

    def __repr__(self) -> str:
        """Without the password."""
        return f"Proxy({self.host}:{self.port})"


def parse_proxy_url(url: str) -> Proxy:
    """socks5://user:password@host:port; `Invalid` never shows the password."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        host = port = None
    if host is None or parts.scheme not in ("socks5", "socks5h"):
        raise Invalid("a proxy is written socks5://user:password@host:port")
    login, password = unquote(parts.username or ""), unquote(parts.password or "")
    if max(len(login.encode()), len(password.encode())) > 255:  # RFC 1929 §2
        raise Invalid("login and password of a proxy have at most 255 octets")
    return Proxy(host, port or 1080, login, password)


def render_greeting(proxy: Proxy) -> bytes:
    """RFC 1928 §3: which methods we know."""
    methods = (_NO_LOGIN, _PASSWORD) if proxy.login else (_NO_LOGIN,)
    return bytes((_VERSION, len(methods), *methods))


def parse_method(data: bytes) -> bool | None:
    """True if it asks for the password; None if more bytes are needed."""
    if len(data) < 2:
        return None
    if data[0] != _VERSION or data[1] not in (_NO_LOGIN, _PASSWORD):
        raise ProxyRefused("it wants another login" if data[:2] == bytes((_VERSION, _NONE_FITS)) else "not SOCKS5")
    return data[1] == _PASSWORD


def render_login(proxy: Proxy) -> bytes:
    """RFC 1929 §2."""
    login, password = proxy.login.encode(), proxy.password.encode()
    return b"\x01" + bytes((len(login),)) + login + bytes((len(password),)) + password


def parse_login(data: bytes) -> bool | None:
    """True once it let us in; None if more bytes are needed."""
    if len(data) < 2:
        return None
    if data[1]:
        raise ProxyRefused("it refused the login")
    return True


def render_connect(host: str, port: int) -> bytes:
    """RFC 1928 §4; the host by its address, or by a name that the proxy looks up."""
    return bytes((_VERSION, _CONNECT, 0)) + _address(host) + port.to_bytes(2, "big")


def _address(host: str) -> bytes:
    try:
        ip = ipaddress.ip_address(host)
    except ValueError:
        name = host.encode()
        if not host.isascii() or not 0 < len(name) <= 255:
            raise Invalid("a host name has 1 to 255 octets of ASCII") from None
        return bytes((_NAME, len(name))) + name
    return bytes((_IPV4 if ip.version == 4 else _IPV6,)) + ip.packed


def parse_connected(data: bytes) -> int | None:
    """RFC 1928 §6: how many octets the reply has, once it is whole and good; what follows is the host's own."""
    if len(data) < 5:
        return None
    if data[0] != _VERSION:
        raise ProxyRefused("not SOCKS5")
    if data[1]:
        raise ProxyRefused(_REFUSALS.get(data[1], f"error {data[1]}"))
    sizes = {_IPV4: 4, _IPV6: 16, _NAME: 1 + data[4]}
    if data[3] not in sizes:
        raise ProxyRefused("not SOCKS5")
    length = 4 + sizes[data[3]] + 2
    return length if len(data) >= length else None
