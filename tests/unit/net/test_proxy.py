"""PROXY protocol headers, good and bad (proxy-protocol.txt §2.1, §2.2)."""

import struct

import pytest

from mailstead.net.proxy import SIGNATURE, BadProxyHeader, ProxyHeader, parse_proxy


def v2(kind: int, family: int, body: bytes, size: int | None = None) -> bytes:
    return SIGNATURE + bytes([kind, family]) + struct.pack("!H", len(body) if size is None else size) + body


INET = bytes([192, 0, 2, 1, 192, 0, 2, 2]) + struct.pack("!HH", 40000, 25)
INET6 = (
    bytes.fromhex("20010db8" + "0" * 23 + "1") + bytes.fromhex("20010db8" + "0" * 23 + "2") + struct.pack("!HH", 5, 25)
)
MAPPED = bytes.fromhex("0" * 20 + "ffff" + "c0000201") * 2 + struct.pack("!HH", 5, 25)

GOOD = [
    (b"PROXY TCP4 192.0.2.1 192.0.2.2 40000 25\r\n", "192.0.2.1", 40000),
    (b"PROXY TCP6 2001:db8::1 2001:db8::2 40000 25\r\n", "2001:db8::1", 40000),
    (b"PROXY TCP6 ::ffff:192.0.2.1 ::1 1 25\r\n", "192.0.2.1", 1),
    (b"PROXY TCP4 192.0.2.1 192.0.2.2 0 65535\r\n", "192.0.2.1", 0),
    (b"PROXY UNKNOWN\r\n", "", 0),
    (b"PROXY UNKNOWN ffff:: ffff:: 1 1\r\n", "", 0),
    (v2(0x21, 0x11, INET), "192.0.2.1", 40000),
    (v2(0x21, 0x11, INET + b"\x04\x00\x01x"), "192.0.2.1", 40000),
    (v2(0x21, 0x21, INET6), "2001:db8::1", 5),
    (v2(0x21, 0x21, MAPPED), "192.0.2.1", 5),
    (v2(0x20, 0x00, b""), "", 0),
    (v2(0x20, 0x11, INET), "", 0),
    (v2(0x21, 0x00, b""), "", 0),
    (v2(0x21, 0x31, bytes(216)), "", 0),
]

BAD = [
    b"EHLO client.test\r\n",
    b"\x16\x03\x01\x02\x00\x01",
    b"PROXY TCP4 192.0.2.1 192.0.2.2 40000\r\n",
    b"PROXY TCP4 192.0.2.1 192.0.2.2 40000 25 x\r\n",
    b"PROXY TCP4  192.0.2.1 192.0.2.2 40000 25\r\n",
    b"PROXY TCP4 2001:db8::1 192.0.2.2 40000 25\r\n",
    b"PROXY TCP4 192.0.2.1 2001:db8::1 40000 25\r\n",
    b"PROXY TCP4 192.0.2.256 192.0.2.2 40000 25\r\n",
    b"PROXY TCP4 192.0.2.1 192.0.2.2 65536 25\r\n",
    b"PROXY TCP4 192.0.2.1 192.0.2.2 040 25\r\n",
    b"PROXY TCP4 192.0.2.1 192.0.2.2 -1 25\r\n",
    b"PROXY tcp4 192.0.2.1 192.0.2.2 1 25\r\n",
    b"PROXY TCP4 192.0.2.1\xff 192.0.2.2 1 25\r\n",
    b"PROXY " + b"x" * 200,
    v2(0x11, 0x11, INET),
    v2(0x22, 0x11, INET),
    v2(0x21, 0x11, INET[:-1]),
    v2(0x21, 0x21, INET),
    v2(0x21, 0x99, INET),
    v2(0x21, 0x11, b"", size=521),
]


@pytest.mark.parametrize(("header", "ip", "port"), GOOD)
def test_good_headers_however_cut(header: bytes, ip: str, port: int) -> None:
    assert parse_proxy(header + b"EHLO x\r\n") == ProxyHeader(len(header), ip, port)
    for end in range(len(header)):
        assert parse_proxy(header[:end]) is None


@pytest.mark.parametrize("header", BAD)
def test_bad_headers(header: bytes) -> None:
    with pytest.raises(BadProxyHeader):
        parse_proxy(header)
