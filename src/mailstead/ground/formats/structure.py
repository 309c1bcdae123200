"""The push scanner: finds the entities of a message in its bytes, and where each header and body lies.

Between two line starts that may matter (`\\n--`) the bytes are skipped, never copied or split into lines. Decisions
depend on absolute offsets and bytes only, so every cutting of the input gives the same tree. Kept are only bytes not
yet decided (a header up to its limit, a delimiter line, a sample of text) and the tree, all bounded by limits.
"""

import re
from enum import Enum
from typing import Final, NamedTuple

from mailstead.ground.formats.entity import EntityReader
from mailstead.ground.formats.node import Kind, Node
from mailstead.ground.formats.part import Part
from mailstead.ground.formats.sample import Sampler

HEADER_MAX: Final = 1 << 20
"""Octets kept of the message's own header."""
PART_HEADER_MAX: Final = 64 << 10
"""Octets looked at in the header of a part or nested message."""
LINE_MAX: Final = 1000
"""A longer line is no delimiter (RFC 5322 §2.1.1)."""

_STOP: Final = re.compile(rb"\n(?:\r?\n|--)")


class _State(Enum):
    HEADER = 0
    BODY = 1
    TAIL = 2  # nothing ahead can change the tree


class _Delimiter(NamedTuple):
    level: int
    closes: bool
    after: int


class _Wait:
    """The line has not come whole yet."""


_WAIT: Final = _Wait()


class Scanner:
    """Feed and finish, or `scan` all at once. All positions are offsets into the message, but where named `local`.

    Invariants: `_stack` holds the entities whose bodies are open, outermost first; `_open` maps each delimiter that is
    looked for to its level there. `_scan` is the line end from which to look on. All before `_base` is forgotten.
    """

    def __init__(self) -> None:
        self.header = b""
        self.found: dict[bytes, bytes] = {}
        self.samples = Sampler()
        self._buffer: bytes | bytearray = b""
        self._base = self._start = self._scan = self._counted = self._lines = 0
        self._state = _State.HEADER
        self._node = Node("", is_whole=True)  # whose header is being read
        self._head: bytes | None = None  # of it, once it is longer than its limit
        self._stack: list[Node] = []
        self._open: dict[bytes, int] = {}
        self._reader = EntityReader()
        self._sampled: Node | None = None
        self._sample_end = 0

    def scan(self, data: bytes) -> Part:
        """A whole message at once."""
        self._buffer = data
        return self.finish()

    def feed(self, data: bytes) -> None:
        """Take more bytes."""
        if not isinstance(self._buffer, bytearray):
            self._buffer = bytearray()
        self._buffer += data
        self._run(final=False)
        self._trim(self._buffer)

    def finish(self) -> Part:
        """The tree."""
        self._run(final=True)
        size = self._size()
        self._count_to(size)
        self._close_above(0, size)
        root = self._stack.pop()
        self._take_sample(root, size)
        return root.finish(size, self._lines)

    def _size(self) -> int:
        return self._base + len(self._buffer)

    def _run(self, *, final: bool) -> None:
        going = True
        while going:
            match self._state:
                case _State.HEADER:
                    going = self._read_header(final=final)
                case _State.BODY:
                    going = self._read_body(final=final)
                case _State.TAIL:
                    going = False

    def _read_header(self, *, final: bool) -> bool:
        if self._scan == 0:
            begin = bytes(self._buffer[:2])
            if begin == b"\r" and not final:
                return False
            if begin == b"\r\n" or begin[:1] == b"\n":
                self._end_header(begin.index(b"\n") + 1)
                return True
        match = _STOP.search(self._buffer, self._scan - self._base)
        if match is None:
            return self._starve(final=final)
        at = self._base + match.start()
        if match[0] != b"\n--":
            self._end_header(self._base + match.end())
            return True
        delimiter = self._find_delimiter(at, final=final)
        if isinstance(delimiter, _Wait):
            self._scan = at
            return False
        if delimiter is None:
            self._scan = at + 1
        else:
            self._end_header(at + 1)  # neither empty line nor body; its last line stays whole
        return True

    def _starve(self, *, final: bool) -> bool:
        if final:
            self._end_header(self._size())
            return True
        self._scan = max(self._scan, self._size() - 2)
        return False

    def _read_body(self, *, final: bool) -> bool:
        if not self._open:
            self._state = _State.TAIL
            return False
        local = self._buffer.find(b"\n--", self._scan - self._base)
        if local < 0:
            self._scan = max(self._scan, self._size() - 2)
            return False
        at = self._base + local
        delimiter = self._find_delimiter(at, final=final)
        if isinstance(delimiter, _Wait):
            self._scan = at
            return False
        if delimiter is None:
            self._scan = at + 1
        else:
            self._cut(at, delimiter)
        return True

    def _find_delimiter(self, at: int, *, final: bool) -> _Delimiter | _Wait | None:
        """RFC 2046 §5.1.1: "--" boundary, or it and "--", then white space only.

        §5.1.1 would let anything follow. But where it does, it is mostly another boundary that begins alike, in a
        quoted or broken part; like most readers of mail we take the whole line.
        """
        begin = at + 1 - self._base
        end = self._buffer.find(b"\n", begin, begin + LINE_MAX)
        if end < 0:
            end = len(self._buffer)
            if end - begin >= LINE_MAX:
                return None
            if not final:
                return _WAIT
        line = bytes(self._buffer[begin:end]).rstrip(b" \t\r")
        after = min(self._base + end + 1, self._size())
        level = self._open.get(line)
        if level is not None:
            return _Delimiter(level, closes=False, after=after)
        level = self._open.get(line[:-2]) if line.endswith(b"--") else None
        return None if level is None else _Delimiter(level, closes=True, after=after)

    def _before_line_end(self, at: int) -> int:
        """The offset of the CRLF or bare LF whose LF is at `at`."""
        local = at - self._base
        return at - 1 if local > 0 and self._buffer[local - 1] == 0x0D else at

    def _cut(self, at: int, delimiter: _Delimiter) -> None:
        """The line end before a delimiter belongs to it."""
        if not delimiter.closes and self._reader.is_full:
            self._state = _State.TAIL
            return
        end = self._before_line_end(at)
        self._count_to(at)
        self._close_above(delimiter.level, end)
        parent = self._stack[-1]
        self._scan = delimiter.after - 1
        if delimiter.closes:
            self._forget(parent)
            self._state = _State.BODY
        else:
            self._reader.count += 1
            self._begin(Node(parent.child_path(), is_whole=False), delimiter.after)

    def _begin(self, node: Node, start: int) -> None:
        self._node, self._head = node, None
        self._start, self._scan = start, max(start - 1, self._base)
        self._state = _State.HEADER

    def _end_header(self, end: int) -> None:
        node, start = self._node, self._start
        head = self._head
        if head is None:
            head = bytes(self._buffer[start - self._base : min(end, start + self._header_limit()) - self._base])
        node.header_offset, node.header_size, node.body_offset = start, end - start, end
        self._count_to(end)
        node.lines_before = self._lines
        self._scan = max(end - 1, self._base)
        self._state = _State.BODY
        parent = self._stack[-1] if self._stack else None
        found = self._reader.read(node, head, parent, depth=len(self._stack))
        if parent is None:
            self.header, self.found = head, found
        if node.delimiter is not None:
            node.shadowed = self._open.get(node.delimiter)
            self._open[node.delimiter] = len(self._stack)
        self._stack.append(node)
        if node.kind is Kind.MESSAGE:
            self._begin(Node(node.settle_path(), is_whole=True), end)
        elif node.kind is Kind.LEAF and (limit := self.samples.limit(node.content)):
            self._sampled, self._sample_end = node, end + limit

    def _header_limit(self) -> int:
        return PART_HEADER_MAX if self._stack else HEADER_MAX

    def _forget(self, node: Node) -> None:
        if node.delimiter is not None:
            if node.shadowed is None:
                del self._open[node.delimiter]
            else:
                self._open[node.delimiter] = node.shadowed
            node.delimiter = None

    def _close_above(self, level: int, end: int) -> None:
        while len(self._stack) > level + 1:
            node = self._stack.pop()
            self._forget(node)
            end = max(
                end, node.body_offset
            )  # a header keeps its line end before a delimiter, and so do those around it
            self._take_sample(node, end)
            self._stack[-1].children.append(node.finish(end, self._lines))

    def _take_sample(self, node: Node, end: int) -> None:
        if self._sampled is node:
            begin = node.body_offset - self._base
            self.samples.put(node.content, bytes(self._buffer[begin : min(end, self._sample_end) - self._base]))
            self._sampled = None

    def _count_to(self, position: int) -> None:
        if position > self._counted:
            self._lines += self._buffer.count(b"\n", self._counted - self._base, position - self._base)
            self._counted = position

    def _trim(self, buffer: bytearray) -> None:
        """Forget what is decided: all before the line end from which to look on, and the CR before it."""
        keep = self._size() if self._state is _State.TAIL else max(self._scan - 1, self._base)
        if self._state is _State.HEADER and self._head is None:
            limit = self._header_limit()
            if keep >= self._start + limit:
                begin = self._start - self._base
                self._head = bytes(buffer[begin : begin + limit])
            else:
                keep = min(keep, self._start)
        if self._sampled is not None:
            if keep >= self._sample_end:
                self._take_sample(self._sampled, self._sample_end)
            else:
                keep = min(keep, self._sampled.body_offset)
        if keep > self._base:
            self._count_to(keep)
            del buffer[: keep - self._base]
            self._base = keep
