"""Lines, content and octets; every form of smuggling by table."""

import pytest

from mailstead.ground.wire.smtp.receiver import LINE_MAX, BadLine, Chunk, End, Event, Flaw, Line, Receiver


def events(receiver: Receiver, data: bytes) -> list[Event]:
    receiver.feed(data)
    found = []
    while (event := receiver.next_event()) is not None:
        found.append(event)
    return found


def content(data: bytes, *, cut: int = 0) -> tuple[bytes, bool, list[Event]]:
    """What DATA makes of `data`: content, whether it is intact, and the events behind its end."""
    receiver = Receiver()
    receiver.expect_data()
    step = cut or len(data)
    found: list[Event] = []
    for start in range(0, len(data), step):
        found += events(receiver, data[start : start + step])
    pieces = [event for event in found if isinstance(event, Chunk | End)]
    ends = [event for event in pieces if isinstance(event, End)]
    return (
        b"".join(piece.data for piece in pieces),
        bool(ends) and ends[0].intact,
        [event for event in found if not isinstance(event, Chunk | End)] if ends else [],
    )


# Each stands where a lenient server would see the end of the message and a command behind it.
SMUGGLED = [
    b"\n.\n", b"\n.\r\n", b"\r.\r\n", b"\r.\r", b"\r.\n", b"\n.\r", b"\r\n.\n", b"\r\n.\r", b"\r\r\n.\r\r\n",
    b"\r\n\n.\n", b"\n\r.\n\r", b"\0\n.\r\n", b"\r\0\n.\r\0\n", b"\r\n.\0\n", b"\r\n.\r\0\n", b"\n\0.\r\n",
]  # fmt: skip


@pytest.mark.parametrize("cut", [0, 1, 2, 3])
@pytest.mark.parametrize("form", SMUGGLED, ids=repr)
def test_smuggled_end_is_no_end(form: bytes, cut: int) -> None:
    receiver = Receiver()
    receiver.expect_data()
    found: list[Event] = []
    stream = b"a: b\r\n\r\nx" + form + b"MAIL FROM:<evil@x.test>\r\nDATA\r\ny\r\n.\r\nNOOP\r\n"
    for start in range(0, len(stream), cut or len(stream)):
        found += events(receiver, stream[start : start + (cut or len(stream))])
    assert [event for event in found if not isinstance(event, Chunk)] == [End(b"", False), Line(b"NOOP")]


@pytest.mark.parametrize("cut", [0, 1, 2, 3, 4, 5])
@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        (b".\r\n", b""),
        (b"\r\n.\r\n", b"\r\n"),
        (b"a\r\n.\r\n", b"a\r\n"),
        (b"..\r\n.\r\n", b".\r\n"),
        (b".a\r\n..b\r\n.\r\n", b"a\r\n.b\r\n"),
        (b"a\r\n...\r\n.\r\n", b"a\r\n..\r\n"),
        (b"a.\r\n\r\n..\r\n\r\n.\r\n", b"a.\r\n\r\n.\r\n\r\n"),
        (b"\0\xff\r\n.\r\n", b"\0\xff\r\n"),
        (b"x" * 2000 + b"\r\n.\r\n", b"x" * 2000 + b"\r\n"),
    ],
)
def test_transparency(sent: bytes, kept: bytes, cut: int) -> None:
    assert content(sent + b"QUIT\r\n", cut=cut) == (kept, True, [Line(b"QUIT")])


@pytest.mark.parametrize("cut", [0, 1])
@pytest.mark.parametrize("bad", [b"a\rb\r\n", b"a\nb\r\n", b"\r\r\n", b"\n\r\n", b"a\r\n\n", b"\ra\r\n", b"\r\n\r\r\n"])
def test_bare_ends_refuse_the_content(bad: bytes, cut: int) -> None:
    assert content(bad + b".\r\n", cut=cut)[1] is False


def test_octets_are_counted_not_read() -> None:
    receiver = Receiver()
    receiver.expect_octets(9, is_first=True, is_last=True)
    assert events(receiver, b"a\r\n.\r\nb\r") == [Chunk(b"a\r\n.\r\nb\r")]
    assert events(receiver, b"\nNOOP\r\n") == [End(b"\n", True), Line(b"NOOP")]


@pytest.mark.parametrize(
    ("chunks", "intact"),
    [
        ([b"a\r", b"\nb"], True),
        ([b"a\r", b"b"], False),
        ([b"a\r", b"", b"\nb"], True),
        ([b"a", b"\nb"], False),
        ([b"a\r"], False),
        ([b"a\r\n", b"\r"], False),
        ([b"", b""], True),
    ],
)
def test_a_bare_end_is_found_across_chunks(chunks: list[bytes], intact: bool) -> None:
    receiver = Receiver()
    last = None
    for index, chunk in enumerate(chunks):
        receiver.expect_octets(len(chunk), is_first=index == 0, is_last=index == len(chunks) - 1)
        *_, last = events(receiver, chunk) if chunk else [receiver.next_event()]
    assert isinstance(last, End)
    assert last.intact is intact


def test_the_longest_line_is_read_and_one_more_is_not() -> None:
    assert events(Receiver(), b"x" * LINE_MAX + b"\r\n") == [Line(b"x" * LINE_MAX)]
    assert events(Receiver(), b"x" * (LINE_MAX + 1) + b"\r\nNOOP\r\n") == [BadLine(Flaw.TOO_LONG), Line(b"NOOP")]


def test_an_endless_line_is_told_once_and_not_kept() -> None:
    receiver = Receiver()
    assert events(receiver, b"x" * 5000) == [BadLine(Flaw.TOO_LONG)]
    for _ in range(100):
        assert events(receiver, b"y" * 100_000) == []
    assert len(receiver._buffer) - receiver._pos <= 1
    assert events(receiver, b"\r\nNOOP\r\n") == [Line(b"NOOP")]


def test_endless_content_is_not_kept() -> None:
    receiver = Receiver()
    receiver.expect_data()
    for piece in (b"\r\n" * 5000, b"x" * 100_000, b"\r\n." * 5000, b"\r" * 100_000):
        events(receiver, piece)
        assert len(receiver._buffer) - receiver._pos <= 4


def test_what_came_before_tls_is_forgotten() -> None:
    receiver = Receiver()
    receiver.feed(b"STARTTLS\r\nEHLO evil.test\r\n")
    assert receiver.next_event() == Line(b"STARTTLS")
    assert receiver.has_pending
    receiver.clear()
    assert receiver.next_event() is None
