"""A letter in the hands of milters: what they add stands before it, what they change makes it another one."""

from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass
from typing import Final

from mailstead.ground.formats.header_edits import Field, change_field, join_header, split_header
from mailstead.ground.model.errors import Invalid
from mailstead.ground.wire.milter import AddField, ChangeField, Edit, InsertField, ReplaceBody
from mailstead.services.checks.specimen import Content
from mailstead.services.folders.incoming import Incoming, Letter
from mailstead.store.port.blobs import Blobs

HEADER_MAX: Final = 1 << 20
ADDED_MAX: Final = 256 * 1024
"""Octets of all fields that stand before a letter."""
PIECE: Final = 64 * 1024
_END: Final = b"\r\n\r\n"


@dataclass(frozen=True, slots=True)
class Changes:
    """What came of all milters. `added`: fields to stand before the letter, which may be another one now."""

    letter: Letter
    added: bytes = b""


class Working:
    """One letter. Positions count the fields above it and its own ones."""

    def __init__(self, content: Content, header: bytes) -> None:
        self.content = content
        self.above: list[Field] = []
        self.own = split_header(header)
        self.body: bytes | None = None
        self._offset = len(header)
        self._is_changed = False

    @classmethod
    async def of(cls, content: Content) -> "Working":
        """Its header is what stands before the first empty line."""
        head = b""
        while len(head) < min(content.size, HEADER_MAX):
            piece = await content.read(len(head), PIECE)
            head += piece
            if not piece or head.startswith(b"\r\n") or _END in head:
                break
        if head.startswith(b"\r\n"):
            return cls(content, b"")
        end = head.find(_END)
        return cls(content, head if end < 0 and len(head) == content.size else head[: end + 2])

    @property
    def fields(self) -> list[Field]:
        """As the next milter is shown them."""
        return [*self.above, *self.own]

    async def pieces(self, size: int) -> AsyncIterator[bytes]:
        """The body, in pieces of at most so many octets."""
        if self.body is not None:
            for start in range(0, len(self.body), size):
                yield self.body[start : start + size]
            return
        offset = self._offset + 2  # past the empty line
        while offset < self.content.size:
            piece = await self.content.read(offset, size)
            if not piece:
                return
            offset += len(piece)
            yield piece

    def edit(self, edits: Iterable[Edit], *, has_leading_space: bool) -> None:
        """All that one milter asked for, or nothing of it; Invalid past the limits."""
        before = self.above, self.own, self.body, self._is_changed
        self.above = list(self.above)
        self.own = list(self.own)
        try:
            self._edit(edits, has_leading_space=has_leading_space)
        except Invalid:
            self.above, self.own, self.body, self._is_changed = before
            raise

    def _edit(self, edits: Iterable[Edit], *, has_leading_space: bool) -> None:
        body: list[bytes] = []
        for edit in edits:
            match edit:
                case AddField(name, value):
                    self.above.append((name, _lead(value, has_leading_space)))
                case InsertField(index, name, value):
                    self._insert(index, (name, _lead(value, has_leading_space)))
                case ChangeField(index, name, value):
                    self._change(index, name, _lead(value, has_leading_space) if value else None)
                case ReplaceBody(data):
                    body.append(data)
                case _:
                    pass  # of the envelope: an opinion
        if body:
            self.body, self._is_changed = _mend_lines(b"".join(body)), True
        if sum(len(name) + len(value) for name, value in self.above) > ADDED_MAX:
            raise Invalid(f"it adds more than {ADDED_MAX} octets of fields")

    def _insert(self, index: int, field: Field) -> None:
        """Our own trace fields stand first, though no milter sees them: 0 and 1 are both at the top."""
        place = max(index - 1, 0)
        if place <= len(self.above):
            self.above.insert(place, field)
        else:
            self.own.insert(place - len(self.above), field)
            self._is_changed = True

    def _change(self, index: int, name: bytes, value: bytes | None) -> None:
        mine = sum(other.lower() == name.lower() for other, _ in self.above)
        if max(index, 1) <= mine:
            self.above = change_field(self.above, name, index, value)
            return
        changed = change_field(self.own, name, max(index, 1) - mine, value)
        self._is_changed = self._is_changed or changed is not self.own
        self.own = changed

    async def finish(self, blobs: Blobs, letter: Letter) -> Changes:
        """The letter to be filed: a new one, staged in place of the other, if anything of its own was changed."""
        added = join_header(self.above)
        if not self._is_changed:
            return Changes(letter, added)
        head = join_header(self.own) + b"\r\n"
        size = len(head) + (len(self.body) if self.body is not None else self.content.size)
        incoming = Incoming(blobs, size)
        incoming.write(head)
        async for piece in self.pieces(PIECE):
            incoming.write(piece)
        changed = await incoming.finish()
        blobs.discard(letter.staged.id)
        return Changes(changed, added)


def _lead(value: bytes, has_leading_space: bool) -> bytes:  # noqa: FBT001
    return value if has_leading_space else b" " + value


def _mend_lines(body: bytes) -> bytes:
    """RFC 5321 §2.3.8: lines end in CRLF, whatever a milter thinks."""
    return body.replace(b"\r\n", b"\n").replace(b"\r", b"\n").replace(b"\n", b"\r\n")
