"""Everything we ever compute of a message, in one pass over its bytes however they are cut. Never raises."""

import re
from typing import Final

import msgspec

from mailstead.ground.formats.addresslist import Mailbox
from mailstead.ground.formats.date import parse_date
from mailstead.ground.formats.envelope import Envelope, read_envelope
from mailstead.ground.formats.fields import pack_fields
from mailstead.ground.formats.part import Params, Part
from mailstead.ground.formats.parts import pack_parts
from mailstead.ground.formats.structure import HEADER_MAX, Scanner
from mailstead.ground.formats.subject import base_subject
from mailstead.ground.formats.text import render_preview
from mailstead.ground.model.ids import Instant

__all__ = ["HEADER_MAX", "Envelope", "Mailbox", "Params", "Part", "Summarizer", "Summary", "summarize"]

MESSAGE_ID_MAX: Final = 998  # RFC 5322 §2.1.1: a message id cannot be folded, so a line holds it
_MESSAGE_ID: Final = re.compile(rb"<([^<>]{1,998}+)>")


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
        self._scanner = Scanner()
        self._size = 0

    def feed(self, data: bytes) -> None:
        """Take more bytes."""
        self._size += len(data)
        self._scanner.feed(data)

    def close(self) -> Summary:
        """All bytes have come."""
        return _sum_up(self._scanner, self._scanner.finish(), self._size)


def summarize(data: bytes) -> Summary:
    """The quick way for a message that has come whole."""
    scanner = Scanner()
    return _sum_up(scanner, scanner.scan(data), len(data))


def _sum_up(scanner: Scanner, root: Part, size: int) -> Summary:
    envelope = read_envelope(scanner.found)
    sent = parse_date(envelope.date) if envelope.date else None
    return Summary(
        envelope,
        root,
        scanner.header,
        pack_parts(root),
        pack_fields(scanner.header),
        render_preview(scanner.samples),
        base_subject(envelope.subject) if envelope.subject else "",
        sent.at if sent else None,
        _read_message_id(envelope.message_id) if envelope.message_id else "",
        size,
    )


def _read_message_id(value: bytes) -> str:
    """RFC 5322 §3.6.4: what stands in the brackets; without any, the whole."""
    match = _MESSAGE_ID.search(value) if b"<" in value else None
    return (match[1] if match else value[:MESSAGE_ID_MAX]).decode("utf-8", "replace").strip()
