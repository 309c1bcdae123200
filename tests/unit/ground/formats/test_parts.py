"""Packed spans and section numbers."""

import pytest

from mailstead.ground.formats.parts import Span, find_part, pack_parts, unpack_parts
from mailstead.ground.formats.summary import summarize

LETTER = (
    b"Content-Type: multipart/mixed; boundary=a\r\n\r\n"
    b"--a\r\nContent-Type: TEXT/Plain; CHARSET=UTF-8\r\nContent-Transfer-Encoding: Base64\r\n\r\nb25l\r\n"
    b"--a\r\nContent-Type: message/rfc822\r\nContent-Disposition: Attachment\r\n\r\n"
    b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\ntwo-one\r\n--b\r\n\r\ntwo-two\r\n--b--\r\n\r\n"
    b"--a\r\nContent-Type: message/rfc822\r\n\r\nSubject: x\r\n\r\nthree\r\n--a--\r\n"
)


def test_names_are_lowered() -> None:
    one = unpack_parts(summarize(LETTER).packed_parts).children[0]
    assert (one.type, one.subtype, one.encoding, one.charset, one.disposition) == (
        "text",
        "plain",
        "base64",
        "utf-8",
        "",
    )
    two = unpack_parts(summarize(LETTER).packed_parts).children[1]
    assert two.disposition == "attachment"
    assert two.is_message


def body(span: Span | None) -> bytes | None:
    return None if span is None else LETTER[span.body_offset : span.body_offset + span.body_size]


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ((1,), b"b25l"),
        ((2, 1), b"two-one"),
        ((2, 2), b"two-two"),
        ((3,), b"Subject: x\r\n\r\nthree"),
        ((3, 1), b"three"),
        ((1, 1), None),
        ((2, 3), None),
        ((3, 2), None),
        ((3, 1, 1), None),
        ((4,), None),
        ((0,), None),
    ],
)
def test_section_numbers(path: tuple[int, ...], expected: bytes | None) -> None:
    """RFC 9051 §6.4.5.1."""
    assert body(find_part(unpack_parts(summarize(LETTER).packed_parts), path)) == expected


def test_a_letter_without_parts_has_part_one() -> None:
    root = unpack_parts(summarize(b"Subject: x\r\n\r\nbody").packed_parts)
    assert find_part(root, ()) is root
    assert find_part(root, (1,)) is root
    assert find_part(root, (1, 1)) is None
    assert find_part(root, (2,)) is None


def test_a_letter_that_is_a_message() -> None:
    data = b"Content-Type: message/rfc822\r\n\r\nSubject: x\r\n\r\nbody"
    root = unpack_parts(summarize(data).packed_parts)
    assert find_part(root, (1,)) is root
    assert find_part(root, (1, 1)) is root.children[0]


def test_every_path_of_the_tree_is_found() -> None:
    summary = summarize(LETTER)
    root = unpack_parts(summary.packed_parts)
    waiting = [summary.root]
    while waiting:
        part = waiting.pop()
        waiting += part.children
        if not part.is_multipart:
            found = find_part(root, tuple(int(number) for number in part.path.split(".")))
            assert found is not None
            assert found.body_offset == part.body_offset
    assert unpack_parts(pack_parts(summary.root)) == root
