"""An entity while its end is not yet known."""

from enum import Enum
from typing import Final

from mailstead.ground.formats.content import ASCII_TEXT, Content
from mailstead.ground.formats.envelope import Envelope
from mailstead.ground.formats.part import Part

_UNREAD: Final = Content(b"text", b"plain", ASCII_TEXT)


class Kind(Enum):
    """What may lie in its body."""

    LEAF = 0
    MULTIPART = 1
    MESSAGE = 2


class Node:
    """Mutable; becomes a `Part` by `finish`. `is_whole`: it is the whole body of a message, whose path it has."""

    __slots__ = (
        "body_offset", "children", "content", "delimiter", "envelope", "header_offset", "header_size", "is_whole",
        "kind", "lines_before", "path", "shadowed",
    )  # fmt: skip

    def __init__(self, path: str, *, is_whole: bool) -> None:
        self.path = path
        self.is_whole = is_whole
        self.kind = Kind.LEAF
        self.content = _UNREAD
        self.header_offset = self.header_size = self.body_offset = self.lines_before = 0
        self.children: list[Part] = []
        self.envelope: Envelope | None = None
        self.delimiter: bytes | None = None  # while it is looked for
        self.shadowed: int | None = None  # the level that had the same delimiter before

    def child_path(self) -> str:
        """Of the next part of a multipart (RFC 9051 §6.4.5.1)."""
        number = len(self.children) + 1
        return f"{self.path}.{number}" if self.path else str(number)

    def settle_path(self) -> str:
        """The path of a body that is no multipart."""
        if self.is_whole:
            self.is_whole = False
            self.path = f"{self.path}.1" if self.path else "1"
        return self.path

    def finish(self, end: int, lines: int) -> Part:
        """The value, once the body is known to end at `end`, where `lines` line ends of the message have passed."""
        content = self.content
        if not self.children:
            self.settle_path()
            if self.kind is Kind.MULTIPART:
                # A multipart must show a part (RFC 9051 §9, body-type-mpart): without any its text is shown as it is.
                content = Content(b"text", b"plain", ASCII_TEXT, content.encoding, content.id, content.description)
        return Part(
            self.path,
            content.type,
            content.subtype,
            content.params,
            content.id,
            content.description,
            content.encoding,
            end - self.body_offset,
            lines - self.lines_before,
            content.md5,
            content.disposition,
            content.language,
            content.location,
            self.header_offset,
            self.header_size,
            self.body_offset,
            end - self.body_offset,
            tuple(self.children),
            self.envelope,
        )
