"""Charset names of mail, and text that does not keep what it declares."""

import pytest

from mailstead.ground.formats.charset import decode_charset, find_codec, guess_text, is_charset


@pytest.mark.parametrize(
    ("name", "codec"),
    [
        (b"UTF-8", "utf_8"),
        (b"utf8", "utf_8"),
        (b'"us-ascii"', "ascii"),
        (b"ISO-8859-1", "cp1252"),
        (b"iso_8859-15", "iso8859_15"),
        (b"Windows-1251", "cp1251"),
        (b"x-sjis", "cp932"),
        (b"GB2312", "gb18030"),
        (b"KOI8-R", "koi8_r"),
        (b"iso-8859-8-i", "iso8859_8"),
    ],
)
def test_names_and_aliases(name: bytes, codec: str) -> None:
    assert find_codec(name) == codec


@pytest.mark.parametrize(
    "name", [b"", b"punycode", b"idna", b"unicode_escape", b"hex", b"zlib", b"rot13", b"../x", b"\xff", b"undefined"]
)
def test_no_codec_that_is_no_charset(name: bytes) -> None:
    assert find_codec(name) is None
    assert not is_charset(name)


@pytest.mark.parametrize(
    ("data", "charset", "text"),
    [
        ("ü".encode(), b"utf-8", "ü"),
        (b"\xfc", b"iso-8859-1", "ü"),
        (b"\x93q\x94", b"iso-8859-1", "“q”"),
        ("ü".encode(), b"us-ascii", "ü"),
        (b"\xfc", b"us-ascii", "ü"),
        (b"\xfc", None, "ü"),
        ("ü".encode(), b"iso-2022-kr", "ü"),
        (b"a\xffb", b"utf-8", "a\ufffdb"),
        ("日本".encode("iso2022_jp"), b"us-ascii", "日本"),
        ("日本".encode("shift_jis"), b"Shift_JIS", "日本"),
        ("日本".encode("iso2022_jp")[:-1] + b"\x1b", b"iso-2022-jp", "日本\ufffd"),
        (b"a", b"no-such-charset", "a"),
    ],
)
def test_decode(data: bytes, charset: bytes | None, text: str) -> None:
    assert decode_charset(data, charset) == text


def test_guess_never_fails() -> None:
    assert guess_text(bytes(range(256)))
