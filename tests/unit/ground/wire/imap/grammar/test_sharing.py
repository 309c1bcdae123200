"""Commands about rights, quotas and annotations (RFC 4314, RFC 9208, RFC 5464)."""

import pytest

from mailstead.ground.wire.imap.command import List, ListReturn, StatusItem
from mailstead.ground.wire.imap.event import CommandReady
from mailstead.ground.wire.imap.grammar.table import parse_command
from mailstead.ground.wire.imap.sharing import (
    DeleteAcl,
    GetAcl,
    GetMetadata,
    GetQuota,
    GetQuotaRoot,
    ListRights,
    MyRights,
    SetAcl,
    SetMetadata,
    SetQuota,
)
from mailstead.ground.wire.imap.syntax import Syntax


def parse(line: bytes) -> object:
    name, _, args = line.partition(b" ")
    return parse_command(CommandReady(b"a", name, b" " + args if args else b""))


@pytest.mark.parametrize(
    ("line", "command"),
    [
        (b"SETACL inbox bob +lrd", SetAcl("INBOX", "bob", "+", frozenset("lrte"))),
        (b'SETACL INBOX bob ""', SetAcl("INBOX", "bob", "", frozenset())),
        (b"SETACL INBOX bob -c", SetAcl("INBOX", "bob", "-", frozenset("kx"))),
        (b"DELETEACL x bob", DeleteAcl("x", "bob")),
        (b"GETACL Entw&APw-rfe", GetAcl("Entw\u00fcrfe")),
        (b"LISTRIGHTS x {3+}\r\nbob", ListRights("x", "bob")),
        (b"MYRIGHTS x", MyRights("x")),
        (b'GETQUOTA ""', GetQuota("")),
        (b'GETQUOTA "#user/alice"', GetQuota("#user/alice")),
        (b"GETQUOTAROOT inbox", GetQuotaRoot("INBOX")),
        (b"SETQUOTA x (STORAGE 512 message 3)", SetQuota("x", (("STORAGE", 512), ("MESSAGE", 3)))),
        (b"SETQUOTA x ()", SetQuota("x", ())),
        (b'GETMETADATA "" /shared/Comment', GetMetadata(folder="", entries=("/shared/comment",))),
        (
            b"GETMETADATA (DEPTH infinity MAXSIZE 9) a (/shared/x /private)",
            GetMetadata(folder="a", entries=("/shared/x", "/private"), max_size=9, depth=None),
        ),
        (b"GETMETADATA a (DEPTH 1) (/shared/x)", GetMetadata(folder="a", entries=("/shared/x",), depth=1)),
        (b"GETMETADATA(MAXSIZE 1) a /shared/x", GetMetadata(folder="a", entries=("/shared/x",), max_size=1)),
        (b"SETMETADATA a (/shared/x NIL)", SetMetadata("a", (("/shared/x", None),))),
        (b"SETMETADATA a (/shared/x ~{3}\r\na\0b /private/y {1}\r\nz)", SetMetadata(
            "a", (("/shared/x", b"a\0b"), ("/private/y", b"z"))
        )),
        (
            b'LIST "" % RETURN (MYRIGHTS METADATA (/shared/x /shared/y) STATUS (DELETED-STORAGE))',
            List(
                reference="", patterns=("%",), returns=frozenset({ListReturn.MYRIGHTS}),
                metadata=("/shared/x", "/shared/y"), status=(StatusItem.DELETED_STORAGE,), is_extended=True,
            ),
        ),
    ],
)  # fmt: skip
def test_commands(line: bytes, command: object) -> None:
    name, _, args = line.partition(b" ")
    if b"(" in name:
        name, args = line[: line.index(b"(")], line[line.index(b"(") :]
        assert parse_command(CommandReady(b"a", name, args)) == command
        return
    assert parse(line) == command


@pytest.mark.parametrize(
    "line",
    [
        b"SETACL INBOX bob lR", b"SETACL INBOX bob", b"SETACL INBOX", b"GETACL", b"GETACL a b", b"GETQUOTA",
        b"SETQUOTA x", b"SETQUOTA x (STORAGE)", b"SETQUOTA x (STORAGE -1)", b"SETQUOTA x (STORAGE 9999999999999999999)",
        b"GETMETADATA", b"GETMETADATA a", b"GETMETADATA a ()", b"GETMETADATA a /x", b"GETMETADATA a /shared/",
        b"GETMETADATA a /shared//b", b"GETMETADATA a /shared/b%", b'GETMETADATA a "/shared/*"',
        b"GETMETADATA (DEPTH 2) a /shared/b", b"GETMETADATA (SIZE 2) a /shared/b", b"SETMETADATA a ()",
        b"SETMETADATA a (/shared/b)", b"SETMETADATA a (/shared/b x)", b"SETMETADATA a (/shared/b ~{5}\r\nabc)",
        b"SETMETADATA a /shared/b NIL", b"GETMETADATA a /shared/" + b"x" * 300,
    ],
)  # fmt: skip
def test_what_is_refused(line: bytes) -> None:
    with pytest.raises(Syntax):
        parse(line)
