"""Everything we ever compute of a message, in one pass over its bytes however they are cut. Never raises."""

import msgspec

from mailstead.ground.formats.addresslist import Mailbox
from mailstead.ground.formats.envelope import Envelope
from mailstead.ground.formats.part import Params, Part
from mailstead.ground.model.ids import Instant

__all__ = ["Envelope", "Mailbox", "Params", "Part", "Summarizer", "Summary", "summarize"]


class Summary(msgspec.Struct, frozen=True, gc=False):
    """What `model.message.Rendered` is made of."""

    envelope: Envelope
    root: Part
    header: bytes  # with its empty line; the first HEADER_MAX octets where root.header_size is larger
    packed_parts: bytes
    packed_fields: bytes
    preview: str
    subject_base: str
    sent_at: Instant | None
    message_id: str
    size: int


class Summarizer:
    """A push parser: the summary does not depend on how the bytes are cut. Bounded memory for any input."""

    def __init__(self) -> None:
        self._size = 0

    def feed(self, data: bytes) -> None:
        """Take more bytes."""
        self._size += len(data)

    def close(self) -> Summary:
        """All bytes have come."""
        root = Part("1", b"text", b"plain")
        return Summary(Envelope(), root, b"", b"", b"", "", "", None, "", self._size)


def summarize(data: bytes) -> Summary:
    """The quick way for a message that has come whole."""
    summarizer = Summarizer()
    summarizer.feed(data)
    return summarizer.close()
