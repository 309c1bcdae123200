"""POP3's wire: lines in and messages out are the same however the bytes are cut, and what goes out can be read back."""

import email
import email.policy
import re

from hypothesis import given, settings
from hypothesis import strategies as st

from mailstead.ground.wire.pop3.content import Stuffer, Top
from mailstead.ground.wire.pop3.receiver import COMMAND_MAX, BadLine, Line, Receiver
from mailstead.ground.wire.pop3.surrogate import FIELD_MAX, Surrogate, encode_words

PIECES = st.lists(
    st.sampled_from([b"\r\n", b"\n", b"\r", b".", b"..", b" ", b"\t", b"x", b"ab", b"\0", b"\xc3\xbc", b"\xff", b":"])
    | st.sampled_from([b"Subject: ", b"From: ", b"Content-Type: a/b; name=", b'"', b"<", b">", b"@", b",", b";"]),
    max_size=60,
).map(b"".join)
SIZES = st.lists(st.integers(1, 9), min_size=1, max_size=20)


def cut(data: bytes, sizes: list[int]) -> list[bytes]:
    out, start, turn = [], 0, 0
    while start < len(data):
        size = sizes[turn % len(sizes)]
        out.append(data[start : start + size])
        start, turn = start + size, turn + 1
    return out


def lines_of(pieces: list[bytes]) -> list[Line | BadLine]:
    receiver, found = Receiver(), []
    for piece in pieces:
        receiver.feed(piece)
        while (event := receiver.next_event()) is not None:
            found.append(event)
    return found


@given(PIECES | st.binary(max_size=700) | PIECES.map(lambda data: b"x" * 250 + data), SIZES)
def test_lines_do_not_depend_on_the_cuts(data: bytes, sizes: list[int]) -> None:
    whole = lines_of([data])
    assert lines_of(cut(data, sizes)) == whole
    assert all(len(line.text) <= COMMAND_MAX for line in whole if isinstance(line, Line))


def sent(pieces: list[bytes]) -> bytes:
    stuffer = Stuffer()
    return b"".join([stuffer.feed(piece) for piece in pieces]) + stuffer.finish()


@given(PIECES, SIZES)
def test_messages_are_read_back(data: bytes, sizes: list[int]) -> None:
    """As a client reads: line by line up to the dot, of which there is no second one before."""
    wire = sent(cut(data, sizes))
    assert wire == sent([data])
    lines = wire.split(b"\r\n")
    assert lines[-2:] == [b".", b""]
    assert b"." not in lines[:-2]
    assert not re.search(rb"(?<!\r)\n", wire)
    read = b"".join(line.removeprefix(b".") + b"\r\n" for line in lines[:-2])
    plain = re.sub(rb"(?<!\r)\n", b"\r\n", data)
    assert read in (plain, plain + b"\r\n")


def top(pieces: list[bytes], lines: int) -> bytes:
    cutter, out = Top(lines), b""
    for piece in pieces:
        if cutter.is_done:
            break
        out += cutter.feed(piece)
    return out


@given(PIECES, st.integers(0, 5), SIZES)
def test_top_gives_so_many_lines(data: bytes, lines: int, sizes: list[int]) -> None:
    whole = top([data], lines)
    assert top(cut(data, sizes), lines) == whole
    assert data.startswith(whole)
    blank = re.search(rb"(?:\A|\n)\r?\n", data)
    if blank is None:
        assert whole == data
    else:
        body = data[blank.end() :].split(b"\n")
        expected = b"\n".join(body[:lines]) + (b"\n" if lines and len(body) > lines else b"")
        assert whole == data[: blank.end()] + (expected if lines else b"")


def surrogate(pieces: list[bytes]) -> bytes:
    stage = Surrogate()
    return b"".join([stage.feed(piece) for piece in pieces]) + stage.finish()


@given(PIECES, SIZES)
def test_surrogates_have_ascii_headers(data: bytes, sizes: list[int]) -> None:
    whole = surrogate([data])
    assert surrogate(cut(data, sizes)) == whole
    blank = re.search(rb"(?:\A|\n)\r?\n", data)
    body = data[blank.end() :] if blank else b""
    assert whole.endswith(body)
    assert whole[: len(whole) - len(body)].isascii()
    if data.isascii():
        assert whole == data


@settings(max_examples=20, deadline=None)
@given(st.integers(FIELD_MAX - 20, FIELD_MAX + 20), st.integers(4000, 70_000))
def test_long_fields_do_not_depend_on_the_cuts(size: int, step: int) -> None:
    data = b"Subject: " + b"\xc3" * size + b"\r\n more\xff\r\nX: \xc3\xbc\r\n\r\n\xc3\xbc"
    whole = surrogate([data])
    assert surrogate(cut(data, [step])) == whole
    assert whole.endswith(b"\r\nX: =?utf-8?b?w7w=?=\r\n\r\n\xc3\xbc")


@given(st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Zl", "Zp"]), min_size=1, max_size=200))
def test_encoded_words_say_the_same(text: str) -> None:
    words = encode_words(text)
    assert all(len(line) <= 76 for line in words.split(b"\r\n"))
    parsed = email.message_from_bytes(b"X-Text: " + words + b"\r\n\r\n", policy=email.policy.default)
    assert str(parsed["X-Text"]).split() == text.split()
