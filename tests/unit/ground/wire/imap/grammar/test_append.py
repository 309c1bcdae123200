"""What stands before the message of an APPEND."""

import pytest

from mailstead.ground.model.flags import Flag, Flags
from mailstead.ground.model.ids import Instant
from mailstead.ground.wire.imap.command import Append
from mailstead.ground.wire.imap.event import MessageLiteral
from mailstead.ground.wire.imap.grammar.append import parse_append
from mailstead.ground.wire.imap.syntax import Syntax


def literal(head: bytes, *, is_first: bool = True) -> MessageLiteral:
    return MessageLiteral(b"a", head, 5, is_synchronising=False, is_binary=False, is_first=is_first)


@pytest.mark.parametrize(
    ("head", "append"),
    [
        (b" inbox ", Append("INBOX")),
        (b' "a b" (\\Seen x) ', Append("a b", Flags(Flag.SEEN, "x"))),
        (b' a " 1-Jan-1970 00:00:01 +0000" ', Append("a", Flags(), Instant(1000))),
        (b' a () "1-Jan-1970 00:00:01 +0000"', Append("a", Flags(), Instant(1000))),
        (b" {3+}\r\na b(\\Recent)", Append("a b")),
    ],
)
def test_heads(head: bytes, append: Append) -> None:
    assert parse_append(literal(head)) == append


def test_further_messages_have_no_folder() -> None:
    assert parse_append(literal(b" (\\Draft) ", is_first=False)) == Append("", Flags(Flag.DRAFT))
    assert parse_append(literal(b" ", is_first=False)) == Append("")
    with pytest.raises(Syntax):
        parse_append(literal(b" x ", is_first=False))


@pytest.mark.parametrize(
    "head", [b"", b" ", b" a b", b" a (\\Foo) ", b' a "yesterday" ', b' a "x" (\\Seen) ', b' "a ', b" a ("]
)
def test_what_is_wrong_is_said(head: bytes) -> None:
    with pytest.raises(Syntax):
        parse_append(literal(head))
