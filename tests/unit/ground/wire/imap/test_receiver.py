"""The stream cut into commands: literals, limits, and what follows a refusal."""

from dataclasses import replace

import pytest

from mailstead.ground.wire.imap.event import (
    AppendEnd,
    CommandReady,
    Event,
    LiteralChunk,
    LiteralWanted,
    MessageLiteral,
    RawLine,
    Refused,
)
from mailstead.ground.wire.imap.limits import AFTER_LOGIN, BEFORE_LOGIN, Limits
from mailstead.ground.wire.imap.receiver import CommandReceiver

SMALL = Limits(line=60, command=200, literal=50, plus_literal=20, literals=3, swallow=1000)
NOOP = CommandReady(b"z", b"NOOP", b"")


def events(stream: bytes, limits: Limits = AFTER_LOGIN) -> list[Event]:
    return list(CommandReceiver(limits).receive(stream))


def refused(stream: bytes, limits: Limits = SMALL) -> Refused:
    """The one refusal of a stream after which a NOOP is understood again."""
    found = events(stream + b"z NOOP\r\n", limits)
    assert len(found) == 2
    assert found[1] == NOOP
    assert isinstance(found[0], Refused)
    assert not found[0].is_fatal
    return found[0]


def test_pipelined_commands_come_one_by_one() -> None:
    assert events(b"a noop\r\nb Uid  fetch 1:* (FLAGS)\r\nc LOGIN x") == [
        CommandReady(b"a", b"NOOP", b""),
        CommandReady(b"b", b"UID FETCH", b" 1:* (FLAGS)"),
    ]


def test_uid_alone_is_a_name() -> None:
    assert events(b"a UID\r\nb UIDX 1\r\n") == [CommandReady(b"a", b"UID", b""), CommandReady(b"b", b"UIDX", b" 1")]


def test_a_synchronising_literal_is_asked_for() -> None:
    receiver = CommandReceiver(AFTER_LOGIN)
    assert list(receiver.receive(b"a LOGIN {3}\r\n")) == [LiteralWanted(b"a", b"LOGIN", 3)]
    assert list(receiver.receive(b"an\n {2+}\r\nxy\r\n")) == [CommandReady(b"a", b"LOGIN", b" {3}\r\nan\n {2+}\r\nxy")]


def test_an_empty_literal() -> None:
    assert events(b'a LOGIN {0+}\r\n ""\r\n') == [CommandReady(b"a", b"LOGIN", b' {0+}\r\n ""')]


def test_a_refused_synchronising_literal_ends_the_command() -> None:
    receiver = CommandReceiver(AFTER_LOGIN)
    assert list(receiver.receive(b"a LOGIN {3}\r\n")) == [LiteralWanted(b"a", b"LOGIN", 3)]
    assert receiver.refuse()
    assert list(receiver.receive(b"z NOOP\r\n")) == [NOOP]


def test_append_streams_its_message() -> None:
    assert events(b'a APPEND {5+}\r\nDr&-b (\\Seen) ~{4+}\r\nab\0d\r\nz NOOP\r\n') == [
        MessageLiteral(b"a", b" {5+}\r\nDr&-b (\\Seen) ", 4, is_synchronising=False, is_binary=True, is_first=True),
        LiteralChunk(b"ab\0d", is_last=True),
        AppendEnd(b"a"),
        NOOP,
    ]  # fmt: skip


def test_a_message_that_came_whole_is_one_object() -> None:
    body = b"x" * 5000
    receiver = CommandReceiver(AFTER_LOGIN)
    assert len(list(receiver.receive(b"a APPEND INBOX {5000}\r\n"))) == 1
    chunk = next(receiver.receive(body))
    assert isinstance(chunk, LiteralChunk)
    assert chunk.data is body


def test_an_empty_message() -> None:
    assert events(b"a APPEND x {0+}\r\n\r\n")[1:] == [LiteralChunk(b"", is_last=True), AppendEnd(b"a")]


def test_multiappend() -> None:
    found = events(b"a APPEND x {1+}\r\nA (\\Seen) {2+}\r\nBC\r\n")
    assert found[2] == MessageLiteral(b"a", b" (\\Seen) ", 2, is_synchronising=False, is_binary=False, is_first=False)
    assert found[3:] == [LiteralChunk(b"BC", is_last=True), AppendEnd(b"a")]


def test_what_follows_a_message_must_be_another() -> None:
    found = events(b"a APPEND x {1+}\r\nA junk {3+}\r\nfoo\r\nb APPEND x {1+}\r\nA junk\r\nz NOOP\r\n")
    assert isinstance(found[2], MessageLiteral)  # the grammar refuses its head
    assert found[-2:] == [Refused(b"b", "Nothing may follow the message"), NOOP]


def test_a_refused_message_that_the_client_sends_anyway_is_thrown_away() -> None:
    receiver = CommandReceiver(AFTER_LOGIN)
    assert len(list(zip(range(1), receiver.receive(b"a APPEND x {10+}\r\n01234"), strict=False))) == 1
    assert receiver.refuse()
    assert list(receiver.receive(b"56789 {3+}\r\nabc\r\nz NOOP\r\n")) == [NOOP]


def test_a_refused_message_that_was_announced_only() -> None:
    receiver = CommandReceiver(AFTER_LOGIN)
    assert isinstance(next(receiver.receive(b"a APPEND x {10}\r\n")), MessageLiteral)
    assert receiver.refuse()
    assert list(receiver.receive(b"z NOOP\r\n")) == [NOOP]


def test_a_message_refused_half_way() -> None:
    receiver = CommandReceiver(AFTER_LOGIN)
    assert len(list(receiver.receive(b"a APPEND x {10}\r\n"))) == 1
    assert list(receiver.receive(b"0123")) == [LiteralChunk(b"0123", is_last=False)]
    assert receiver.refuse()
    assert list(receiver.receive(b"456789\r\nz NOOP\r\n")) == [NOOP]


def test_a_message_refused_after_its_end() -> None:
    receiver = CommandReceiver(AFTER_LOGIN)
    assert len(list(zip(range(2), receiver.receive(b"a APPEND x {1+}\r\nA\r\nz NOOP\r\n"), strict=False))) == 2
    assert receiver.refuse()
    assert list(receiver.receive(b"")) == [NOOP]


def test_refusing_more_than_is_ever_swallowed_is_fatal() -> None:
    receiver = CommandReceiver(replace(AFTER_LOGIN, swallow=100))
    assert isinstance(next(receiver.receive(b"a APPEND x {1000+}\r\n")), MessageLiteral)
    assert not receiver.refuse()
    assert list(receiver.receive(b"z NOOP\r\n" * 10)) == []


def test_expected_lines_are_raw() -> None:
    receiver = CommandReceiver(AFTER_LOGIN)
    found = []
    for event in receiver.receive(b"a IDLE\r\nDONE\r\nb AUTHENTICATE PLAIN\r\nAGE= {3+}\r\nz NOOP\r\n"):
        found.append(event)
        if isinstance(event, CommandReady) and event.name in (b"IDLE", b"AUTHENTICATE"):
            receiver.expect_line()
    assert found == [
        CommandReady(b"a", b"IDLE", b""), RawLine(b"DONE"),
        CommandReady(b"b", b"AUTHENTICATE", b" PLAIN"), RawLine(b"AGE= {3+}"), NOOP,
    ]  # fmt: skip


def test_limits_change_between_pipelined_commands() -> None:
    receiver = CommandReceiver(BEFORE_LOGIN)
    found = []
    for event in receiver.receive(b"a LOGIN x y\r\nb APPEND x {5000+}\r\n" + b"m" * 5000 + b"\r\n"):
        found.append(event)
        receiver.limits = AFTER_LOGIN
    assert [type(event) for event in found] == [CommandReady, MessageLiteral, LiteralChunk, AppendEnd]


def test_clear_gives_what_was_not_used() -> None:
    receiver = CommandReceiver(BEFORE_LOGIN)
    assert next(receiver.receive(b"a STARTTLS\r\nb LOGIN x y\r\n")) == CommandReady(b"a", b"STARTTLS", b"")
    assert receiver.clear() == b"b LOGIN x y\r\n"
    assert list(receiver.receive(b"z NOOP\r\n")) == [NOOP]


@pytest.mark.parametrize(
    ("stream", "tag", "reason"),
    [
        (b"\r\n", b"*", "A tag and a command"),
        (b"\n", b"*", "CRLF"),
        (b"a\r\n", b"a", "A tag and a command"),
        (b"a \r\n", b"a", "A tag and a command"),
        (b"a+b NOOP\r\n", b"*", "A tag and a command"),
        (b"t" * 40 + b"\xff NOOP\r\n", b"*", "A tag and a command"),
        (b"a NOOP\n", b"a", "CRLF"),
        (b"a NO\rOP\r\n", b"a", "CRLF"),
        (b"a NOOP\r\r\n", b"a", "CRLF"),
        (b"a NO\0OP\r\n", b"a", "NUL"),
        (b"a " + b"x" * 59 + b"\r\n", b"a", "line is too long"),
        (b"a " + b"(" * 100 + b"{5+}\r\nhello\r\n", b"a", "line is too long"),
        (b"a X {51}\r\n", b"a", "literal is too large"),
        (b"a X {51+}\r\n" + b"z" * 51 + b"\r\n", b"a", "literal is too large"),
        (b"a X {21+}\r\n" + b"z" * 21 + b" {4+}\r\nabcd\r\n", b"a", "non-synchronizing literal"),
        (b"a X" + b" {1+}\r\nx" * 4 + b"\r\n", b"a", "too many literals"),
        (b"a X" + b" {0+}\r\n" * 6 + b" NOOP\r\n", b"a", "too many literals"),
        (b"a X\0 {0+}\r\nb NOOP\r\n", b"a", "NUL"),
        (b"a NOOP {5+}\nhello\r\n", b"a", "CRLF"),
        (b"a X {5+}\r\nhello\0\r\n", b"a", "NUL"),
        (b"a X {5+}\r\nhello" + b" " * 70 + b"\r\n", b"a", "line is too long"),
        (b"a X {99999999999999999999}\r\n", b"a", "literal is too large"),
    ],
)
def test_refusals_leave_the_stream_in_step(stream: bytes, tag: bytes, reason: str) -> None:
    event = refused(stream)
    assert event.tag == tag
    assert reason in event.reason


def test_a_whole_command_has_its_limit() -> None:
    limits = replace(SMALL, plus_literal=50, literals=9)
    literal = b" {50+}\r\n" + b"x" * 50
    assert "command is too large" in refused(b"a X" + literal * 4 + b"\r\n", limits).reason
    assert "command is too large" in refused(b"a X" + literal * 3 + b" " * 30 + b"\r\n", limits).reason


def test_a_line_of_just_the_limit_passes() -> None:
    line = b"a X " + b"y" * 56
    assert events(line + b"\r\n", SMALL) == [CommandReady(b"a", b"X", line[3:])]


@pytest.mark.parametrize("size", [b"2147483647", b"18446744073709551615", b"99999999999999999999"])
def test_literal_floods_are_fatal_before_anything_is_held(size: bytes) -> None:
    found = events(b"a LOGIN {" + size + b"+}\r\n", BEFORE_LOGIN)
    assert found == [Refused(b"a", "The literal is too large", is_fatal=True)]


def test_an_endless_line_is_fatal_in_the_end_and_never_held() -> None:
    receiver = CommandReceiver(BEFORE_LOGIN)
    found: list[Event] = []
    for _ in range(100):
        found += receiver.receive(b"(" * 1000)
        assert len(receiver._data) <= BEFORE_LOGIN.line + 1
    assert [event.is_fatal for event in found if isinstance(event, Refused)] == [False, True]


def test_before_login_messages_are_no_different() -> None:
    found = events(b"a APPEND INBOX {5+}\r\nhello\r\n", BEFORE_LOGIN)
    assert found == [CommandReady(b"a", b"APPEND", b" INBOX {5+}\r\nhello")]


def test_nothing_is_kept_of_what_was_used() -> None:
    receiver = CommandReceiver(AFTER_LOGIN)
    assert list(receiver.receive(b"a NOOP\r\n" * 10_000 + b"b N"))[-1] == CommandReady(b"a", b"NOOP", b"")
    assert len(receiver._data) == 3
