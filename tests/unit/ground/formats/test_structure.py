"""The tree of a message: every rule of RFC 2046 §5.1 that real letters bend."""

import pytest

from mailstead.ground.formats.entity import DEPTH_MAX, PARTS_MAX
from mailstead.ground.formats.parameter import find_parameter
from mailstead.ground.formats.part import Part
from mailstead.ground.formats.structure import HEADER_MAX, Scanner


def scan(data: bytes) -> Part:
    """The tree, the same in one piece and byte by byte."""
    scanner = Scanner()
    for index in range(len(data)):
        scanner.feed(data[index : index + 1])
    root = Scanner().scan(data)
    assert scanner.finish() == root
    return root


def crlf(text: str) -> bytes:
    return text.encode().replace(b"\n", b"\r\n")


def outline(part: Part) -> str:
    """`path type/subtype` of all parts, children in parentheses."""
    inner = " ".join(outline(child) for child in part.children)
    return f"{part.path or '-'} {part.media.decode()}" + (f" ({inner})" if inner else "")


def body(data: bytes, part: Part) -> bytes:
    assert part.body_offset == part.header_offset + part.header_size
    assert part.size == part.body_size
    return data[part.body_offset : part.body_offset + part.body_size]


def multipart(inner: str, subtype: str = "mixed") -> bytes:
    return crlf(f"Content-Type: multipart/{subtype}; boundary=b\n\n{inner}")


def bodies(inner: str) -> list[bytes]:
    data = multipart(inner)
    return [body(data, part) for part in scan(data).children]


def test_a_plain_letter() -> None:
    data = crlf("Subject: x\n\none\ntwo\n")
    root = scan(data)
    assert outline(root) == "1 text/plain"
    assert (root.header_offset, root.header_size, root.size, root.lines) == (0, 14, 10, 2)
    assert body(data, root) == b"one\r\ntwo\r\n"
    assert find_parameter(root.params, b"charset") == b"us-ascii"


@pytest.mark.parametrize(
    ("data", "header", "size"),
    [
        (b"", 0, 0),
        (b"\r\n", 2, 0),
        (b"\n", 1, 0),
        (b"\r", 1, 0),
        (b"\r\nbody", 2, 4),
        (b"\nbody", 1, 4),
        (b"a: b", 4, 0),
        (b"a: b\r\n", 6, 0),
        (b"a: b\r\n\r", 7, 0),
        (b"a: b\n\nbody", 6, 4),
        (b"a: b\n\r\nbody", 7, 4),
        (b"a: b\r\n--x\r\n\r\nbody", 13, 4),
        (b"no header\r\n\r\nbody", 13, 4),
    ],
)
def test_where_the_header_ends(data: bytes, header: int, size: int) -> None:
    root = scan(data)
    assert (root.header_size, root.size) == (header, size)


def test_rfc_2046_5_1_1_example() -> None:
    data = crlf(
        'Content-type: multipart/mixed; boundary="simple boundary"\n\npreamble\n--simple boundary\n\nimplicit\n'
        "--simple boundary\nContent-type: text/plain; charset=us-ascii\n\nexplicit\n\n--simple boundary--\n\nepilogue\n"
    )
    root = scan(data)
    assert outline(root) == "- multipart/mixed (1 text/plain 2 text/plain)"
    assert [body(data, part) for part in root.children] == [b"implicit", b"explicit\r\n"]
    assert [part.lines for part in root.children] == [0, 1]
    assert [part.header_size for part in root.children] == [2, 46]


@pytest.mark.parametrize(
    ("inner", "expected"),
    [
        ("--b\n\na\n--b\n\nb\n--b--\n", [b"a", b"b"]),
        ("--b\n\na\n--b\n\nb\n", [b"a", b"b\r\n"]),  # the last delimiter is missing
        ("--b\n\na\n--b--", [b"a"]),
        ("--b  \t\n\na\n--b-- \n", [b"a"]),  # RFC 2046 §5.1.1: transport padding
        ("--b\n\n--b--", [b""]),
        ("--b\n\n\n--b--", [b""]),
        ("--b\n--b--", [b""]),
        ("--b\n--b\n--b", [b"", b"", b""]),
        (
            "--b\n\na\n--bc\n--b c\n-b\n --b\n--b-\n---b\n--b--c\n--b--\n",
            [b"a\r\n--bc\r\n--b c\r\n-b\r\n --b\r\n--b-\r\n---b\r\n--b--c"],
        ),
        ("--b\nContent-Type: text/plain\n--b--\n", [b""]),  # a header without its empty line
        ("--b\n\na\n--b--\n--b\n\nepilogue\n", [b"a"]),
        ("--b", [b""]),
    ],
)
def test_delimiters(inner: str, expected: list[bytes]) -> None:
    assert bodies(inner) == expected


def test_bare_line_feeds() -> None:
    data = b"Content-Type: multipart/mixed; boundary=b\n\n--b\n\na\n--b\n\nb\n\n--b--\n"
    assert [body(data, part) for part in scan(data).children] == [b"a", b"b\n"]


def test_nested_multiparts_and_paths() -> None:
    data = crlf(
        "Content-Type: multipart/mixed; boundary=a\n\n--a\nContent-Type: multipart/alternative; boundary=ab\n\n"
        "--ab\n\none\n--ab\nContent-Type: text/html\n\ntwo\n--ab--\n\n--a\nContent-Type: image/png\n\nthree\n--a--\n"
    )
    root = scan(data)
    assert outline(root) == "- multipart/mixed (1 multipart/alternative (1.1 text/plain 1.2 text/html) 2 image/png)"
    assert body(data, root.children[0]).endswith(b"--ab--\r\n")


def test_an_outer_delimiter_ends_inner_parts() -> None:
    data = crlf(
        "Content-Type: multipart/mixed; boundary=a\n\n--a\nContent-Type: multipart/mixed; boundary=b\n\n"
        "--b\n\none\n--a\n\ntwo\n--b\nno more\n--a--\n"
    )
    root = scan(data)
    assert outline(root) == "- multipart/mixed (1 multipart/mixed (1.1 text/plain) 2 text/plain)"
    assert body(data, root.children[1]) == b"two\r\n--b\r\nno more"


def test_a_boundary_used_twice_belongs_to_the_inner_one() -> None:
    data = crlf(
        "Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: multipart/mixed; boundary=b\n\n"
        "--b\n\none\n--b--\n--b\n\ntwo\n--b--\n"
    )
    assert outline(scan(data)) == "- multipart/mixed (1 multipart/mixed (1.1 text/plain) 2 text/plain)"


@pytest.mark.parametrize("kind", ["rfc822", "global", "RFC822"])
def test_nested_message(kind: str) -> None:
    data = multipart(
        f"--b\n\none\n--b\nContent-Type: message/{kind}\n\nSubject: inner\nFrom: a@b\n\ntext\nmore\n--b--\n"
    )
    root = scan(data)
    message = root.children[1]
    assert outline(root) == f"- multipart/mixed (1 text/plain 2 message/{kind.lower()} (2.1 text/plain))"
    assert message.envelope is not None
    assert message.envelope.subject == b"inner"
    assert message.envelope.sender == message.envelope.from_
    assert (message.lines, message.children[0].lines) == (4, 1)
    assert body(data, message).startswith(b"Subject: inner")
    assert body(data, message.children[0]) == b"text\r\nmore"


def test_nested_message_with_parts() -> None:
    """RFC 9051 §6.4.5.1: the parts of the message in part 1 are 1.1 and 1.2."""
    data = multipart(
        "--b\nContent-Type: message/rfc822\n\nContent-Type: multipart/mixed; boundary=c\n\n"
        "--c\n\none\n--c\n\ntwo\n--c--\n--b--\n"
    )
    assert outline(scan(data)) == (
        "- multipart/mixed (1 message/rfc822 (1 multipart/mixed (1.1 text/plain 1.2 text/plain)))"
    )


def test_a_message_that_is_a_message() -> None:
    data = crlf("Content-Type: message/rfc822\n\nSubject: inner\n\ntext\n")
    root = scan(data)
    assert outline(root) == "1 message/rfc822 (1.1 text/plain)"
    assert root.envelope is not None
    assert root.envelope.subject == b"inner"


def test_an_empty_nested_message_still_has_envelope_and_body() -> None:
    for inner in ("--b\nContent-Type: message/rfc822\n\n--b--", "--b\nContent-Type: message/rfc822\n--b--"):
        (message,) = scan(multipart(inner)).children
        assert message.envelope is not None
        assert outline(message) == "1 message/rfc822 (1.1 text/plain)"


def test_an_encoded_message_stays_shut() -> None:
    data = multipart("--b\nContent-Type: message/rfc822\nContent-Transfer-Encoding: base64\n\nU3ViamVjdA==\n--b--")
    assert outline(scan(data)) == "- multipart/mixed (1 application/octet-stream)"


def test_digest() -> None:
    """RFC 2046 §5.1.5: the default type of its parts is message/rfc822."""
    data = multipart("--b\n\nSubject: a\n\none\n--b\nContent-Type: text/plain\n\ntwo\n--b--\n", "digest")
    assert outline(scan(data)) == "- multipart/digest (1 message/rfc822 (1.1 text/plain) 2 text/plain)"


@pytest.mark.parametrize("parameters", ["", "; boundary=", '; boundary=" "', "; boundary=" + "x" * 600])
def test_a_multipart_without_boundary_is_text(parameters: str) -> None:
    data = crlf(f"Content-Type: multipart/mixed{parameters}\n\n--b\n\ntext\n--b--\n")
    assert outline(scan(data)) == "1 text/plain"


def test_a_multipart_without_parts_is_text() -> None:
    data = multipart("nothing\nto see\n")
    root = scan(data)
    assert outline(root) == "1 text/plain"
    assert root.lines == 2
    data = multipart("--b\nContent-Type: multipart/mixed; boundary=c\n\ntext\n--b--\n")
    assert outline(scan(data)) == "- multipart/mixed (1 text/plain)"


def test_too_deep_is_a_leaf() -> None:
    level = "Content-Type: multipart/mixed; boundary=b{0}\n\n--b{0}\n"
    part = scan(crlf("".join(level.format(n) for n in range(DEPTH_MAX + 10))))
    depth = 1
    while part.children:
        (part,) = part.children
        depth += 1
    assert (depth, part.media) == (DEPTH_MAX + 1, b"application/octet-stream")


def test_too_many_parts_belong_to_the_last() -> None:
    data = multipart("--b\n\nx\n" * (PARTS_MAX + 100) + "--b--\n")
    root = Scanner().scan(data)
    assert len(root.children) == PARTS_MAX - 1
    assert body(data, root.children[-1]).count(b"--b\r\n") == 101


def test_a_header_over_the_limit_is_measured_whole() -> None:
    header = b"Subject: x\r\n" + b"X: y\r\n" * (HEADER_MAX // 6) + b"\r\n"
    data = header + b"body"
    for size in (len(data), 10_000):
        scanner = Scanner()
        for start in range(0, len(data), size):
            scanner.feed(data[start : start + size])
        root = scanner.finish()
        assert scanner.header == header[:HEADER_MAX]
        assert (root.header_size, root.body_offset, root.size) == (len(header), len(header), 4)
