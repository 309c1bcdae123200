"""BODY[HEADER.FIELDS (...)]."""

from mailstead.ground.formats.fields import ALTERNATIVES_MAX, pack_fields, select_fields

HEADER = b"From: a\r\nSUBJECT: one\r\n\ttwo\r\nTo : b\r\nSubject-X: no\r\nsubject: again\r\n\r\n"


def select(header: bytes, *names: bytes, exclude: bool = False) -> bytes:
    return select_fields(header, pack_fields(header), frozenset(names), exclude=exclude)


def test_fields_come_raw_in_their_order() -> None:
    assert select(HEADER, b"to", b"subject") == b"SUBJECT: one\r\n\ttwo\r\nTo : b\r\nsubject: again\r\n\r\n"


def test_all_but_some() -> None:
    assert select(HEADER, b"to", b"subject", exclude=True) == b"From: a\r\nSubject-X: no\r\n\r\n"
    assert select(HEADER, exclude=True) == HEADER


def test_none_of_them() -> None:
    assert select(HEADER, b"cc") == b"\r\n"
    assert select(HEADER) == b"\r\n"


def test_many_names_give_the_same() -> None:
    many = [b"x-%d" % number for number in range(ALTERNATIVES_MAX + 1)]
    for exclude in (False, True):
        assert select(HEADER, b"to", b"subject", *many, exclude=exclude) == select(
            HEADER, b"to", b"subject", exclude=exclude
        )


def test_names_are_no_patterns() -> None:
    assert select(HEADER, b".*", b"(", b"[") == b"\r\n"


def test_bare_line_feeds() -> None:
    assert select(b"A: 1\nB: 2\n 3\nC: 4\n\n", b"b") == b"B: 2\n 3\n\n"


def test_a_header_without_empty_line() -> None:
    """RFC 9051 §7.5.2: there is then none in the answer."""
    assert select(b"A: 1\r\nB: 2\r\n", b"a") == b"A: 1\r\n"
    assert select(b"A: 1\r\nB: 2", b"b") == b"B: 2"
    assert select(b"A: 1\r\nB: 2", b"a") == b"A: 1\r\n"
    assert select(b"", b"a") == b""
    assert select(b"\r\n", b"a") == b"\r\n"
