"""One entity of a MIME tree as BODYSTRUCTURE sees it (RFC 9051 §7.5.2), with offsets into the bytes of its message."""

import msgspec

from mailstead.ground.formats.envelope import Envelope

Params = tuple[tuple[bytes, bytes], ...]
"""Attribute and value as written; quoted strings unquoted, RFC 2231 forms (`name*0*`) left as they came."""


class Part(msgspec.Struct, frozen=True, gc=False):
    """Octets and lines are of the encoded body; the CRLF before a delimiter is the delimiter's (RFC 2046 §5.1.1).

    `path` is the section part of RFC 9051 §6.4.5.1: "1.2". A multipart that is the whole body of a message has the path
    of that message ('' for the outermost, "2" for the message in part 2); any other body of a message has ".1" behind
    it ("1", "2.1"). A message/rfc822 or message/global always has an `envelope` and one child, a multipart at least
    one; what cannot keep that promise (no boundary, encoded, too deep) is a leaf of another type.
    """

    path: str
    type: bytes  # as written; compare with `media`
    subtype: bytes
    params: Params = ()
    id: bytes | None = None
    description: bytes | None = None
    encoding: bytes = b"7BIT"
    size: int = 0
    lines: int = 0  # line ends in the body; meant for text and message/rfc822, right for all
    md5: bytes | None = None
    disposition: tuple[bytes, Params] | None = None
    language: tuple[bytes, ...] = ()
    location: bytes | None = None
    header_offset: int = 0
    header_size: int = 0  # with the empty line
    body_offset: int = 0
    body_size: int = 0
    children: "tuple[Part, ...]" = ()
    envelope: Envelope | None = None

    @property
    def media(self) -> bytes:
        """`type/subtype` in lower case."""
        return (self.type + b"/" + self.subtype).lower()

    @property
    def is_multipart(self) -> bool:
        """True if it has parts of its own."""
        return self.envelope is None and bool(self.children)

    @property
    def is_message(self) -> bool:
        """True for message/rfc822 and message/global that were looked into."""
        return self.envelope is not None

    @property
    def is_text(self) -> bool:
        """True for text/*: its BODYSTRUCTURE gives lines."""
        return self.type.lower() == b"text"
