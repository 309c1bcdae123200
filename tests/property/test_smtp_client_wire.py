"""Replies and content: however the bytes are cut, the same comes out; what is stuffed comes back."""

import unicodedata
from contextlib import suppress

from hypothesis import given
from hypothesis import strategies as st

from mailstead.ground.model.address import Address
from mailstead.ground.model.envelope import DsnRequest
from mailstead.ground.model.errors import Invalid
from mailstead.ground.wire.smtp.client.capabilities import parse_capabilities
from mailstead.ground.wire.smtp.client.commands import MailWords, render_mail, render_rcpt
from mailstead.ground.wire.smtp.client.content import BareLineEnd, DotStuffer
from mailstead.ground.wire.smtp.client.replies import BadReply, Reply, ReplyReader
from mailstead.ground.wire.smtp.client.status import Stage, status_of
from mailstead.ground.wire.smtp.receiver import End, Receiver

WORDS = st.sampled_from(
    [b"\r\n", b"\n", b"\r", b"250", b"250-", b"250 ", b"421 ", b"-", b" ", b"x", b"\0", b"y" * 4090]
)
STREAMS = st.lists(st.one_of(WORDS, st.binary(max_size=4)), max_size=60).map(b"".join)
CONTENT = st.lists(st.sampled_from([b".", b"\r\n", b"\r\n.", b"a", b"\r", b"\n"]), max_size=40).map(b"".join)


def cut(stream: bytes, data: st.DataObject) -> list[bytes]:
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=20)))
    return [stream[a:b] for a, b in zip([0, *cuts], [*cuts, len(stream)], strict=True)]


def read(pieces: list[bytes]) -> list[Reply | BadReply]:
    reader = ReplyReader()
    found: list[Reply | BadReply] = []
    for piece in pieces:
        reader.feed(piece)
        while (reply := reader.next_reply()) is not None:
            found.append(reply)
            if isinstance(reply, BadReply):
                return found
        assert len(reader._buffer) - reader._pos <= 4096
    return found


@given(STREAMS, st.data())
def test_replies_do_not_depend_on_the_cuts(stream: bytes, data: st.DataObject) -> None:
    assert read(cut(stream, data)) == read([stream])


@given(STREAMS)
def test_whatever_is_said_can_be_told(stream: bytes) -> None:
    for reply in read([stream]):
        if isinstance(reply, Reply):
            parse_capabilities(reply)
            assert not any(unicodedata.category(char) in ("Cc", "Zl", "Zp") for char in reply.words)
            assert all(status_of(reply, stage)[0] in "245" for stage in Stage)


def stuff(pieces: list[bytes]) -> bytes | None:
    stuffer = DotStuffer()
    try:
        return b"".join([*map(stuffer.encode, pieces), stuffer.end()])
    except BareLineEnd:
        return None


@given(CONTENT, st.data())
def test_dots_do_not_depend_on_the_cuts(content: bytes, data: st.DataObject) -> None:
    assert stuff(cut(content, data)) == stuff([content])


@given(CONTENT)
def test_a_server_reads_what_was_meant(content: bytes) -> None:
    sent = stuff([content])
    is_bare = b"\r" in content.replace(b"\r\n", b"") or b"\n" in content.replace(b"\r\n", b"")
    assert (sent is None) == is_bare
    if sent is not None:
        receiver = Receiver()
        receiver.expect_data()
        receiver.feed(sent)
        whole = content if content.endswith(b"\r\n") or not content else content + b"\r\n"
        assert receiver.next_event() == End(whole, True)
        assert not receiver.has_pending


@given(st.text(max_size=20), st.text(max_size=20), st.text(max_size=20))
def test_a_command_is_one_line(local: str, envid: str, original: str) -> None:
    with suppress(Invalid):
        line = render_mail(Address(local, "b.test"), MailWords(envid=envid or None))
        assert line.endswith(b"\r\n")
        assert not set(line[:-2]) & set(b"\r\n\0")
    with suppress(Invalid):
        line = render_rcpt(Address("a", "b.test"), DsnRequest(None, original))
        assert line.count(b" ") == 2
        assert not set(line[:-2]) & set(b"\r\n\0")
