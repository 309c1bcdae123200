"""Replies of scanners, damaged at will: an answer, or Invalid, and the same however they are cut."""

from collections.abc import Callable
from itertools import pairwise

from hypothesis import example, given
from hypothesis import strategies as st

from mailstead.ground.model.errors import Invalid
from mailstead.ground.wire import clamd

octets = st.binary(max_size=300)
cuts = st.lists(st.integers(0, 6000), max_size=8)


def chunks(data: bytes, at: list[int]) -> list[bytes]:
    places = sorted({0, len(data), *(place for place in at if place < len(data))})
    return [data[a:b] for a, b in pairwise(places)]


def clamd_answer(parts: list[bytes]) -> object:
    receiver = clamd.ReplyReceiver()
    for part in parts:
        if (reply := receiver.feed(part)) is not None:
            return clamd.read_answer(reply)
    return None


def outcome(read: Callable[[list[bytes]], object], parts: list[bytes]) -> object:
    try:
        return read(parts)
    except Invalid:
        return Invalid


CLAMD = st.one_of(
    octets,
    st.binary(max_size=6000).map(lambda data: data + b"\0"),
    octets.map(lambda data: b"stream: " + data + b" FOUND\0"),
    st.sampled_from([b"stream: OK\0", b"INSTREAM size limit exceeded. ERROR\0", b"stream: x ERROR\0"]),
)


@given(CLAMD, cuts)
@example(b"stream: OK\0stream: x FOUND\0", [11])
@example(b"x" * 5000 + b"\0", [4096])
def test_clamd(data: bytes, at: list[int]) -> None:
    whole = outcome(clamd_answer, [data] if data else [])
    assert whole == outcome(clamd_answer, chunks(data, at))
    if isinstance(whole, clamd.Found):
        assert whole.name.isprintable()
        assert len(whole.name) <= 200
