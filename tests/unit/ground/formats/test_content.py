"""Content-* fields: values, comments, defaults."""

import pytest

from mailstead.ground.formats.content import ASCII_TEXT, PARAMS_MAX, Content, read_content
from mailstead.ground.formats.part import Params


def content_type(value: bytes) -> Content:
    return read_content({b"content-type": value})


@pytest.mark.parametrize(
    ("value", "params"),
    [
        (b"text/plain", ()),
        (b" Text/Plain; Charset=UTF-8", ((b"Charset", b"UTF-8"),)),
        (b'text/plain; a="b;c"; d=e', ((b"a", b"b;c"), (b"d", b"e"))),
        (b'text/plain; a="b\\"c"', ((b"a", b'b"c'),)),
        (b"text/plain; charset=us-ascii (Plain text)", ((b"charset", b"us-ascii"),)),
        (b"text/plain; (a; (nested) b=c) d=e", ((b"d", b"e"),)),
        (b"text/plain; name=my file(1).txt; x=y", ((b"name", b"my file(1).txt"), (b"x", b"y"))),
        (b'text/plain; name="a (1).txt"', ((b"name", b"a (1).txt"),)),
        (b'text/plain; name="open', ((b"name", b"open"),)),
        (b"text/plain; junk; ;; a = b ;", ((b"a", b"b"),)),
        (b"text/plain;\r\n\tname*0*=utf-8''a%20;\r\n name*1=b", ((b"name*0*", b"utf-8''a%20"), (b"name*1", b"b"))),
        (b"text/plain; a=", ((b"a", b""),)),
    ],
)
def test_parameters(value: bytes, params: Params) -> None:
    content = content_type(value)
    assert (content.type.lower(), content.subtype.lower(), content.params) == (b"text", b"plain", params)


@pytest.mark.parametrize(
    "value", [b"", b"text", b"text/", b"/plain", b"te xt/plain", b"a/b/c", b'"x"/y', b"\xff/\xff", b"x" * 200 + b"/y"]
)
def test_what_cannot_be_read_is_plain_text(value: bytes) -> None:
    """RFC 2045 §5.2."""
    content = content_type(value)
    assert (content.type, content.subtype, content.params) == (b"text", b"plain", ASCII_TEXT)


def test_defaults() -> None:
    assert read_content({}).type == b"text"
    assert read_content({}, digest=True).subtype == b"rfc822"  # RFC 2046 §5.1.5
    assert read_content({b"content-type": b"bad"}, digest=True).subtype == b"plain"
    assert read_content({}).encoding == b"7BIT"


def test_all_fields() -> None:
    content = read_content({
        b"content-type": b"image/png; name=a.png\r",
        b"content-transfer-encoding": b" BASE64 (of course)\r",
        b"content-id": b" <a@b>\r",
        b"content-description": b" a\r\n picture\r",
        b"content-disposition": b' attachment; filename="a.png"\r',
        b"content-md5": b"Q2hlY2sgSW50ZWdyaXR5IQ==",
        b"content-language": b"de, en (mostly)",
        b"content-location": b"http://a.example/\r\n b",
    })  # fmt: skip
    assert content.encoding == b"BASE64"
    assert content.id == b"<a@b>"
    assert content.description == b"a picture"
    assert content.disposition == (b"attachment", ((b"filename", b"a.png"),))
    assert content.md5 == b"Q2hlY2sgSW50ZWdyaXR5IQ=="
    assert content.language == (b"de", b"en")
    assert content.location == b"http://a.example/b"
    assert content.weight() > 60


def test_parameters_are_counted() -> None:
    assert len(content_type(b"a/b" + b"; a=b" * 1000).params) == PARAMS_MAX
