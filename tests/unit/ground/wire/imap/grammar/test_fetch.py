"""FETCH items: sections, partials, macros, and what the answer calls them."""

import pytest

from mailstead.ground.model.sequence import SequenceSet
from mailstead.ground.wire.imap.command import Attribute, Binary, BinarySize, Fetch, FetchItem, Of, Section
from mailstead.ground.wire.imap.event import CommandReady
from mailstead.ground.wire.imap.grammar.table import parse_command
from mailstead.ground.wire.imap.syntax import Syntax

FAST = (Attribute.FLAGS, Attribute.INTERNALDATE, Attribute.RFC822_SIZE)


def fetch(items: bytes, name: bytes = b"FETCH") -> Fetch:
    command = parse_command(CommandReady(b"a", name, b" 1:* " + items))
    assert isinstance(command, Fetch)
    assert command.numbers == SequenceSet(((1, 0),))
    return command


@pytest.mark.parametrize("attribute", Attribute)
def test_attributes(attribute: Attribute) -> None:
    assert fetch(attribute.value.lower()).items == (attribute,)
    assert fetch(b"(" + attribute.value + b" )").items == (attribute,)


def test_macros_stand_alone() -> None:
    assert fetch(b"fast").items == FAST
    assert fetch(b"ALL ").items == (*FAST, Attribute.ENVELOPE)
    assert fetch(b"FULL").items == (*FAST, Attribute.ENVELOPE, Attribute.BODY)
    with pytest.raises(Syntax, match="no FETCH item ALL"):
        fetch(b"(ALL)")


def test_uid_fetch_implies_uid() -> None:
    assert fetch(b"(FLAGS)", b"UID FETCH").items == (Attribute.UID, Attribute.FLAGS)
    assert fetch(b"(FLAGS UID)", b"UID FETCH").items == (Attribute.FLAGS, Attribute.UID)
    assert fetch(b"(FLAGS FLAGS)").items == (Attribute.FLAGS,)


@pytest.mark.parametrize(
    ("text", "item"),
    [
        (b"BODY[]", Section(label=b"BODY[]")),
        (b"body.peek[]", Section(label=b"BODY[]", sets_seen=False)),
        (b"BODY[text]", Section(label=b"BODY[TEXT]", of=Of.TEXT)),
        (b"BODY[HEADER]", Section(label=b"BODY[HEADER]", of=Of.HEADER)),
        (b"BODY[1.2.3]", Section(label=b"BODY[1.2.3]", part=(1, 2, 3))),
        (b"BODY[1.MIME]", Section(label=b"BODY[1.MIME]", part=(1,), of=Of.MIME)),
        (b"BODY[2.TEXT]<5.10>", Section(label=b"BODY[2.TEXT]<5>", part=(2,), of=Of.TEXT, partial=(5, 10))),
        (
            b'BODY.PEEK[HEADER.FIELDS (From "to" FROM)]<0.1>',
            Section(
                label=b'BODY[HEADER.FIELDS (FROM "TO" FROM)]<0>', of=Of.FIELDS, fields=(b"from", b"to"),
                partial=(0, 1), sets_seen=False,
            ),
        ),
        (
            b'BODY[3.HEADER.FIELDS.NOT ({3+}\r\na"b)]',
            Section(label=b'BODY[3.HEADER.FIELDS.NOT ("A\\"B")]', part=(3,), of=Of.FIELDS_NOT, fields=(b'a"b',)),
        ),
        (b"RFC822", Section(label=b"RFC822")),
        (b"RFC822.HEADER", Section(label=b"RFC822.HEADER", of=Of.HEADER, sets_seen=False)),
        (b"RFC822.TEXT", Section(label=b"RFC822.TEXT", of=Of.TEXT)),
        (b"BINARY[1]", Binary(label=b"BINARY[1]", part=(1,))),
        (b"BINARY.PEEK[]<0.5>", Binary(label=b"BINARY[]<0>", partial=(0, 5), sets_seen=False)),
        (b"BINARY.SIZE[1.2]", BinarySize(label=b"BINARY.SIZE[1.2]", part=(1, 2))),
    ],
)  # fmt: skip
def test_sections(text: bytes, item: FetchItem) -> None:
    assert fetch(text).items == (item,)
    assert fetch(b"(FLAGS " + text + b")").items == (Attribute.FLAGS, item)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (b"", "FETCH item expected"),
        (b"()", "empty"),
        (b"(FLAGS", "space expected"),
        (b"FLAGS UID", "end of the command"),
        (b"FOO", "no FETCH item FOO"),
        (b"FLAGS[1]", "takes no section"),
        (b"RFC822[1]", "takes no section"),
        (b"BODY[", "']'"),
        (b"BODY[0]", "']'"),
        (b"BODY[1.0]", "']'"),
        (b"BODY[1.]", "']'"),
        (b"BODY[MIME]", "']'"),
        (b"BODY[1HEADER]", "']'"),
        (b"BODY[1234567890]", "']'"),
        (b"BODY[" + b"1." * 100 + b"1]", "100 parts"),
        (b"BODY[HEADER.FIELDS]", "space"),
        (b"BODY[HEADER.FIELDS ()]", "empty"),
        (b"BODY[HEADER.FIELDS (a b]", "space|expected"),
        (b"BODY[HEADER.FIELDS (\xc3\xbc)]", "printable"),
        (b"BODY[HEADER.FIELDS ({3+}\r\na\r\n)]", "printable"),
        (b"BODY[]<0>", "partial"),
        (b"BODY[]<0.0>", "partial"),
        (b"BODY[]<-1.5>", "partial"),
        (b"BINARY[TEXT]", "part number only"),
        (b"BINARY.SIZE[1]<0.5>", "end of the command"),
        (b"(" + b"FLAGS " * 201 + b")", "more than 200"),
        (b"BODY[HEADER.FIELDS (" + b"a " * 501 + b")]", "more than 500"),
    ],
)
def test_what_is_wrong_is_said(text: bytes, words: str) -> None:
    with pytest.raises(Syntax, match=words):
        fetch(text)
