"""Where every part lies in the bytes of its message: for FETCH BODY[1.2.MIME], BINARY[] and search, quick to unpack."""

from collections.abc import Iterator
from typing import Final

import msgspec

from mailstead.ground.formats.parameter import find_parameter
from mailstead.ground.formats.part import Part


class Span(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One entity of the tree that `pack_parts` stored. Names in lower case, '' where there is none."""

    type: str
    subtype: str
    encoding: str
    charset: str
    disposition: str
    header_offset: int
    header_size: int  # with the empty line
    body_offset: int
    body_size: int
    children: "tuple[Span, ...]" = ()

    @property
    def is_multipart(self) -> bool:
        """True if the children are its parts."""
        return self.type == "multipart"

    @property
    def is_message(self) -> bool:
        """True if `children[0]` is the root of a nested message."""
        return self.type == "message" and bool(self.children)


CHARSET_MAX: Final = 64

_encode: Final = msgspec.msgpack.Encoder().encode
_decode: Final = msgspec.msgpack.Decoder(Span).decode


def pack_parts(root: Part) -> bytes:
    """For `Rendered.parts`."""
    return _encode(_span(root))


def _span(part: Part) -> Span:
    charset = find_parameter(part.params, b"charset") or b""
    return Span(
        _lower(part.type),
        _lower(part.subtype),
        _lower(part.encoding),
        _lower(charset[:CHARSET_MAX]),
        _lower(part.disposition[0]) if part.disposition else "",
        part.header_offset,
        part.header_size,
        part.body_offset,
        part.body_size,
        tuple([_span(child) for child in part.children]) if part.children else (),
    )


def _lower(raw: bytes) -> str:
    return raw.lower().decode("latin-1")


def unpack_parts(data: bytes) -> Span:
    """What `pack_parts` stored."""
    return _decode(data)


def walk_parts(root: Span) -> Iterator[Span]:
    """Every entity, however deep they nest."""
    waiting = [root]
    while waiting:
        current = waiting.pop()
        yield current
        waiting.extend(reversed(current.children))


def find_part(root: Span, path: tuple[int, ...]) -> Span | None:
    """The part that RFC 9051 §6.4.5.1 means by these numbers; () is the message itself.

    Of a part with a nested message, BODY[n.MIME] is its own header, BODY[n.HEADER] and BODY[n.TEXT] are header and body
    of its `children[0]`.
    """
    part, is_whole = root, True
    for number in path:
        if not is_whole:
            if not part.children:
                return None
            if part.is_message:
                part, is_whole = part.children[0], True
        if part.is_multipart:
            if not 1 <= number <= len(part.children):
                return None
            part = part.children[number - 1]
        elif not is_whole or number != 1:
            return None
        is_whole = False
    return part
