"""What is sent, and what can never be."""

import pytest

from mailstead.ground.model.address import Address
from mailstead.ground.model.envelope import BodyType, DsnRequest
from mailstead.ground.model.errors import Invalid
from mailstead.ground.wire.smtp.client.capabilities import Capabilities, parse_capabilities
from mailstead.ground.wire.smtp.client.commands import MailWords, render, render_mail, render_rcpt, xtext
from mailstead.ground.wire.smtp.client.content import BareLineEnd, DotStuffer
from mailstead.ground.wire.smtp.client.replies import Reply

ANN = Address.parse("ann@a.test")


def test_mail() -> None:
    assert render_mail(None) == b"MAIL FROM:<>\r\n"
    words = MailWords(
        size=12, body=BodyType.EIGHT_BIT, smtputf8=True, require_tls=True, ret="HDRS", envid="a+20b", priority=-3,
        by="120;RT",
    )  # fmt: skip
    assert render_mail(ANN, words) == (
        b"MAIL FROM:<ann@a.test> SIZE=12 BODY=8BITMIME RET=HDRS ENVID=a+20b MT-PRIORITY=-3 BY=120;RT SMTPUTF8"
        b" REQUIRETLS\r\n"
    )
    assert render_mail(Address.of("grüße", "a.test")) == "MAIL FROM:<grüße@a.test>\r\n".encode()
    assert render_mail(Address.of("a b", "a.test")) == b'MAIL FROM:<"a b"@a.test>\r\n'


def test_rcpt() -> None:
    dsn = DsnRequest(frozenset({"DELAY", "FAILURE"}), "rfc822;bob@b.test")
    assert render_rcpt(ANN, dsn) == b"RCPT TO:<ann@a.test> NOTIFY=FAILURE,DELAY ORCPT=rfc822;bob@b.test\r\n"
    assert render_rcpt(ANN, DsnRequest(frozenset({"NEVER"}))) == b"RCPT TO:<ann@a.test> NOTIFY=NEVER\r\n"


def test_orcpt_for_servers_without_utf8() -> None:
    dsn = DsnRequest(None, "utf-8;grü@b.test")
    assert render_rcpt(ANN, dsn) == b"RCPT TO:<ann@a.test> ORCPT=utf-8;gr\\x{FC}@b.test\r\n"
    assert "ORCPT=utf-8;grü@b.test" in render_rcpt(ANN, dsn, smtputf8=True).decode()


@pytest.mark.parametrize("bad", ["\r", "\n", "\0", "\r\nRCPT TO:<x@y.test>", "\x1b", "\x7f"])
def test_nothing_gets_in(bad: str) -> None:
    with pytest.raises(Invalid):
        render_mail(Address(f"a{bad}", "b.test"))  # not by `of`, which refuses it too
    with pytest.raises(Invalid):
        render_mail(ANN, MailWords(envid=f"a{bad}"))
    with pytest.raises(Invalid):
        render_rcpt(ANN, DsnRequest(None, f"rfc822;{bad}"))
    with pytest.raises(Invalid):
        render("EHLO", f"a{bad}")


@pytest.mark.parametrize("bad", ["a b", "", "a=b", "x SMTPUTF8"])
def test_no_parameter_carries_another(bad: str) -> None:
    with pytest.raises(Invalid):
        render_mail(ANN, MailWords(envid=bad))


def test_xtext() -> None:
    assert xtext("a+b=c d\u00fc") == "a+2Bb+3Dc+20d+C3+BC"


def test_capabilities() -> None:
    lines = (
        "mx.b.test says hello", "PIPELINING", "size 10240000", "8bitmime", "BINARYMIME", "CHUNKING", "SMTPUTF8", "DSN",
        "STARTTLS", "REQUIRETLS", "AUTH PLAIN login", "AUTH=SCRAM-SHA-256", "DELIVERBY 240", "MT-PRIORITY MIXER",
        "FUTURERELEASE 86400 x", "LIMITS MAILMAX=5 RCPTMAX=20 RCPTDOMAINMAX=1", "X-ELSE", "",
    )  # fmt: skip
    assert parse_capabilities(Reply(250, lines)) == Capabilities(
        size=10240000, pipelining=True, eight_bit=True, binary=True, chunking=True, smtputf8=True, dsn=True,
        starttls=True, require_tls=True, auth=frozenset({"PLAIN", "LOGIN", "SCRAM-SHA-256"}), deliver_by=240,
        priority=True, future_release=True, rcpt_max=20, mail_max=5,
    )  # fmt: skip


@pytest.mark.parametrize("line", ["SIZE", "SIZE x", "SIZE -1", "SIZE " + "9" * 30])
def test_a_size_that_says_nothing(line: str) -> None:
    assert parse_capabilities(Reply(250, ("b", line))).size == 0


@pytest.mark.parametrize("line", ["LIMITS", "LIMITS RCPTMAX=0", "LIMITS RCPTMAX=x", "LIMITS =3"])
def test_limits_that_say_nothing(line: str) -> None:
    assert parse_capabilities(Reply(250, ("b", line))).rcpt_max is None


def test_the_first_line_offers_nothing() -> None:
    assert parse_capabilities(Reply(250, ("PIPELINING",))) == Capabilities()


@pytest.mark.parametrize(
    ("content", "sent"),
    [
        (b"", b".\r\n"),
        (b"a\r\n", b"a\r\n.\r\n"),
        (b"a", b"a\r\n.\r\n"),
        (b".\r\n", b"..\r\n.\r\n"),
        (b"a\r\n.b\r\n..\r\n", b"a\r\n..b\r\n...\r\n.\r\n"),
        (b"a.\r\n", b"a.\r\n.\r\n"),
    ],
)
def test_dots(content: bytes, sent: bytes) -> None:
    stuffer = DotStuffer()
    assert stuffer.encode(content) + stuffer.end() == sent


@pytest.mark.parametrize("content", [b"a\nb", b"a\rb", b"\n.\r\n", b"\r\n\r.\r\n"])
def test_bare_line_ends_never_leave(content: bytes) -> None:
    stuffer = DotStuffer()
    with pytest.raises(BareLineEnd):
        stuffer.encode(content + b"\r\n")


def test_a_bare_cr_at_the_end() -> None:
    stuffer = DotStuffer()
    stuffer.encode(b"a\r")
    with pytest.raises(BareLineEnd):
        stuffer.end()
