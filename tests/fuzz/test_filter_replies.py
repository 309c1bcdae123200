"""Replies of scanners, damaged at will: an answer, or Invalid, and the same however they are cut."""

import json
from collections.abc import Callable
from itertools import pairwise

from hypothesis import example, given
from hypothesis import strategies as st

from mailstead.ground.model.errors import Invalid
from mailstead.ground.wire import clamd, rspamd, spamc

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


def spamd_answer(parts: list[bytes]) -> object:
    receiver = spamc.ReplyReceiver()
    for part in parts:
        if (reply := receiver.feed(part)) is not None:
            break
    else:
        reply = receiver.finish()
    return spamc.read_score(reply), spamc.read_report(reply.body)


HEADS = st.lists(
    st.sampled_from(
        [
            b"Content-length: 3", b"Content-length: 9" * 9, b"Content-length: \xd9\xa3", b"Spam: True ; 5.5 / 5.0",
            b"Spam: False ; -1 / 0", b"Spam: True ; 1e9 / nan", b":", b"", b"Spam", b"\xff: \x00",
        ]
    ),
    max_size=4,
)  # fmt: skip
ROWS = st.lists(
    st.sampled_from([b"---- ---------- ----", b" 1.0 ONE words", b"-9 TWO", b"1e9 X", b"  ", b" 1.0 \xff x", b"\0"]),
    max_size=6,
)
SPAMD = st.one_of(
    octets,
    octets.map(lambda data: b"SPAMD/1.1 0 EX_OK\r\n\r\n" + data),
    st.tuples(HEADS, ROWS).map(
        lambda reply: b"\r\n".join([b"SPAMD/1.1 0 EX_OK", *reply[0], b"", b"\n".join(reply[1])])
    ),
)


@given(SPAMD, cuts)
def test_spamd(data: bytes, at: list[int]) -> None:
    whole = outcome(spamd_answer, [data] if data else [])
    assert whole == outcome(spamd_answer, chunks(data, at))
    if isinstance(whole, tuple):
        assert all(symptom.words.isprintable() and symptom.name.isascii() for symptom in whole[1])


values = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
RSPAMD = st.one_of(
    octets,
    values.map(lambda value: json.dumps(value).encode()),
    st.fixed_dictionaries(
        {
            "action": st.text(max_size=300) | values,
            "score": st.floats() | values,
            "required_score": st.floats() | values,
            "symbols": st.dictionaries(
                st.text(max_size=300),
                st.fixed_dictionaries({"score": st.floats() | st.integers(), "description": st.text(max_size=300)}),
                max_size=3,
            )
            | values,
        }
    ).map(lambda value: json.dumps(value).encode()),
)


@given(RSPAMD)
def test_rspamd(data: bytes) -> None:
    try:
        answer = rspamd.read_answer(data)
    except Invalid:
        return
    assert all(len(one.name) <= 120 and one.name.isprintable() for one in answer.symptoms)
    assert answer.action.isprintable()
    assert abs(answer.score) < float("inf")


@given(st.text(max_size=2000))
def test_headers_for_rspamd(text: str) -> None:
    (value,) = rspamd.render_headers({"Helo": text or "x"}).values()
    assert len(value) <= rspamd.VALUE_MAX
    assert not set(value) & set("\r\n\0")
    value.encode()
