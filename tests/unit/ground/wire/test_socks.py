"""RFC 1928 and RFC 1929, octet by octet."""

import pytest

from mailstead.ground.model.errors import Invalid
from mailstead.ground.wire.socks import (
    Proxy,
    ProxyRefused,
    parse_connected,
    parse_login,
    parse_method,
    parse_proxy_url,
    render_connect,
    render_greeting,
    render_login,
)


def test_urls() -> None:
    assert parse_proxy_url("socks5://u%40x:p%3A@proxy.test:1081") == Proxy("proxy.test", 1081, "u@x", "p:")
    assert parse_proxy_url("socks5://[::1]") == Proxy("::1", 1080)
    assert "p:" not in repr(Proxy("h", 1, "u", "p:"))


@pytest.mark.parametrize("url", ["", "http://x:1", "socks5://", "socks5://x:y", f"socks5://{'u' * 256}:p@x:1"])
def test_urls_that_are_none(url: str) -> None:
    with pytest.raises(Invalid):
        parse_proxy_url(url)


def test_requests() -> None:
    assert render_greeting(Proxy("h", 1)) == b"\x05\x01\x00"
    assert render_greeting(Proxy("h", 1, "u", "p")) == b"\x05\x02\x00\x02"
    assert render_login(Proxy("h", 1, "ab", "c")) == b"\x01\x02ab\x01c"
    assert render_connect("192.0.2.1", 25) == b"\x05\x01\x00\x01\xc0\x00\x02\x01\x00\x19"
    assert render_connect("mx.test", 587) == b"\x05\x01\x00\x03\x07mx.test\x02\x4b"
    assert (
        render_connect("2001:db8::1", 25) == b"\x05\x01\x00\x04" + bytes.fromhex("20010db8") + bytes(11) + b"\x01\0\x19"
    )


def test_replies_come_in_pieces() -> None:
    assert [parse_method(b"\x05\x02"[:n]) for n in range(3)] == [None, None, True]
    assert parse_method(b"\x05\x00") is False
    assert [parse_login(b"\x01\x00"[:n]) for n in range(3)] == [None, None, True]
    for address in (b"\x01" + bytes(4), b"\x03\x02ab", b"\x04" + bytes(16)):
        whole = b"\x05\x00\x00" + address + b"\x00\x19"
        assert [parse_connected(whole[:n]) for n in range(len(whole))] == [None] * len(whole)
        assert parse_connected(whole + b"220 hi") == len(whole)


@pytest.mark.parametrize(
    ("parse", "data", "why"),
    [
        (parse_method, b"\x04\x00", "not SOCKS5"),
        (parse_method, b"\x05\xff", "another login"),
        (parse_method, b"HT", "not SOCKS5"),
        (parse_login, b"\x01\x01", "refused the login"),
        (parse_connected, b"\x05\x05\x00\x01\x00", "connection refused"),
        (parse_connected, b"\x05\x99\x00\x01\x00", "error 153"),
        (parse_connected, b"\x05\x00\x00\x09\x00", "not SOCKS5"),
        (parse_connected, b"HTTP/", "not SOCKS5"),
    ],
)
def test_refusals(parse: object, data: bytes, why: str) -> None:
    with pytest.raises(ProxyRefused, match=why):
        parse(data)  # type: ignore[operator]


@pytest.mark.parametrize("name", ["", "x" * 256, "m\u00fc.test"])
def test_a_name_has_its_limits(name: str) -> None:
    with pytest.raises(Invalid):
        render_connect(name, 25)
