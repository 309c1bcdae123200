"""The tree of well-formed letters is the one the standard library's parser sees, and the one they were made from."""

import email
from dataclasses import dataclass, field
from email.message import Message

from hypothesis import given, settings
from hypothesis import strategies as st

from mailstead.ground.formats.part import Part
from mailstead.ground.formats.summary import summarize


@dataclass
class Tree:
    """A letter to be written: a leaf with a body, a multipart, or a message in a message."""

    kind: str
    body: bytes = b""
    children: list["Tree"] = field(default_factory=list)


LINES = st.lists(
    st.sampled_from([b"", b"text", b"- dash", b"-- ", b"--", b"--q", b"a: b", b" indented", b"\xc3\xbc"]), max_size=6
)
LEAVES = st.builds(Tree, st.sampled_from(["text/plain", "text/html", "image/png"]), LINES.map(b"\r\n".join))
TREES = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.builds(Tree, st.just("multipart/mixed"), st.just(b""), st.lists(inner, min_size=1, max_size=4)),
        st.builds(Tree, st.just("message/rfc822"), st.just(b""), st.lists(inner, min_size=1, max_size=1)),
    ),
    max_leaves=12,
)


def write(tree: Tree, name: str = "b") -> bytes:
    """The entity as bytes; boundaries begin alike on purpose."""
    if tree.kind.startswith("multipart/"):
        head = f"Content-Type: {tree.kind}; boundary={name}\r\n\r\npreamble\r\n".encode()
        parts = [write(child, f"{name}{number}") for number, child in enumerate(tree.children)]
        delimiter = b"--" + name.encode()
        return head + b"".join(delimiter + b"\r\n" + part + b"\r\n" for part in parts) + delimiter + b"--\r\nepilogue"
    head = f"Content-Type: {tree.kind}\r\n\r\n".encode()
    return head + (write(tree.children[0], name + "m") if tree.children else tree.body)


def check_made(tree: Tree, part: Part, letter: bytes) -> None:
    assert part.media.decode() == tree.kind
    assert len(part.children) == len(tree.children)
    if not tree.children:
        assert letter[part.body_offset : part.body_offset + part.body_size] == tree.body
    for inner, child in zip(tree.children, part.children, strict=True):
        check_made(inner, child, letter)


def check_parsed(message: Message, part: Part, letter: bytes) -> None:
    """Against the standard library."""
    assert part.media.decode() == message.get_content_type()
    payload = message._payload  # type: ignore[attr-defined] # as parsed; get_payload() would decode it
    if isinstance(payload, list):
        assert len(payload) == len(part.children)
        for inner, child in zip(payload, part.children, strict=True):
            assert isinstance(inner, Message)
            check_parsed(inner, child, letter)
    else:
        assert letter[part.body_offset : part.body_offset + part.body_size] == payload.encode(
            "ascii", "surrogateescape"
        )


@given(TREES)
@settings(max_examples=300, deadline=None)
def test_trees_come_back(tree: Tree) -> None:
    letter = b"Subject: x\r\nMIME-Version: 1.0\r\n" + write(tree)
    root = summarize(letter).root
    check_made(tree, root, letter)
    check_parsed(email.message_from_bytes(letter), root, letter)
