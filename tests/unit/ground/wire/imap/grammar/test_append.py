"""What stands before the message of an APPEND."""

import pytest

from mailstead.ground.model.flags import Flag, Flags
from mailstead.ground.model.ids import Instant
from mailstead.ground.model.sequence import SequenceSet
from mailstead.ground.wire.imap.command import Append
from mailstead.ground.wire.imap.grammar.append import AppendScript, Done, Literal, Step, Url
from mailstead.ground.wire.imap.syntax import Syntax


def read(*texts: bytes, name: bytes = b"APPEND", is_end: bool = False) -> list[Step]:
    script = AppendScript(name)
    for text in texts[:-1]:
        script.read(text)
    return script.read(texts[-1], is_end=is_end)


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
    assert read(head) == [append, Literal.MESSAGE]


def test_further_messages_have_no_folder() -> None:
    assert read(b" a ", b" (\\Draft) ") == [Append("", Flags(Flag.DRAFT)), Literal.MESSAGE]
    assert read(b" a ", b" ") == [Append(""), Literal.MESSAGE]
    assert read(b" a ", b"", is_end=True) == []
    with pytest.raises(Syntax):
        read(b" a ", b" x ")


def test_parts() -> None:
    """RFC 4469 §5."""
    head = b' a (\\Seen) CATENATE (URL "/a/;UID=1" URL x TEXT '
    assert read(head) == [Append("a", Flags(Flag.SEEN)), Url("/a/;UID=1"), Url("x"), Literal.TEXT]
    assert read(head, b" url y)", is_end=True) == [Url("y"), Done.DONE]
    assert read(head, b" URL ", b" TEXT") == [Literal.TEXT]
    assert read(head, b") (\\Draft) ") == [Done.DONE, Append("", Flags(Flag.DRAFT)), Literal.MESSAGE]
    assert read(b" a CATENATE (URL x)", is_end=True) == [Append("a"), Url("x"), Done.DONE]


def test_utf8() -> None:
    """RFC 6855 §4: whole messages and parts."""
    assert read(b" a UTF8 (") == [Append("a"), Literal.UTF8_MESSAGE]
    assert read(b" a UTF8 (", b")", is_end=True) == []
    assert read(b" a CATENATE (UTF8 (", b") URL x)", is_end=True) == [Url("x"), Done.DONE]


@pytest.mark.parametrize("name", [b"REPLACE", b"UID REPLACE"])
def test_replace(name: bytes) -> None:
    """RFC 8508 §5: the number of one message first, and one message."""
    script = AppendScript(name)
    assert script.read(b" 4 a ") == [Append("a"), Literal.MESSAGE]
    assert script.replaced == SequenceSet(((4, 4),))
    with pytest.raises(Syntax):
        script.read(b" (\\Seen) ")


@pytest.mark.parametrize(
    "texts",
    [
        (b" a CATENATE ()",), (b" a CATENATE (TEXT)",), (b" a CATENATE (URL x",), (b" a CATENATE (TEXT ", b" x)"),
        (b" a UTF8 (", b""), (b" a UTF8 (x)",), (b" a (\\Seen)",), (b" a CATENATE (URL x) junk",), (b" a SOUP (",),
    ],
)  # fmt: skip
def test_what_ends_too_early(texts: tuple[bytes, ...]) -> None:
    with pytest.raises(Syntax):
        read(*texts, is_end=True)


@pytest.mark.parametrize(
    "head", [b"", b" ", b" a b", b" a (\\Foo) ", b' a "yesterday" ', b' a "x" (\\Seen) ', b' "a ', b" a ("]
)
def test_what_is_wrong_is_said(head: bytes) -> None:
    with pytest.raises(Syntax):
        read(head)
