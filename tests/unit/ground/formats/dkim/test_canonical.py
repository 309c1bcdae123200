"""Canonical forms: the examples of RFC 6376 §3.4.5, and the ends of bodies."""

import pytest

from mailstead.ground.formats.dkim.canonical import Canon, body_of, canonical_field
from mailstead.ground.formats.dkim.header import split_fields

S, R = Canon.SIMPLE, Canon.RELAXED
HEADER = b"A: X\r\nB : Y\t\r\n\tZ  \r\n"
BODY = b" C \r\nD \t E\r\n\r\n\r\n"


def canonical(body: bytes, canon: Canon) -> bytes:
    out = bytearray()
    made = body_of(canon, out.extend)
    made.feed(body)
    made.finish()
    return bytes(out)


def test_the_examples_of_the_rfc() -> None:
    fields = split_fields(HEADER)
    assert [field.name for field in fields] == [b"a", b"b"]
    assert b"".join(canonical_field(field.raw, R) for field in fields) == b"a:X\r\nb:Y Z\r\n"
    assert b"".join(canonical_field(field.raw, S) for field in fields) == HEADER
    assert canonical(BODY, R) == b" C\r\nD E\r\n"
    assert canonical(BODY, S) == b" C \r\nD \t E\r\n"


@pytest.mark.parametrize(
    ("body", "simple", "relaxed"),
    [
        (b"", b"\r\n", b""),
        (b"\r\n\r\n", b"\r\n", b""),
        (b"x", b"x\r\n", b"x\r\n"),
        (b"x\r\n\r\n", b"x\r\n", b"x\r\n"),
        (b" \r\n\t\r\n", b" \r\n\t\r\n", b""),
        (b"x \t", b"x \t\r\n", b"x\r\n"),
        (b"x \r", b"x \r\r\n", b"x \r\r\n"),
        (b"\n", b"\n\r\n", b"\n\r\n"),
        (b"x\r\r\n\r\n", b"x\r\r\n", b"x\r\r\n"),
        (b"\r\n\r\nx  y \r\n", b"\r\n\r\nx  y \r\n", b"\r\n\r\nx y\r\n"),
        (b" ", b" \r\n", b""),
    ],
)
def test_ends(body: bytes, simple: bytes, relaxed: bytes) -> None:
    assert canonical(body, S) == simple
    assert canonical(body, R) == relaxed


def test_a_flood_of_empty_lines_is_only_counted() -> None:
    sizes: list[int] = []
    body = body_of(R, lambda data: sizes.append(len(data)))
    for _ in range(20):
        body.feed(b" \r\n" * 50_000)
    assert sizes == []
    body.feed(b"x")
    assert sum(sizes) == 2_000_001
    assert max(sizes) <= 1 << 16
