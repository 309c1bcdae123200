"""RFC 2231 values."""

import pytest

from mailstead.ground.formats.parameter import decode_parameter, find_parameter
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
