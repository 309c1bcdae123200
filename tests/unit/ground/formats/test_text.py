"""Previews and searchable text."""

import pytest

from mailstead.ground.formats.parts import Span
from mailstead.ground.formats.summary import summarize
from mailstead.ground.formats.text import read_text


def preview(data: str | bytes) -> str:
    return summarize(data if isinstance(data, bytes) else data.replace("\n", "\r\n").encode()).preview


def multipart(*parts: str) -> str:
    return "Content-Type: multipart/mixed; boundary=b\n\n" + "".join(f"--b\n{part}\n" for part in parts) + "--b--\n"


@pytest.mark.parametrize(
    ("letter", "expected"),
    [
        ("\none\n  two\n\nthree", "one two three"),
        ("\n> quoted\n\nown\n> more", "own"),
        ("\n> only\n> quoted\n", "> only > quoted"),
        ("Content-Transfer-Encoding: base64\n\nw7xi\nZXI=", "über"),
        ("Content-Transfer-Encoding: quoted-printable\n\n=C3=BCb=\ner", "über"),
        ("Content-Type: text/html\n\n<style>x</style><p>a<p>b &amp; c", "a b & c"),
        ("Content-Type: image/png\n\nx", ""),
        ("Content-Disposition: attachment\n\nx", ""),
        ("\n\u200b\ufeff\u00ad x\x00\x07y\u202e", "xy"),
        ("", ""),
    ],
)
def test_preview(letter: str, expected: str) -> None:
    assert preview(letter) == expected


def test_plain_text_goes_before_html_unless_empty() -> None:
    plain, html = "Content-Type: text/plain\n\nplain", "Content-Type: text/html\n\n<b>html</b>"
    assert preview(multipart(html, plain)) == "plain"
    assert preview(multipart("\n  ", html)) == "html"
    assert preview(multipart("Content-Type: text/plain\nContent-Disposition: attachment\n\nno", plain)) == "plain"


def test_preview_is_short() -> None:
    assert len(preview("\n" + "word " * 10_000)) <= 200
    assert preview("\n" + " " * 3000 + "late") == "late"
    assert len(preview("\n" + "ü" * 10_000)) == 200


@pytest.mark.parametrize("shift", range(4))
def test_a_sample_may_end_inside_a_character(shift: int) -> None:
    assert preview("\n" + "x" * shift + "\u20ac" * 10_000).strip("x") == "\u20ac" * (200 - shift)


@pytest.mark.parametrize(
    ("subtype", "encoding", "charset", "body", "text"),
    [
        ("plain", "7bit", "", b"abc", "abc"),
        ("plain", "base64", "utf-8", b"w7w=", "ü"),
        ("html", "quoted-printable", "iso-8859-1", b"<p>=FC</p>", "\nü\n"),
        ("calendar", "8bit", "utf-8", b"\xc3\xbc", "ü"),
    ],
)
def test_searchable_text(subtype: str, encoding: str, charset: str, body: bytes, text: str) -> None:
    assert read_text(body, Span("text", subtype, encoding, charset, "", 0, 0, 0, len(body))) == text


def test_only_text_is_searched() -> None:
    assert read_text(b"abc", Span("image", "png", "7bit", "", "", 0, 0, 0, 3)) == ""
