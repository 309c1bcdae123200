"""RFC 2231 values."""

import pytest

from mailstead.ground.formats.parameter import decode_parameter, find_parameter, join_continuations
from mailstead.ground.formats.part import Params
from mailstead.ground.formats.summary import summarize


@pytest.mark.parametrize(
    ("params", "text"),
    [
        ((), None),
        (((b"Name", b"a.txt"),), "a.txt"),
        (((b"name", b"=?utf-8?q?=C3=BC?=.txt"),), "ü.txt"),
        (((b"name*", b"utf-8'de'%C3%BC.txt"),), "ü.txt"),
        (((b"name", b"u.txt"), (b"name*", b"utf-8''%C3%BC.txt")), "ü.txt"),
        (((b"name*1*", b"%bc"), (b"NAME*0*", b"utf-8''%c3"), (b"name*2", b"%41")), "ü%41"),
        (((b"name*0", b"a"), (b"name*1", b"b"), (b"name*3", b"d")), "ab"),
        (((b"name*", b"no quotes"),), "no quotes"),
        (((b"name*1", b"late"),), None),
        (((b"name*x", b"late"),), None),
    ],
)
def test_text(params: Params, text: str | None) -> None:
    assert decode_parameter(params, b"name") == text


def test_bytes() -> None:
    assert find_parameter(((b"a", b"1"), (b"A", b"2")), b"a") == b"1"
    assert find_parameter(((b"a*0", b"1"), (b"a*1*", b"%32")), b"a") == b"12"


def test_a_boundary_in_pieces() -> None:
    letter = b"Content-Type: multipart/mixed; boundary*0=a; boundary*1*=%62\r\n\r\n--ab\r\n\r\nx\r\n--ab--\r\n"
    assert summarize(letter).root.is_multipart


@pytest.mark.parametrize(
    ("params", "joined"),
    [
        (((b"name", b"a"), (b"name*", b"utf-8''b")), ((b"name", b"a"), (b"name*", b"utf-8''b"))),
        (((b"x", b"1"), (b"Baz*0", b"a"), (b"baz*1", b"b"), (b"baz*2", b"c")), ((b"x", b"1"), (b"Baz", b"abc"))),
        (((b"foo*1*", b"%fc"), (b"foo*0*", b"iso-8859-1'de'%e4%20")), ((b"foo*", b"utf-8'de'%C3%A4%20%C3%BC"),)),
        (((b"f*0*", b"utf-8''%c3"), (b"f*1*", b"%bc"), (b"f*2", b"'%*")), ((b"f*", b"utf-8''%C3%BC%27%25%2A"),)),
        (((b"f*0", b"a"), (b"f*2", b"c")), ((b"f", b"a"), (b"f*2", b"c"))),
        (((b"f*1", b"late"), (b"g*0", b"a")), ((b"f*1", b"late"), (b"g", b"a"))),
        (((b"f*0", b"a"), (b"f*0", b"again"), (b"f*01", b"x")), ((b"f", b"a"), (b"f*01", b"x"))),
        (((b"f*0*", b"no charset %41"),), ((b"f*", b"utf-8''no%20charset%20A"),)),
    ],
)
def test_continuations_are_joined(params: Params, joined: Params) -> None:
    """RFC 9051 §7.5.2, body parameter."""
    assert join_continuations(params) == joined
