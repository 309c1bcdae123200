"""Replies of a server, read generously (RFC 5321 §4.2): the same ones, however the bytes are cut."""

import re
from dataclasses import dataclass
from typing import Final

LINE_MAX: Final = 4096  # RFC 5321 §4.5.3.1.5 says 512; some write more
LINES_MAX: Final = 200
OCTETS_MAX: Final = 64 * 1024
WORDS_MAX: Final = 500
# RFC 5321 §4.2: Reply-line; text may be missing, and the space before it with it.
_LINE: Final = re.compile(rb"([2-5][0-9][0-9])(?:([ -])(.*))?\Z", re.DOTALL)
_CONTROLS: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]")  # and what turns text around


@dataclass(frozen=True, slots=True)
class Reply:
    """`lines` are the texts behind the code, at least one."""

    code: int
    lines: tuple[str, ...]

    @property
    def is_positive(self) -> bool:
        """2yz; 3yz is asked for by its number."""
        return self.code < 300

    @property
    def is_permanent(self) -> bool:
        """5yz."""
        return self.code >= 500

    @property
    def words(self) -> str:
        """All of it on one line, as people may see it: bounded, and without control characters."""
        return presentable(f"{self.code} {' '.join(self.lines)}".rstrip())


@dataclass(frozen=True, slots=True)
class BadReply:
    """What came is no reply; nothing after it can be understood."""

    why: str


def presentable(text: str) -> str:
    """A stranger's words: bounded, control characters replaced."""
    return _CONTROLS.sub("?", text[: WORDS_MAX + 1])[:WORDS_MAX]


class ReplyReader:
    """Feed it what was read, ask for replies until it gives None. After a `BadReply` it gives that for ever."""

    __slots__ = ("_buffer", "_code", "_lines", "_octets", "_pos", "_ruin")

    def __init__(self) -> None:
        self._buffer = b""
        self._pos = 0
        self._code = b""
        self._lines: list[str] = []
        self._octets = 0
        self._ruin: BadReply | None = None

    @property
    def has_pending(self) -> bool:
        """True if bytes were fed that no reply was made of yet."""
        return self._pos < len(self._buffer) or bool(self._lines)

    def feed(self, data: bytes) -> None:
        """Take what was read."""
        self._buffer = self._buffer[self._pos :] + data if self._pos < len(self._buffer) else data
        self._pos = 0

    def clear(self) -> None:
        """RFC 3207 §4.2: forget what came before TLS."""
        self._buffer, self._pos, self._code, self._lines, self._octets = b"", 0, b"", [], 0

    def next_reply(self) -> Reply | BadReply | None:
        """The next reply, or None if more bytes are needed."""
        while self._ruin is None:
            end = self._buffer.find(b"\n", self._pos, self._pos + LINE_MAX)
            if end < 0:
                if len(self._buffer) - self._pos < LINE_MAX:
                    return None
                self._ruin = BadReply("a line is too long")
                break
            line = self._buffer[self._pos : end]
            self._pos = end + 1
            reply = self._take(line[:-1] if line.endswith(b"\r") else line)  # a lone LF ends a line for some
            if reply is not None:
                return reply
        return self._ruin

    def _take(self, line: bytes) -> Reply | None:
        match = _LINE.match(line)
        if match is None:
            self._ruin = BadReply(f"not a reply: {presentable(_text(line[:100]))}")
            return None
        code, mark, text = match.groups(b"")
        self._octets += len(line)
        if self._lines and code != self._code:  # RFC 5321 §4.2.1: the code is the same on every line
            self._ruin = BadReply(f"the lines of one reply disagree: {_text(self._code)}, {_text(code)}")
        elif len(self._lines) >= LINES_MAX or self._octets > OCTETS_MAX:
            self._ruin = BadReply("a reply is too long")
        if self._ruin is not None:
            return None
        self._code = code
        self._lines.append(_text(text))
        if mark == b"-":
            return None
        reply = Reply(int(code), tuple(self._lines))
        self._lines, self._octets = [], 0
        return reply


def _text(data: bytes) -> str:
    return data.decode("utf-8", "replace")
