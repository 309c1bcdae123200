"""Address lists: the shapes of RFC 5322 appendix A, and what arrives instead."""

import pytest

from mailstead.ground.formats.addresslist import MAILBOXES_MAX, Mailbox, parse_mailboxes

END = Mailbox()


def box(local: bytes, host: bytes, name: bytes | None = None, route: bytes | None = None) -> Mailbox:
    return Mailbox(name, route, local, host)


def group(name: bytes) -> Mailbox:
    return Mailbox(None, None, name, None)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (b"", []),
        (b"a@b.c", [box(b"a", b"b.c")]),
        (b"<a@b.c>", [box(b"a", b"b.c")]),
        (b'John Doe <j@x.y>, "Q, P" <q@z>', [box(b"j", b"x.y", b"John Doe"), box(b"q", b"z", b"Q, P")]),
        (b"John Q. Public <a@b>", [box(b"a", b"b", b"John Q. Public")]),
        (b"John   Q.\tPublic <a@b>", [box(b"a", b"b", b"John Q. Public")]),
        (b"=?utf-8?Q?x=2C?= <a@b>", [box(b"a", b"b", b"=?utf-8?Q?x=2C?=")]),
        (
            "Jürgen <jürgen@dömäin.example>".encode(),
            [box("jürgen".encode(), "dömäin.example".encode(), "Jürgen".encode())],
        ),
        (b'"Joe \\"Q\\" Public" <j@e.c>', [box(b"j", b"e.c", b'Joe "Q" Public')]),
        (b'"john doe"@x.org', [box(b"john doe", b"x.org")]),
        (b"x@[1.2.3.4], y@[IPv6:::1]", [box(b"x", b"[1.2.3.4]"), box(b"y", b"[IPv6:::1]")]),
    ],
)
def test_well_formed(value: bytes, expected: list[Mailbox]) -> None:
    assert list(parse_mailboxes(value)) == expected


def test_rfc_5322_a_1_3_groups() -> None:
    assert parse_mailboxes(b"A Group:Ed Jones <joe@where.test>,joe@where.test,John <jdoe@one.test>;") == (
        group(b"A Group"),
        box(b"joe", b"where.test", b"Ed Jones"),
        box(b"joe", b"where.test"),
        box(b"jdoe", b"one.test", b"John"),
        END,
    )
    assert parse_mailboxes(b"Undisclosed recipients:;") == (group(b"Undisclosed recipients"), END)


def test_rfc_5322_a_5_comments() -> None:
    value = b"Pete(A nice \\) chap) <pete(his account)@silly.test(his host)>"
    assert parse_mailboxes(value) == (box(b"pete", b"silly.test", b"Pete"),)


def test_rfc_5322_a_6_1_obsolete_addressing() -> None:
    value = b"Mary Smith <@machine.tld:mary@example.net>, , jdoe@test   . example"
    assert parse_mailboxes(value) == (
        box(b"mary", b"example.net", b"Mary Smith", b"@machine.tld"),
        box(b"jdoe", b"test.example"),
    )
    assert parse_mailboxes(b"<@a,@b:c@d>, e@f") == (box(b"c", b"d", None, b"@a,@b"), box(b"e", b"f"))


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (b"joe@x (Joe Q)", [box(b"joe", b"x", b"Joe Q")]),
        (b"root (Cron Daemon)", [box(b"root", b"", b"Cron Daemon")]),
        (b"undisclosed", [box(b"undisclosed", b"")]),
        (b'"unterminated <a@b>, c@d', [box(b"a", b"b", b"unterminated"), box(b"c", b"d")]),
        (b"Foo (bar <a@b>, c@d", [box(b"a", b"b", b"Foo bar"), box(b"c", b"d")]),
        (b"A <a@b", [box(b"a", b"b", b"A")]),
        (b"a@b@c", [box(b"a@b", b"c")]),
        (b"group: a@b, c@d", [group(b"group"), box(b"a", b"b"), box(b"c", b"d"), END]),
        (b"one: two: a@b;", [group(b"one"), END, group(b"two"), box(b"a", b"b"), END]),
        (b",,;<>()", []),
        (b"a@b c@d", [box(b"a@b c", b"d")]),
    ],
)
def test_garbage_gives_what_can_be_read(value: bytes, expected: list[Mailbox]) -> None:
    assert list(parse_mailboxes(value)) == expected


def test_there_are_never_too_many() -> None:
    assert len(parse_mailboxes(b"a@b," * (MAILBOXES_MAX + 5))) == MAILBOXES_MAX
    assert len(parse_mailboxes(b"a:" * 100, 10)) == 10
