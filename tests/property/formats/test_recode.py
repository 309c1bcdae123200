"""Recoding: whatever the pieces, whatever the letter, the same content in octets that the peer may have."""

import email
import email.policy
from email.message import Message

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailstead.ground.formats.encode import Base64Encoder, QuotedPrintableEncoder
from mailstead.ground.formats.encoding import decode_base64, decode_quoted_printable
from mailstead.ground.formats.fit import FitScanner, fit_of
from mailstead.ground.formats.recode import Unfit
from tests.support.recoding import recode

WORDS = st.sampled_from(
    [
        b"x",
        b"words ",
        b"\r\n",
        b"\r\n\r\n",
        b" ",
        b"\t\r\n",
        b"\xc3\xa9",
        b"\xe9",
        b"=",
        b".\r\n",
        b"y" * 999,
        b"--",
        b"-",
    ]
)
BODIES = st.lists(WORDS, max_size=12).map(b"".join)
BINARIES = st.lists(WORDS | st.sampled_from([b"\0", b"\r", b"\n"]), max_size=12).map(b"".join)


@st.composite
def entities(draw: st.DrawFn, depth: int = 0) -> bytes:
    """One entity with its header, of any kind."""
    kind = draw(
        st.sampled_from(["text", "binary", "none"] if depth > 2 else ["text", "binary", "none", "multi", "message"])
    )
    label = draw(
        st.sampled_from([b"", b"Content-Transfer-Encoding: 8bit\r\n", b"Content-Transfer-Encoding: Binary\r\n"])
    )
    match kind:
        case "text":
            return b"Content-Type: text/plain; charset=utf-8\r\n" + label + b"\r\n" + draw(BODIES)
        case "binary":
            return b"Content-Type: application/x-thing\r\n" + label + b"\r\n" + draw(BINARIES)
        case "none":
            return b"\r\n" + draw(BODIES)
        case "message":
            return (
                b"Content-Type: message/rfc822\r\n" + label + b"\r\nMIME-Version: 1.0\r\n" + draw(entities(depth + 1))
            )
    mark = b"mark%d" % depth
    parts = draw(st.lists(entities(depth + 1), min_size=1, max_size=3))
    head = b'Content-Type: multipart/mixed; boundary="' + mark + b'"\r\n' + label + b"\r\n"
    pre = draw(st.sampled_from([b"", b"pre\r\n", b"\xc3\xa9\r\n"]))
    return head + pre + b"".join(b"--" + mark + b"\r\n" + part + b"\r\n" for part in parts) + b"--" + mark + b"--\r\n"


LETTERS = entities().map(lambda entity: b"From: a@x.test\r\nMIME-Version: 1.0\r\n" + entity)


def contents(message: Message) -> list[tuple[str, bytes]]:
    """Type and decoded content of every leaf."""
    found = []
    for part in message.walk():
        if not part.is_multipart():
            content = part.get_payload(decode=True)
            assert isinstance(content, bytes)
            found.append((part.get_content_type(), content))
    return found


@given(LETTERS, st.booleans(), st.data())
def test_the_same_content(letter: bytes, eight_bit: bool, data: st.DataObject) -> None:
    cuts = data.draw(st.lists(st.integers(0, len(letter)), max_size=8))
    recoded = recode(letter, eight_bit=eight_bit)
    assert recode(letter, eight_bit=eight_bit, cuts=cuts) == recoded
    assert fit_of(recoded).suits(eight_bit=eight_bit)
    assert recode(recoded, eight_bit=eight_bit) == recoded, "what is fit stays as it is"
    before, after = email.message_from_bytes(letter), email.message_from_bytes(recoded)
    assert contents(after) == contents(before)


@given(st.binary() | BINARIES, st.booleans(), st.data())
def test_any_octets(letter: bytes, eight_bit: bool, data: st.DataObject) -> None:
    """Either fit or refused, never anything else."""
    cuts = data.draw(st.lists(st.integers(0, len(letter)), max_size=8))
    try:
        recoded = recode(letter, eight_bit=eight_bit)
    except Unfit:
        with pytest.raises(Unfit):
            recode(letter, eight_bit=eight_bit, cuts=cuts)
        return
    assert recode(letter, eight_bit=eight_bit, cuts=cuts) == recoded
    fit = fit_of(recoded)
    assert fit.suits(eight_bit=eight_bit or fit.has_8bit_header)


@given(BINARIES, st.data())
def test_looking_does_not_depend_on_chunks(letter: bytes, data: st.DataObject) -> None:
    cuts = sorted(data.draw(st.lists(st.integers(0, len(letter)))))
    scanner = FitScanner()
    for start, end in zip([0, *cuts], [*cuts, len(letter)], strict=True):
        scanner.feed(letter[start:end])
    assert scanner.finish() == fit_of(letter)


@given(BINARIES, BODIES, st.data())
def test_encoders(octets: bytes, text: bytes, data: st.DataObject) -> None:
    for encoder, content, decode in (
        (Base64Encoder(), octets, decode_base64),
        (QuotedPrintableEncoder(), text, decode_quoted_printable),
    ):
        cuts = sorted(data.draw(st.lists(st.integers(0, len(content)))))
        pieces = [content[a:b] for a, b in zip([0, *cuts], [*cuts, len(content)], strict=True)]
        encoded = b"".join([*map(encoder.feed, pieces), encoder.finish()])
        assert decode(encoded) == content
        assert max(map(len, encoded.split(b"\r\n"))) <= 76
        assert fit_of(encoded, has_header=False).suits(eight_bit=False)
