"""Transfer encodings, clean and broken."""

import pytest

from mailstead.ground.formats.encoding import decode_base64, decode_body, decode_quoted_printable, find_decoder


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"", b""),
        (b"QUJD", b"ABC"),
        (b"QUI=\r\n", b"AB"),
        (b"Q\r\nU I*=", b"AB"),
        (b"QUI", b"AB"),
        (b"QUJDR", b"ABC"),
        (b"QUI=QUI=", b"AB"),
        (b"====", b""),
        (b"\xff\x00", b""),
    ],
)
def test_base64(data: bytes, expected: bytes) -> None:
    assert decode_base64(data) == expected
    assert decode_body(data, b"BASE64 ") == expected


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"a=3Db", b"a=b"),
        (b"a=c3=BCb", b"a\xc3\xbcb"),
        (b"soft=\r\nline", b"softline"),
        (b"soft= \t\r\nline", b"softline"),
        (b"soft=\nline", b"softline"),
        (b"end=", b"end"),
        (b"a=ZZb=", b"a=ZZb"),
        (b"==41", b"=A"),
        (b"==\r\n41", b"=41"),
        (b"hard\r\nline", b"hard\r\nline"),
        (b"added \t\r\non the way \n \n.  ", b"added\r\non the way\n\n."),
        (b"meant=20\r\nkept  =\r\n\r\n", b"meant \r\nkept  \r\n"),
        (b"end= ", b"end"),
        (b" \rx \r", b" \rx \r"),
        (b"a" + b" " * 998 + b"\n", b"a\n"),
        (b"a" + b" " * 999 + b"\n", b"a" + b" " * 999 + b"\n"),
    ],
)
def test_quoted_printable(data: bytes, expected: bytes) -> None:
    assert decode_quoted_printable(data) == expected
    assert decode_body(data, b"Quoted-Printable") == expected


def test_unknown_encoding() -> None:
    """RFC 9051 §6.4.5: BINARY of it fails with UNKNOWN-CTE."""
    assert find_decoder(b"x-uuencode") is None
    assert decode_body(b"abc", b"x-uuencode") == b"abc"


@pytest.mark.parametrize("name", [b"7bit", b"8BIT", b"binary", b""])
def test_identity(name: bytes) -> None:
    decoder = find_decoder(name)
    assert decoder is not None
    assert decoder.feed(b"a=41") + decoder.finish() == b"a=41"
