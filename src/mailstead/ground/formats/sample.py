"""Which bytes of a message its preview is made of: the beginning of its first text."""

from typing import Final

import msgspec

from mailstead.ground.formats.content import Content

PLAIN_SAMPLE: Final = 4 << 10
HTML_SAMPLE: Final = 32 << 10  # style sheets come first


class Sample(msgspec.Struct, frozen=True, gc=False):
    """Encoded bytes from the beginning of a text part."""

    content: Content
    data: bytes


class Sampler:
    """Takes the first plain text, and an HTML text that comes before it."""

    __slots__ = ("html", "plain")

    def __init__(self) -> None:
        self.plain: Sample | None = None
        self.html: Sample | None = None

    def limit(self, content: Content) -> int:
        """How many octets of this body are wanted."""
        if self.plain is not None or content.type.lower() != b"text":
            return 0
        if content.disposition is not None and content.disposition[0].lower() == b"attachment":
            return 0
        if content.subtype.lower() == b"html":
            return 0 if self.html else HTML_SAMPLE
        return PLAIN_SAMPLE

    def put(self, content: Content, data: bytes) -> None:
        """The octets of a body that `limit` wanted."""
        if content.subtype.lower() == b"html":
            self.html = Sample(content, data)
        elif data.strip():
            self.plain = Sample(content, data)
