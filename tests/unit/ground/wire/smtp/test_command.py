"""Commands by table: what is read, and the reply for what is not."""

import pytest

from mailstead.ground.model.address import Address
from mailstead.ground.model.envelope import BodyType, DsnRequest
from mailstead.ground.wire.smtp.command import (
    Auth,
    Bdat,
    Hello,
    Mail,
    Rcpt,
    parse_auth,
    parse_bdat,
    parse_hello,
    parse_mail,
    parse_rcpt,
    parse_response,
    read_recipient,
    split_command,
)
from mailstead.ground.wire.smtp.fault import Fault
from mailstead.ground.wire.smtp.parameters import ByRequest, MailParameters
from mailstead.ground.wire.smtp.reply import Status


@pytest.mark.parametrize(
    ("line", "verb", "argument"),
    [
        (b"noop", "NOOP", ""),
        (b"MAIL FROM:<>  ", "MAIL", "FROM:<>"),
        (b"EHLO  x", "EHLO", " x"),
        (b"", "", ""),
        ("rcpt TO:<ü@x>".encode(), "RCPT", "TO:<ü@x>"),
    ],
)
def test_split(line: bytes, verb: str, argument: str) -> None:
    assert split_command(line) == (verb, argument)


@pytest.mark.parametrize(
    ("argument", "sender"),
    [
        ("FROM:<>", None),
        ("from:<a@b.test>", "a@b.test"),
        ("FROM: <a@b.test>", "a@b.test"),
        ("FROM:<@r.test,@s.test:a@b.test>", "a@b.test"),
        ('FROM:<"a>b c@d"@b.test>', '"a>b c@d"@b.test'),
        ('FROM:<"a\\"b"@b.test>', '"a\\"b"@b.test'),
        ("FROM:<a@[192.0.2.1]>", "a@[192.0.2.1]"),
        ("FROM:<a@[IPv6:2001:db8::1]>", "a@[IPv6:2001:db8::1]"),
        ("FROM:<A.b+c@LOCALHOST>", "A.b+c@localhost"),
    ],
)
def test_senders(argument: str, sender: str | None) -> None:
    command = parse_mail(argument)
    assert (str(command.sender) if command.sender else None) == sender


@pytest.mark.parametrize(
    ("argument", "status"),
    [
        ("", Status.BAD_SYNTAX),
        ("<a@b.test>", Status.BAD_SYNTAX),
        ("FROM:", Status.BAD_SENDER),
        ("FROM:a@b.test", Status.BAD_SENDER),
        ("FROM:<a@b.test", Status.BAD_SENDER),
        ("FROM:<a@b.test>>", Status.BAD_SENDER),
        ("FROM:<a@b.test>SIZE=1", Status.BAD_SENDER),
        ("FROM:<a>", Status.BAD_SENDER),
        ("FROM:<@b.test>", Status.BAD_SENDER),
        ("FROM:<a@>", Status.BAD_SENDER),
        ("FROM:<a@b@c.test>", Status.BAD_SENDER),
        ("FROM:<a..b@c.test>", Status.BAD_SENDER),
        ("FROM:<a\0b@c.test>", Status.BAD_SENDER),
        ("FROM:<" + "a" * 65 + "@b.test>", Status.BAD_SENDER),
        ("FROM:<a@" + "b" * 300 + ">", Status.BAD_SENDER),
        ("FROM:<ü@b.test>", Status.UTF8_SENDER),
        ("FROM:<a@ü.test>", Status.UTF8_SENDER),
        ("FROM:<a@b.test> SMTPUTF8=1", Status.BAD_SYNTAX),
        ("FROM:<a@b.test> AUTH=", Status.BAD_SYNTAX),
        ("FROM:<a@b.test> AUTH", Status.BAD_SYNTAX),
        ("FROM:<a@b.test> AUTH=a+b", Status.BAD_SYNTAX),
        ("FROM:<a@b.test> BODY=TERNARYMIME", Status.BAD_PARAMETER),
        ("FROM:<a@b.test> REQUIRETLS=1", Status.BAD_SYNTAX),
        ("FROM:<a@b.test> MT-PRIORITY=10", Status.BAD_SYNTAX),
        ("FROM:<a@b.test> MT-PRIORITY=-0", Status.BAD_SYNTAX),
        ("FROM:<a@b.test> MT-PRIORITY", Status.BAD_SYNTAX),
        ("FROM:<a@b.test> MT-PRIORITY=١", Status.BAD_SYNTAX),
        ("FROM:<a@b.test> HOLDFOR=", Status.BAD_SYNTAX),
        ("FROM:<a@b.test> HOLDFOR=-1", Status.BAD_SYNTAX),
        ("FROM:<a@b.test> HOLDFOR=1234567890", Status.BAD_SYNTAX),
        ("FROM:<a@b.test> HOLDFOR=1 HOLDUNTIL=2030-01-01T00:00:00Z", Status.BAD_SYNTAX),
        ("FROM:<a@b.test> HOLDUNTIL=2030-01-01", Status.BAD_SYNTAX),
        ("FROM:<a@b.test> HOLDUNTIL=2030-13-01T00:00:00Z", Status.BAD_SYNTAX),
        ("FROM:<a@b.test> HOLDUNTIL=2030-01-01T00:00:00", Status.BAD_SYNTAX),
        ("FROM:<a@b.test> BY=60", Status.BAD_SYNTAX),
        ("FROM:<a@b.test> BY=0;R", Status.BAD_SYNTAX),
        ("FROM:<a@b.test> BY=-5;RT", Status.BAD_SYNTAX),
        ("FROM:<a@b.test> BY=60;X", Status.BAD_SYNTAX),
        ("FROM:<a@b.test> BY=1234567890;N", Status.BAD_SYNTAX),
        ("FROM:<a@b.test> ENVID=" + "x" * 101, Status.BAD_SYNTAX),
        ("FROM:<a@b.test> ENVID=a+b", Status.BAD_SYNTAX),
    ],
)
def test_bad_senders(argument: str, status: Status) -> None:
    with pytest.raises(Fault) as caught:
        parse_mail(argument)
    assert caught.value.status is status


def test_mail_parameters() -> None:
    assert parse_mail("FROM:<ü@b.test> size=12 SMTPUTF8 Body=8BITMIME RET=FULL ENVID=a+2Bb") == Mail(
        Address("ü", "b.test"),
        MailParameters(
            names=frozenset({"SIZE", "SMTPUTF8", "BODY", "RET", "ENVID"}),
            size=12,
            body=BodyType.EIGHT_BIT,
            smtputf8=True,
            ret="FULL",
            envid="a+2Bb",
        ),
    )


def test_wishes() -> None:
    parameters = parse_mail("FROM:<> REQUIRETLS MT-PRIORITY=-4 HOLDFOR=60 BY=+120;rt AUTH=e+3Dmc2@b.test").parameters
    assert (parameters.require_tls, parameters.priority, parameters.hold_for) == (True, -4, 60)
    assert parameters.by == ByRequest(120, may_be_late=False, is_traced=True)
    assert parse_mail("FROM:<> BODY=BINARYMIME AUTH=<>").parameters.body is BodyType.BINARY
    assert parse_mail("FROM:<> BY=-5;N").parameters.by == ByRequest(-5, may_be_late=True, is_traced=False)


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("2026-11-20T10:00:00Z", 1_795_168_800_000),
        ("2026-11-20t10:00:00.250z", 1_795_168_800_250),
        ("2026-11-20T12:00:00+02:00", 1_795_168_800_000),
    ],
)
def test_hold_until(text: str, at: int) -> None:
    assert parse_mail(f"FROM:<> HOLDUNTIL={text}").parameters.hold_until == at


@pytest.mark.parametrize(
    ("argument", "command"),
    [
        ("plain", Auth("PLAIN", None)),
        ("PLAIN =", Auth("PLAIN", b"")),
        ("PLAIN  AGEAYg==", Auth("PLAIN", b"\0a\0b")),
        ("SCRAM-SHA-256 biws", Auth("SCRAM-SHA-256", b"n,,")),
    ],
)
def test_auth(argument: str, command: Auth) -> None:
    assert parse_auth(argument) == command


@pytest.mark.parametrize(
    ("argument", "status"),
    [
        ("", Status.BAD_SYNTAX),
        ("PLÄIN", Status.BAD_SYNTAX),
        ("X" * 21, Status.BAD_SYNTAX),
        ("PLAIN a b", Status.BAD_SYNTAX),
        ("PLAIN =AAA", Status.BAD_RESPONSE),
        ("PLAIN AAA=BBB=", Status.BAD_RESPONSE),
        ("PLAIN AAA", Status.BAD_RESPONSE),
        ("PLAIN A-_A", Status.BAD_RESPONSE),
        ("PLAIN ä", Status.BAD_RESPONSE),
    ],
)
def test_bad_auth(argument: str, status: Status) -> None:
    with pytest.raises(Fault) as caught:
        parse_auth(argument)
    assert caught.value.status is status


def test_a_password_is_not_shown() -> None:
    assert "secret" not in repr(Auth("PLAIN", b"\0a\0secret"))


@pytest.mark.parametrize(("line", "data"), [(b"", b""), (b"YQ==", b"a")])
def test_responses(line: bytes, data: bytes) -> None:
    assert parse_response(line) == data


@pytest.mark.parametrize(
    ("line", "status"), [(b"*", Status.LOGIN_CANCELLED), (b"=", Status.BAD_RESPONSE), (b"\xff", Status.BAD_RESPONSE)]
)
def test_bad_responses(line: bytes, status: Status) -> None:
    with pytest.raises(Fault) as caught:
        parse_response(line)
    assert caught.value.status is status


def test_names_without_a_domain() -> None:
    command = Rcpt("alice", DsnRequest())
    read = read_recipient(command, smtputf8=False, postmaster_domain="mx.test", default_domain="b.test")
    assert str(read) == "alice@b.test"


def test_rcpt_parameters() -> None:
    command = parse_rcpt("TO:<a@b.test> NOTIFY=failure,Delay ORCPT=rfc822;x@y")
    assert command == Rcpt("a@b.test", DsnRequest(frozenset({"FAILURE", "DELAY"}), "rfc822;x@y"))


@pytest.mark.parametrize("name", ["postmaster", "PostMaster"])
def test_postmaster_needs_no_domain(name: str) -> None:
    command = parse_rcpt(f"TO:<{name}>")
    assert str(read_recipient(command, smtputf8=False, postmaster_domain="mx.test")) == f"{name}@mx.test"


@pytest.mark.parametrize("mailbox", ["", "ann", "a b@c", "@"])
def test_bad_recipients(mailbox: str) -> None:
    with pytest.raises(Fault) as caught:
        read_recipient(Rcpt(mailbox, DsnRequest()), smtputf8=True, postmaster_domain="mx.test")
    assert caught.value.status is Status.BAD_RECIPIENT


@pytest.mark.parametrize(
    ("argument", "command"),
    [("0", Bdat(0, False)), ("12 LAST", Bdat(12, True)), ("007  last", Bdat(7, True))],
)
def test_bdat(argument: str, command: Bdat) -> None:
    assert parse_bdat(argument) == command


@pytest.mark.parametrize("argument", ["", "x", "-1", "1 FIRST", "1LAST", "+1", "1.0", "1" * 19, "١"])
def test_bad_bdat(argument: str) -> None:
    with pytest.raises(Fault) as caught:
        parse_bdat(argument)
    assert caught.value.status is Status.BAD_CHUNK


@pytest.mark.parametrize(
    "name", ["client.test", "[192.0.2.1]", "[IPv6:::1]", "a_b", "localhost", "192.0.2.1", "x.", "-"]
)
def test_hosts(name: str) -> None:
    assert parse_hello(f" {name} ") == Hello(name)


@pytest.mark.parametrize("name", ["", "a b", ".x", "<x>", "[x y]", "ü.test", "a\rb", "x" * 300, "[]", "a]"])
def test_bad_hosts(name: str) -> None:
    with pytest.raises(Fault):
        parse_hello(name)
