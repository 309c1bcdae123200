"""The stream of a client cut into commands, the same however its bytes come. Nothing is held beyond the limits.

Only CRLF ends a line (RFC 9051 §2.2). A line that ends in `{n}` or `{n+}` goes on after n bytes of literal (RFC 7888).
Invariants: `_data[_pos:]` is what was fed and not used; `_scanned` bytes of `_data` hold no LF that was not seen;
what a refused command still announces is thrown away within `Limits.swallow`, so that commands and data never mix.
"""

import re
from collections.abc import Iterator
from enum import Enum, auto
from typing import ClassVar, Final

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
from mailstead.ground.wire.imap.limits import BEFORE_LOGIN, Limits
from mailstead.ground.wire.imap.sink import ANNOUNCED, TAIL, Drained, Sink

TAG_MAX: Final = 128

# RFC 9051 §9: tag = 1*<any ASTRING-CHAR except "+">
_TAG: Final = re.compile(rb'([^\x00-\x20(){%%*"\\+\x7f-\xff]{1,%d})(?=[ \r\n])' % TAG_MAX)
_HEAD: Final = re.compile(rb'([^\x00-\x20(){%%*"\\+\x7f-\xff]{1,%d}) +((?:[Uu][Ii][Dd] +)?[A-Za-z0-9.-]+)' % TAG_MAX)
# What stands before a literal that is the folder's name; any later one is a message or a part of one.
_BEFORE_FOLDER: Final = {
    b"APPEND": re.compile(rb" *"),
    b"REPLACE": re.compile(rb" *[^ ]* *"),
    b"UID REPLACE": re.compile(rb" *[^ ]* *"),
}


class _State(Enum):
    COMMAND = auto()  # a new command begins
    REST = auto()  # the line goes on after a literal
    LITERAL = auto()  # inside a literal that becomes part of the command
    MESSAGE = auto()  # inside a message of APPEND
    AFTER_MESSAGE = auto()  # the line goes on after it
    RAW = auto()  # a line that is no command
    REFUSED = auto()  # what follows is thrown away
    DEAD = auto()


class _Step(Enum):
    AGAIN = auto()
    """The state changed without an event."""


class CommandReceiver:
    """`feed` bytes, then take events with `next_event` until it gives None. Each event is found only when asked for,
    so `limits`, `expect_line` and `refuse` take effect on what follows, pipelined or not."""

    def __init__(self, limits: Limits = BEFORE_LOGIN) -> None:
        self.limits = limits  # set anew after login
        self._data = b""
        self._pos = 0
        self._scanned = 0
        self._state = _State.COMMAND
        self._tag = b"*"
        self._name = b""
        self._gathered = bytearray()  # the arguments so far of a command with literals
        self._literals = 0
        self._remaining = 0  # bytes of the literal under way
        self._client_waits = False  # for a continuation, so that a refused literal will not come
        self._sink = Sink(0)

    def feed(self, data: bytes) -> None:
        """Take what was read."""
        if self._state is not _State.DEAD:
            self._data = self._data + data if self._data else data

    def next_event(self) -> Event | None:
        """The next event; None: feed more."""
        while (event := self._STEPS[self._state](self)) is _Step.AGAIN:
            pass
        if event is None and self._pos:
            self._data = self._data[self._pos :]
            self._scanned -= self._pos
            self._pos = 0
        return event

    def receive(self, data: bytes) -> Iterator[Event]:
        """Feed, and all events that follow; lazily."""
        self.feed(data)
        while (event := self.next_event()) is not None:
            yield event

    def expect_line(self) -> None:
        """Make the next event a RawLine: after a continuation for AUTHENTICATE, or in IDLE."""
        if self._state is _State.COMMAND:
            self._state = _State.RAW

    def refuse(self) -> bool:
        """Refuse the literal of the last event, or the rest of a message under way. False: too much would come, close.

        What the client sends anyway is thrown away up to the end of the command. The answer is the caller's.
        """
        if self._client_waits:
            self._begin_command()
        elif self._state in (_State.LITERAL, _State.MESSAGE):
            self._throw_away(self._remaining)
        elif self._state is _State.AFTER_MESSAGE:
            self._throw_away()
        return self._state is not _State.DEAD

    def clear(self) -> bytes:
        """Forget what was fed and not used (STARTTLS), or hand it over (COMPRESS)."""
        rest = self._data[self._pos :]
        self._data, self._pos, self._scanned = b"", 0, 0
        return rest

    # --- lines ---

    def _find_line(self) -> int | Refused | None:
        """Where the content of the next complete and clean line ends, its CRLF passed over."""
        end = self._data.find(b"\n", self._scanned)
        length = (end if end >= 0 else len(self._data)) - self._pos
        if length > self.limits.line + 1:
            return self._refuse_line("The line is too long")
        if end < 0:
            self._scanned = len(self._data)
            return None
        first_cr = self._data.find(b"\r", self._pos, end)
        if first_cr < 0 or first_cr != end - 1:
            return self._refuse_line("A line must end in CRLF and hold no other CR or LF")
        if self._state is not _State.RAW and self._data.find(b"\0", self._pos, end) >= 0:
            return self._refuse_line("A command cannot hold NUL")
        return first_cr

    def _pass_line(self, end: int) -> None:
        self._pos = self._scanned = end + 2

    def _begin_command(self) -> None:
        self._state = _State.COMMAND
        self._client_waits = False
        self._tag = b"*"
        self._literals = 0
        if self._gathered:
            self._gathered = bytearray()

    def _command_line(self) -> Event | _Step | None:
        end = self._find_line()
        if not isinstance(end, int):
            return end
        head = _HEAD.match(self._data, self._pos, end)
        if head is None:
            return self._refuse_line("A tag and a command expected")
        tag, name = head.groups()
        name = name.upper()
        if b" " in name:
            name = b"UID " + name[4:].lstrip()
        start = head.end()
        if self._data[end - 1] == 0x7D and (literal := ANNOUNCED.search(self._data, max(start, end - TAIL), end)):
            self._tag, self._name = tag, name
            return self._announced(self._data[start : literal.start()], literal, end)
        self._pass_line(end)
        return CommandReady(tag, name, self._data[start:end])

    def _rest_line(self) -> Event | _Step | None:
        end = self._find_line()
        if not isinstance(end, int):
            return end
        if len(self._gathered) + end - self._pos > self.limits.command:
            return self._refuse_line("The command is too large")
        literal = ANNOUNCED.search(self._data, max(self._pos, end - TAIL), end)
        if literal is not None:
            return self._announced(self._data[self._pos : literal.start()], literal, end)
        self._gathered += self._data[self._pos : end]
        ready = CommandReady(self._tag, self._name, bytes(self._gathered))
        self._pass_line(end)
        self._begin_command()
        return ready

    def _raw_line(self) -> Event | None:
        end = self._find_line()
        if not isinstance(end, int):
            return end
        line = RawLine(self._data[self._pos : end])
        self._pass_line(end)
        self._begin_command()
        return line

    # --- literals ---

    def _announced(self, text: bytes, literal: re.Match[bytes], end: int) -> Event | _Step:
        """A line ended in a literal's size; `text` is what stands before it."""
        binary, digits, plus = literal.groups()
        size = int(digits)
        self._pass_line(end)
        before_folder = _BEFORE_FOLDER.get(self._name) if self.limits.takes_messages else None
        if before_folder is not None and not before_folder.fullmatch(bytes(self._gathered) + text):
            return self._message(text, size, is_first=True, is_waiting=not plus, is_binary=bool(binary))
        self._literals += 1
        problem = self._check_literal(len(self._gathered) + len(text), size, is_asked=not plus)
        if problem:
            return self._refuse_literal(size if plus else None, problem)
        self._gathered += text + literal[0] + b"\r\n"
        self._remaining = size
        self._state = _State.LITERAL
        self._client_waits = not plus
        return _Step.AGAIN if plus else LiteralWanted(self._tag, self._name, size)

    def _check_literal(self, before: int, size: int, *, is_asked: bool) -> str:
        if size > self.limits.literal:
            return "The literal is too large"
        if not is_asked and size > self.limits.plus_literal:
            return f"A non-synchronizing literal can have at most {self.limits.plus_literal} bytes"
        if before + size > self.limits.command:
            return "The command is too large"
        if self._literals > self.limits.literals:
            return "The command has too many literals"
        return ""

    def _gather_literal(self) -> Event | _Step | None:
        data = self._take_literal()
        if data is None:
            return None
        self._gathered += data
        if not self._remaining:
            self._state = _State.REST
        return _Step.AGAIN

    def _take_literal(self) -> bytes | None:
        """As much of the literal as is here; None if a client that waits or has more to send has sent nothing yet."""
        if self._pos == len(self._data) and (self._client_waits or self._remaining):
            return None
        self._client_waits = False
        stop = min(self._pos + self._remaining, len(self._data))
        data = self._data[self._pos : stop]
        self._remaining -= stop - self._pos
        self._pos = self._scanned = stop
        return data

    # --- messages of APPEND ---

    def _message(self, text: bytes, size: int, *, is_first: bool, is_waiting: bool, is_binary: bool) -> Event:
        most = self.limits.plus_message
        if not is_waiting and most is not None and size > most:
            return self._refuse_literal(size, f"A non-synchronizing literal can have at most {most} bytes")
        head = bytes(self._gathered) + text
        if len(head) > self.limits.command:
            return self._refuse_literal(None if is_waiting else size, "The command is too large")
        self._gathered = bytearray()
        self._remaining = size
        self._state = _State.MESSAGE
        self._client_waits = is_waiting
        return MessageLiteral(self._tag, head, size, is_waiting, is_binary, is_first, self._name)

    def _message_bytes(self) -> Event | None:
        data = self._take_literal()
        if data is None:
            return None
        if not self._remaining:
            self._state = _State.AFTER_MESSAGE
        return LiteralChunk(data, not self._remaining)

    def _line_after_message(self) -> Event | None:
        end = self._find_line()
        if not isinstance(end, int):
            return end
        literal = ANNOUNCED.search(self._data, max(self._pos, end - TAIL), end)
        if literal is not None:  # RFC 3502 §6.3.11: another message
            text = self._data[self._pos : literal.start()]
            self._pass_line(end)
            binary, digits, plus = literal.groups()
            return self._message(text, int(digits), is_first=False, is_waiting=not plus, is_binary=bool(binary))
        tail = self._data[self._pos : end].strip(b" ")
        if tail and not tail.endswith(b")"):  # that of CATENATE or UTF8
            return self._refuse_line("Nothing may follow the message")
        tag = self._tag
        self._pass_line(end)
        self._begin_command()
        return AppendEnd(tag, tail)

    # --- what was refused ---

    def _refuse_line(self, reason: str) -> Refused:
        """The line is not used up: it is thrown away to its end, with the literals it announces."""
        tag = self._tag
        if self._state is _State.COMMAND:
            match = _TAG.match(self._data, self._pos, self._pos + self.limits.line + 2)
            tag = match[1] if match else tag
        self._throw_away()
        return Refused(tag, reason)

    def _refuse_literal(self, size: int | None, reason: str) -> Refused:
        """`size` is None if the client waits and will send nothing."""
        tag = self._tag
        if size is None:
            self._begin_command()
        else:
            self._throw_away(size)
        return Refused(tag, reason, is_fatal=self._state is _State.DEAD)

    def _throw_away(self, literal: int = 0) -> None:
        self._gathered = bytearray()
        self._sink = Sink(self.limits.swallow, literal)
        self._state = _State.DEAD if self._sink.is_over() else _State.REFUSED

    def _drain(self) -> Event | _Step | None:
        self._pos, drained = self._sink.drain(self._data, self._pos)
        self._scanned = self._pos
        match drained:
            case Drained.MORE:
                return None
            case Drained.END:
                self._begin_command()
                return _Step.AGAIN
            case Drained.TOO_MUCH:
                self._state = _State.DEAD
                return Refused(b"*", "Too much of a refused command", is_fatal=True)

    def _nothing(self) -> None:
        self.clear()

    _STEPS: ClassVar = {
        _State.COMMAND: _command_line,
        _State.REST: _rest_line,
        _State.LITERAL: _gather_literal,
        _State.MESSAGE: _message_bytes,
        _State.AFTER_MESSAGE: _line_after_message,
        _State.RAW: _raw_line,
        _State.REFUSED: _drain,
        _State.DEAD: _nothing,
    }
