"""Mending does not depend on how the bytes are cut, keeps the body, and leaves a header that needs no more of it."""

from hypothesis import given
from hypothesis import strategies as st

from mailstead.ground.formats.headers import each_field
from mailstead.ground.formats.repair import Given, HeadFilter, Repair, repair
from mailstead.ground.model.address import Address
from mailstead.ground.model.ids import Instant

ANN = Address("ann", "example.net")
GIVEN = Given(at=Instant(1_795_168_800_000), message_id="77@example.net", author=ANN)

LINES = st.sampled_from([
    b"From: a@b.example\r\n", b"from: c@d.example,\r\n e@f.example\r\n", b"Bcc: x@y.example\r\n\tz@y.example\r\n",
    b"Sender: ann@example.net\r\n", b"Date: Fri, 20 Nov 2026 10:00:00 +0000\r\n", b"Date: no\r\n",
    b"Message-ID: <1@x>\r\n", b"Message-ID: x\r\n", b"Subject: \xc3\xa9\r\n", b"Resent-BCC: q@r.example\r\n",
    b"no field\r\n", b" folded\r\n", b"\r\n", b"\n", b"\r", b"X:y",
])  # fmt: skip
MESSAGES = st.lists(LINES, max_size=12).map(b"".join) | st.binary(max_size=80)


def run(chunks: list[bytes]) -> tuple[bytes, HeadFilter]:
    mender = HeadFilter(GIVEN)
    out = b"".join([mender.feed(chunk) for chunk in chunks])
    return out + mender.finish(), mender


@given(MESSAGES, st.data())
def test_chunking(message: bytes, data: st.DataObject) -> None:
    cuts = sorted(data.draw(st.lists(st.integers(0, len(message)))))
    chunks = [message[a:b] for a, b in zip([0, *cuts], [*cuts, len(message)], strict=True)]
    whole, one = run([message])
    parts, other = run(chunks)
    assert whole == parts
    assert (one.fault, one.repair) == (other.fault, other.repair)


@given(MESSAGES)
def test_what_was_mended_is_whole(message: bytes) -> None:
    out, mender = run([message])
    if mender.repair is None:
        assert out == b""
        return
    again = repair(out, GIVEN)
    assert isinstance(again, Repair)
    names = [name.lower() for name, _ in each_field(out[: again.size])]
    assert {b"date", b"from", b"message-id"} <= set(names)
    assert not {b"bcc", b"resent-bcc", b"return-path"} & set(names)
    assert out.endswith(message[mender.repair.size :])
    assert (again.added, again.removed) == (b"", ())
