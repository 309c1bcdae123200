"""What an enemy sends before and after login: a defined answer, little memory, little time."""

import tracemalloc
from collections.abc import Iterator
from itertools import cycle, islice

import pytest

from mailstead.ground.wire.imap.event import CommandReady, Refused
from mailstead.ground.wire.imap.grammar.table import parse_command
from mailstead.ground.wire.imap.limits import AFTER_LOGIN, BEFORE_LOGIN, Limits
from mailstead.ground.wire.imap.receiver import CommandReceiver
from mailstead.ground.wire.imap.syntax import Syntax

MEGABYTE = 1 << 20
READ = 65536
EVENTS_MAX = 5000  # a server gives up far earlier


def stream(start: bytes, repeated: bytes, total: int) -> Iterator[bytes]:
    """`start`, then `repeated` until `total` bytes were given, in reads of 64 KiB; the same objects again and again."""
    block = repeated * (READ // len(repeated))
    yield start
    yield from islice(cycle([block]), total // len(block))


FLOODS = {
    "parentheses": (b"a SEARCH ", b"("),
    "tags": (b"", b"tag "),
    "one endless tag": (b"", b"t"),
    "NULs": (b"", b"\0"),
    "CRs": (b"", b"\r"),
    "LFs": (b"", b"\n"),
    "empty lines": (b"", b"\r\n"),
    "quotes": (b"a LOGIN ", b'"'),
    "8-bit": (b"", b"\xff"),
    "braces": (b"a X ", b"{1+}"),
    "literals": (b"a X", b" {4+}\r\nabcd"),
    "asked literals": (b"a X", b" {4}\r\nabcd"),
    "unknown commands": (b"", b"a XYZZY (((((\r\n"),
    "HTTP": (b"GET / HTTP/1.1\r\n", b"Host: x\r\n"),
    "a huge literal": (b"a LOGIN {2147483647+}\r\n", b"x"),
    "a huge asked literal": (b"a LOGIN {2147483647}\r\n", b"x"),
    "a huge message": (b"a APPEND INBOX {2147483647}\r\n", b"x"),
    "messages without end": (b"a APPEND INBOX {1+}\r\nx", b" {1+}\r\nx"),
}


@pytest.mark.parametrize("limits", [BEFORE_LOGIN, AFTER_LOGIN], ids=["before login", "after login"])
@pytest.mark.parametrize("flood", FLOODS)
def test_memory_stays_small(flood: str, limits: Limits) -> None:
    start, repeated = FLOODS[flood]
    receiver = CommandReceiver(limits)
    tracemalloc.start()
    try:
        events = (event for data in stream(start, repeated, 3 * MEGABYTE) for event in receiver.receive(data))
        for event in islice(events, EVENTS_MAX):
            if isinstance(event, CommandReady):
                with pytest.raises(Syntax):
                    parse_command(event)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 3 * limits.command + 6 * READ


@pytest.mark.parametrize("size", [b"2147483647", b"4294967296", b"99999999999999999999", b"9" * 40])
def test_a_huge_literal_is_fatal_before_login(size: bytes) -> None:
    events = list(CommandReceiver(BEFORE_LOGIN).receive(b"a LOGIN {" + size + b"+}\r\n"))
    if len(size) <= 20:
        assert events == [Refused(b"a", "The literal is too large", is_fatal=True)]
    else:  # no announcement in the grammar: a line like others
        (ready,) = events
        assert isinstance(ready, CommandReady)
        with pytest.raises(Syntax):
            parse_command(ready)


def test_a_million_parentheses_are_refused_once_and_then_fatal() -> None:
    receiver = CommandReceiver(BEFORE_LOGIN)
    events = [event for data in stream(b"a SEARCH ", b"(", MEGABYTE) for event in receiver.receive(data)]
    assert [(event.tag, event.is_fatal) for event in events if isinstance(event, Refused)] == [
        (b"a", False),
        (b"*", True),
    ]


def test_literals_without_end_end_as_one_refusal_at_a_time() -> None:
    receiver = CommandReceiver(AFTER_LOGIN)
    refused = Refused(b"a", "The command has too many literals")
    data = b"a X" + b" {4+}\r\nabcd" * 1000 + b"\r\nz NOOP\r\n"
    assert list(receiver.receive(data)) == [refused, CommandReady(b"z", b"NOOP", b"")]
    fatal = Refused(b"*", "Too much of a refused command", is_fatal=True)
    assert list(receiver.receive(b"a X" + b" {4+}\r\nabcd" * 5000)) == [refused, fatal]
