"""Packets do not depend on how their bytes are cut, and no bytes are more than refused."""

from contextlib import suppress

from hypothesis import given
from hypothesis import strategies as st

from mailstead.ground.formats.header_edits import join_header, split_header
from mailstead.ground.model.errors import Invalid
from mailstead.ground.wire.milter import Receiver, parse_reply, parse_terms

packets = st.lists(st.tuples(st.sampled_from([b"c", b"h", b"y", b"m", b"b", b"-", b"q"]), st.binary(max_size=40)))


@given(packets, st.data())
def test_chunks(told: list[tuple[bytes, bytes]], data: st.DataObject) -> None:
    stream = b"".join((1 + len(body)).to_bytes(4) + letter + body for letter, body in told)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)))))
    receiver = Receiver()
    chunks = [stream[a:b] for a, b in zip([0, *cuts], [*cuts, len(stream)], strict=True)]
    assert [packet for chunk in chunks for packet in receiver.feed(chunk)] == told


@given(st.binary(max_size=200))
def test_nothing_but_invalid(stream: bytes) -> None:
    with suppress(Invalid):
        for letter, data in Receiver().feed(stream):
            with suppress(Invalid):
                parse_terms(letter, data)
            parse_reply(letter, data)


fields = st.lists(
    st.tuples(
        st.from_regex(rb"[A-Za-z][A-Za-z-]{0,10}", fullmatch=True),
        st.from_regex(rb" [a-z=?\xff]{0,20}(\r\n[ \t][a-z]{1,9}){0,2}", fullmatch=True),
    )
)


@given(fields)
def test_a_header_is_kept_octet_for_octet(told: list[tuple[bytes, bytes]]) -> None:
    header = join_header(told)
    assert join_header(split_header(header)) == header
