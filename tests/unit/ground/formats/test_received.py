"""Return-Path and Received."""

from mailstead.ground.formats.received import count_hops, render_trace
from mailstead.ground.model.address import Address
from mailstead.ground.model.envelope import Client
from mailstead.ground.model.ids import Instant

AT = Instant(1_795_168_800_000)


def trace(
    client: Client, recipient: Address | None = None, sender: Address | None = None, *, return_path: bool = False
) -> bytes:
    return render_trace(
        client, by="mail.example.net", id="42", at=AT, recipient=recipient, sender=sender, return_path=return_path
    )


def test_everything_known() -> None:
    client = Client(ip="192.0.2.1", helo="mx.example.org", protocol="ESMTPS", tls="TLSv1.3 TLS_AES_256_GCM_SHA384")
    assert trace(client, Address("ann", "example.net"), Address("bob", "example.org"), return_path=True) == (
        b"Return-Path: <bob@example.org>\r\n"
        b"Received: from mx.example.org ([192.0.2.1]) by mail.example.net with ESMTPS\r\n"
        b"\t(TLSv1.3) id 42 for <ann@example.net> tls TLS_AES_256_GCM_SHA384;\r\n"
        b"\tFri, 20 Nov 2026 10:00:00 +0000\r\n"
    )


def test_null_sender_and_no_recipient() -> None:
    text = trace(Client(ip="192.0.2.1", helo="a.example"), return_path=True)
    assert text.startswith(b"Return-Path: <>\r\nReceived: from a.example ")
    assert b" for " not in text


def test_ipv6_literal() -> None:
    """RFC 5321 §4.1.3."""
    assert b"from [IPv6:2001:db8::1] ([IPv6:2001:db8::1])" in trace(Client(ip="2001:db8::1"))


def test_a_cipher_name_of_openssl_is_a_comment() -> None:
    text = trace(Client(ip="192.0.2.1", helo="a", tls="TLSv1.2 ECDHE-RSA-AES128-GCM-SHA256"))
    assert b"(TLSv1.2 ECDHE-RSA-AES128-GCM-SHA256)" in text
    assert b" tls " not in text


def test_a_hostile_helo_stays_one_word() -> None:
    for helo in ("a\r\nX-Evil: yes\r\n\r\nbody", "a\0b", "a (b", "a; b", "x" * 5000, "\ud800", '"a"'):
        text = trace(Client(ip="192.0.2.1", helo=helo, protocol="E\r\nX: y", tls="a\r\nb c\r\nd"))
        assert text.count(b"\r\n") == len(text.splitlines())
        assert b"\0" not in text
        assert all(line.startswith((b"Received:", b"\t")) for line in text.splitlines())
        assert text.count(b"(") == text.count(b")")
        assert text.count(b";") == 1
        assert all(len(line) <= 998 for line in text.splitlines())


def test_lines_are_folded() -> None:
    text = trace(Client(ip="192.0.2.1", helo="a.example", protocol="ESMTPSA"), Address("a" * 40, "b.example"))
    assert all(len(line) <= 78 for line in text.splitlines())


def test_utf8_address() -> None:
    """RFC 6531 §3.7.3."""
    text = trace(Client(ip="192.0.2.1", helo="a.example", protocol="UTF8SMTP"), Address("jürgen", "example.net"))
    assert "for <jürgen@example.net>".encode() in text


def test_hops() -> None:
    assert count_hops(b"Received: a\r\n\tReceived: no\r\nRECEIVED : b\r\nX-Received: c\r\nreceived:d\r\n\r\n") == 3
    assert count_hops(b"") == 0
