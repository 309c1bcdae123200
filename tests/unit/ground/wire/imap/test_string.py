"""Strings that every client can read."""

import pytest

from mailstead.ground.wire.imap.string import one_line, render_astring, render_nstring, render_string, render_utf8


@pytest.mark.parametrize(
    ("value", "rendered"),
    [
        (b"", b'""'),
        (b"plain", b'"plain"'),
        (b'a "b" \\', b'"a \\"b\\" \\\\"'),
        (b"a\tb", b'"a\tb"'),
        (b"a\r\nb", b"{4}\r\na\r\nb"),
        (b"\xc3\xbc", b"{2}\r\n\xc3\xbc"),
        (b"a\0b", b"{3}\r\na?b"),
        (b"a\x7f", b"{2}\r\na\x7f"),
        (b"x" * 1000, b'"' + b"x" * 1000 + b'"'),
        (b"x" * 1001, b"{1001}\r\n" + b"x" * 1001),
        (b"x\n", b"{2}\r\nx\n"),
    ],
)
def test_strings(value: bytes, rendered: bytes) -> None:
    assert render_string(value) == rendered
    assert render_nstring(value) == rendered


def test_nil() -> None:
    assert render_nstring(None) == b"NIL"


@pytest.mark.parametrize(
    ("value", "rendered"),
    [(b"INBOX", b"INBOX"), (b"a]b", b"a]b"), (b"", b'""'), (b"nil", b'"nil"'), (b"a b", b'"a b"'), (b"a%", b'"a%"')],
)
def test_astrings(value: bytes, rendered: bytes) -> None:
    assert render_astring(value) == rendered


def test_utf8_strings() -> None:
    assert render_utf8('ü"', utf8=True) == '"ü\\""'.encode()
    assert render_utf8("ü", utf8=False) == "{2}\r\nü".encode()
    assert render_utf8("ü\n", utf8=True) == "{3}\r\nü\n".encode()


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("All is well", b"All is well"),
        ("a\r\n* BYE", b"a * BYE"),
        ("", b"Done"),
        ("[ALERT] x", b"- [ALERT] x"),
        (" [x]", b"- [x]"),
        ("ü\x7f", b"?"),
        ("\u2028x", b"?x"),
    ],
)
def test_human_text_stays_on_its_line(text: str, line: bytes) -> None:
    assert one_line(text) == line
