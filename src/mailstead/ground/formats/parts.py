"""Where every part lies in the bytes of its message: what FETCH BODY[1.2.MIME], BINARY[] and search need, quick to unpack."""

import msgspec

from mailstead.ground.formats.part import Part


class Span(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One entity of the tree that `pack_parts` stored. Names in lower case."""

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
    def is_message(self) -> bool:
        """True if `children[0]` is the root of a nested message."""
        return self.type == "message" and bool(self.children)


def pack_parts(root: Part) -> bytes:
    """For `Rendered.parts`."""
    raise NotImplementedError


def unpack_parts(data: bytes) -> Span:
    """What `pack_parts` stored."""
    raise NotImplementedError


def find_part(root: Span, path: tuple[int, ...]) -> Span | None:
    """The part that RFC 9051 §6.4.5.1 means by these numbers; () is the message itself."""
    raise NotImplementedError
