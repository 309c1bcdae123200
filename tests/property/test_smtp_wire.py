"""Whatever is sent, however it is cut: the same events, no exception, bounded memory."""

from base64 import b64encode
from contextlib import suppress

from hypothesis import example, given
from hypothesis import strategies as st

from mailstead.ground.wire.smtp.command import (
    parse_auth,
    parse_bdat,
    parse_hello,
    parse_mail,
    parse_rcpt,
    parse_response,
    read_recipient,
    split_command,
)
from mailstead.ground.wire.smtp.fault import Fault
from mailstead.ground.wire.smtp.receiver import Chunk, End, Event, Line, Receiver

WORDS = st.sampled_from(
    [
        b"\r\n",
        b"\r",
        b"\n",
        b".",
        b"\r\n.\r\n",
        b"DATA",
        b"BDAT 5",
        b"BDAT 3 LAST",
        b"NOOP",
        b"\0",
        b"\xff",
        b" ",
        b"x" * 9,
    ]
)
STREAMS = st.lists(st.one_of(WORDS, st.binary(max_size=4)), max_size=60).map(b"".join)


def play(pieces: list[bytes]) -> list[Event]:
    """A session that enters content by DATA and BDAT; pieces of content are joined, those of refused ones dropped."""
    receiver = Receiver(line_max=16)
    found: list[Event] = []
    content = b""
    for piece in pieces:
        receiver.feed(piece)
        while (event := receiver.next_event()) is not None:
            match event:
                case Chunk(data):
                    content += data
                case End(data, intact):
                    found.append(End(content + data if intact else b"", intact))
                    content = b""
                case Line(b"DATA"):
                    receiver.expect_data()
                    found.append(event)
                case Line(text) if text.startswith(b"BDAT "):
                    receiver.expect_octets(int(text[5:6]), is_first=True, is_last=text.endswith(b"LAST"))
                    found.append(event)
                case _:
                    found.append(event)
        assert len(receiver._buffer) - receiver._pos <= 18
    return found


@given(STREAMS, st.data())
def test_events_do_not_depend_on_the_cuts(stream: bytes, data: st.DataObject) -> None:
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=20)))
    pieces = [stream[a:b] for a, b in zip([0, *cuts], [*cuts, len(stream)], strict=True) if a < b]
    assert play(pieces) == play([stream] if stream else [])
    assert play([stream[i : i + 1] for i in range(len(stream))]) == play(pieces)


@given(st.lists(st.binary(max_size=30).filter(lambda line: b"\r" not in line and b"\n" not in line), max_size=20))
def test_what_is_stuffed_comes_back(lines: list[bytes]) -> None:
    body = b"".join(line + b"\r\n" for line in lines)
    stuffed = b"".join((b"." if line.startswith(b".") else b"") + line + b"\r\n" for line in lines)
    receiver = Receiver()
    receiver.expect_data()
    receiver.feed(stuffed + b".\r\n")
    assert receiver.next_event() == End(body, True)


ARGUMENTS = st.one_of(
    st.text(max_size=80),
    st.lists(
        st.sampled_from(
            [
                "FROM:",
                "TO:",
                "<",
                ">",
                "@",
                '"',
                "\\",
                ":",
                ",",
                "a",
                "b.test",
                " ",
                "=",
                "SIZE",
                "ORCPT",
                ";",
                "ü",
                "BY",
                "60;RT",
                "HOLDFOR",
                "1",
                "HOLDUNTIL",
                "2030-01-01T00:00:00Z",
                "9999-12-31T23:59:59-23:59",
                "MT-PRIORITY",
                "-4",
                "AUTH",
                "PLAIN",
                "AGEAYg==",
            ]
        ),
        max_size=20,
    ).map("".join),
)


@given(ARGUMENTS)
def test_parsers_raise_nothing_but_faults(argument: str) -> None:
    for parse in (parse_mail, parse_rcpt, parse_hello, parse_bdat, parse_auth):
        try:
            parse(argument)
        except Fault:
            continue
    with suppress(Fault):
        read_recipient(parse_rcpt(f"TO:{argument}"), smtputf8=True, postmaster_domain="mx.test")


@example(b"AAAA=")
@given(st.one_of(st.binary(max_size=40), st.text("ABab+/=*", max_size=12).map(str.encode)))
def test_responses_are_decoded_or_refused(line: bytes) -> None:
    try:
        data = parse_response(line)
    except Fault:
        return
    assert len(b64encode(data)) == len(line)


@given(st.binary(max_size=100))
def test_any_line_is_split_or_refused(line: bytes) -> None:
    try:
        verb, _ = split_command(line)
    except Fault:
        return
    assert " " not in verb
