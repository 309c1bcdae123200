"""RFC 5321 §4.2, and what others make of it."""

import pytest

from mailstead.ground.wire.smtp.client.replies import LINE_MAX, LINES_MAX, BadReply, Reply, ReplyReader
from mailstead.ground.wire.smtp.client.status import Stage, said_status, status_of


def read(data: bytes) -> list[Reply | BadReply]:
    reader = ReplyReader()
    reader.feed(data)
    found = []
    while (reply := reader.next_reply()) is not None:
        found.append(reply)
        if isinstance(reply, BadReply):
            break
    return found


@pytest.mark.parametrize(
    ("data", "reply"),
    [
        (b"250 ok\r\n", Reply(250, ("ok",))),
        (b"250\r\n", Reply(250, ("",))),
        (b"250 \r\n", Reply(250, ("",))),
        (b"250-a\r\n250-\r\n250 b\r\n", Reply(250, ("a", "", "b"))),
        (b"250-a\n250 b\n", Reply(250, ("a", "b"))),
        (b"250-a\r\n250\r\n", Reply(250, ("a", ""))),
        ("550 gr\u00fc\u00dfe\r\n".encode(), Reply(550, ("gr\u00fc\u00dfe",))),
        (b"550 \xff\r\n", Reply(550, ("\ufffd",))),
    ],
)
def test_reads(data: bytes, reply: Reply) -> None:
    assert read(data) == [reply]


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"hello\r\n", "not a reply"),
        (b"150 what\r\n", "not a reply"),
        (b"650 what\r\n", "not a reply"),
        (b"2500 what\r\n", "not a reply"),
        (b"250_what\r\n", "not a reply"),
        (b"\r\n", "not a reply"),
        (b"250-a\r\n251 b\r\n", "disagree"),
        (b"250 " + b"x" * LINE_MAX, "line is too long"),
        (b"250-x\r\n" * (LINES_MAX + 1), "reply is too long"),
        ((b"250-" + b"x" * 4000 + b"\r\n") * 20, "reply is too long"),
    ],
)
def test_what_is_no_reply(data: bytes, why: str) -> None:
    (bad,) = read(data)
    assert isinstance(bad, BadReply)
    assert why in bad.why


def test_the_longest_line_and_the_longest_reply() -> None:
    assert isinstance(read(b"250 " + b"x" * (LINE_MAX - 5) + b"\n")[0], Reply)
    (reply,) = read(b"250-x\r\n" * (LINES_MAX - 1) + b"250 y\r\n")
    assert isinstance(reply, Reply)
    assert len(reply.lines) == LINES_MAX


def test_words_are_bounded_and_printable() -> None:
    reply = Reply(550, ("a\x00b\x1b[31m\x85", "c" * 1000))
    assert reply.words.startswith("550 a?b?[31m? ccc")
    assert len(reply.words) == 500


def test_forgets_what_came_in_the_clear() -> None:
    reader = ReplyReader()
    reader.feed(b"220 go\r\n250-injected\r\n")
    assert reader.next_reply() == Reply(220, ("go",))
    assert reader.next_reply() is None
    assert reader.has_pending
    reader.clear()
    assert not reader.has_pending
    reader.feed(b"250 real\r\n")
    assert reader.next_reply() == Reply(250, ("real",))


@pytest.mark.parametrize(
    ("code", "text", "stage", "status"),
    [
        (550, "5.7.26 no", Stage.CONTENT, "5.7.26"),
        (550, "5.07.026 no", Stage.CONTENT, "5.7.26"),
        (550, "4.7.1 the classes differ", Stage.RCPT, "5.1.1"),
        (550, "no such user", Stage.RCPT, "5.1.1"),
        (550, "5.1.1.1 is an address", Stage.MAIL, "5.7.1"),
        (552, "full", Stage.RCPT, "5.2.2"),
        (452, "", Stage.RCPT, "4.5.3"),
        (421, "", Stage.MAIL, "4.3.2"),
        (459, "", Stage.MAIL, "4.0.0"),
        (599, "", Stage.MAIL, "5.0.0"),
        (250, "2.0.0 queued", Stage.CONTENT, "2.0.0"),
        (250, "ok", Stage.CONTENT, "2.0.0"),
        (354, "go", Stage.RCPT, "4.5.0"),
        (556, "", Stage.RCPT, "5.1.10"),
    ],
)
def test_enhanced_codes(code: int, text: str, stage: Stage, status: str) -> None:
    assert status_of(Reply(code, (text,)), stage) == status


def test_the_last_line_says_the_code() -> None:
    assert said_status(Reply(550, ("5.7.1 first", "5.7.2 last"))) == "5.7.2"
    assert said_status(Reply(550, ("5.7.1 first", "more"))) == "5.7.1"
