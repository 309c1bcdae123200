"""PROXY headers: any bytes give a header, a wish for more, or a refusal; more bytes never change a header."""

from hypothesis import given
from hypothesis import strategies as st

from mailstead.net.proxy import MOST_HEADER, SIGNATURE, BadProxyHeader, parse_proxy

starts = st.sampled_from([b"", b"PROXY ", b"PROXY TCP4 192.0.2.1 ", SIGNATURE, SIGNATURE + b"\x21\x11\x00\x0c"])


@given(starts, st.binary(max_size=700), st.binary(max_size=20))
def test_total_and_stable(start: bytes, rest: bytes, more: bytes) -> None:
    data = start + rest
    try:
        header = parse_proxy(data)
    except BadProxyHeader:
        return
    if header is None:
        assert len(data) < MOST_HEADER  # nobody waits for ever
        return
    assert header.length <= min(len(data), MOST_HEADER)
    assert parse_proxy(data[: header.length]) == header
    assert parse_proxy(data + more) == header
