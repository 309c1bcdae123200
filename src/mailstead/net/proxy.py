"""The PROXY protocol (haproxy's proxy-protocol.txt), v1 and v2: a trusted proxy tells whose connection it brings.

Pure: bytes in, what they say out. The longest header is 536 bytes (§2.2); v1 is at most 107 (§2.1).
"""

import ipaddress
import struct
from dataclasses import dataclass
from typing import Final

SIGNATURE: Final = b"\r\n\r\n\x00\r\nQUIT\n"
MOST_HEADER: Final = 536
_MOST_V1: Final = 107
_FIXED: Final = 16
_INET: Final = struct.Struct("!4s4sHH")
_INET6: Final = struct.Struct("!16s16sHH")


class BadProxyHeader(Exception):  # noqa: N818
    """What the proxy sent is no PROXY header."""


@dataclass(frozen=True, slots=True)
class ProxyHeader:
    """`length` bytes of header. Without an address (LOCAL, UNKNOWN) the connection speaks for the proxy itself."""

    length: int
    ip: str = ""
    port: int = 0


def parse_proxy(data: bytes) -> ProxyHeader | None:
    """The header at the start of `data`; None if more bytes are needed; BadProxyHeader."""
    if data[: len(SIGNATURE)] == SIGNATURE[: len(data)]:
        return _parse_v2(data)
    if data[:6] == b"PROXY "[: len(data)]:
        return _parse_v1(data)
    raise BadProxyHeader("no signature")


def _parse_v1(data: bytes) -> ProxyHeader | None:
    end = data.find(b"\r\n", 0, _MOST_V1)
    if end < 0:
        if len(data) >= _MOST_V1:
            raise BadProxyHeader("v1 line too long")
        return None
    match data[:end].split(b" "):
        case [b"PROXY", b"UNKNOWN", *_]:
            return ProxyHeader(end + 2)
        case [b"PROXY", (b"TCP4" | b"TCP6") as family, source, target, port, target_port]:
            version = 4 if family == b"TCP4" else 6
            _address(target, version)
            _port(target_port)
            return ProxyHeader(end + 2, _address(source, version), _port(port))
        case _:
            raise BadProxyHeader("v1 line malformed")


def _address(text: bytes, version: int) -> str:
    try:
        address = ipaddress.ip_address(text.decode("ascii"))
    except ValueError:
        raise BadProxyHeader("no address") from None
    if address.version != version:
        raise BadProxyHeader("address of the other family")
    return _plain(address)


def _port(text: bytes) -> int:
    # §2.1: decimal without leading zeroes
    if not text.isdigit() or len(text) > 5 or (text[:1] == b"0" and text != b"0") or int(text) > 65535:
        raise BadProxyHeader("no port")
    return int(text)


def _parse_v2(data: bytes) -> ProxyHeader | None:
    if len(data) < _FIXED:
        return None
    kind, family, size = data[12], data[13], int.from_bytes(data[14:16], "big")
    if kind not in (0x20, 0x21):
        raise BadProxyHeader("unknown version or command")
    if _FIXED + size > MOST_HEADER:
        raise BadProxyHeader("v2 header too long")
    if len(data) < _FIXED + size:
        return None
    length = _FIXED + size
    body = data[_FIXED:length]
    if kind == 0x20:  # LOCAL: a health check of the proxy's own
        return ProxyHeader(length)
    match family:
        case 0x11:
            return _endpoint(_INET, body, length)
        case 0x21:
            return _endpoint(_INET6, body, length)
        case 0x00 | 0x12 | 0x22 | 0x31 | 0x32:  # §2.2: what we cannot use counts as UNSPEC
            return ProxyHeader(length)
        case _:
            raise BadProxyHeader("unknown family")


def _endpoint(layout: struct.Struct, body: bytes, length: int) -> ProxyHeader:
    if len(body) < layout.size:
        raise BadProxyHeader("v2 addresses cut short")
    source, _, port, _ = layout.unpack_from(body)
    return ProxyHeader(length, _plain(ipaddress.ip_address(source)), port)


def _plain(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> str:
    mapped = getattr(address, "ipv4_mapped", None)
    return str(mapped or address)
