"""Reading a notice of others: for suppression, and to find the letter that it is about."""

import re
from dataclasses import dataclass
from typing import Final

from mailstead.ground.formats.dsn.letter import HEADER_MAX
from mailstead.ground.formats.dsn.report import Report
from mailstead.ground.formats.dsn.status import STATUS_MAX, parse_status
from mailstead.ground.formats.encoding import decode_body
from mailstead.ground.formats.headers import find_field
from mailstead.ground.formats.parts import Span, pack_parts, unpack_parts
from mailstead.ground.formats.summary import summarize

REPORT_PARTS_MAX: Final = 10
"""Parts of a report that are looked at; RFC 6522 §3 has three."""

_STATUS_TYPES: Final = frozenset({"delivery-status", "global-delivery-status"})
_RETURNED_TYPES: Final = frozenset(
    {("message", "rfc822"), ("message", "global"), ("text", "rfc822-headers"), ("message", "global-headers")}
)


_EMPTY_LINE: Final = re.compile(rb"\n\r?\n")


@dataclass(frozen=True, slots=True)
class Received:
    """A notice: its report, and the header of the original as far as it came back."""

    report: Report
    header: bytes = b""

    @property
    def message_id(self) -> str:
        """Of the original, without its brackets; "" if it is not known."""
        return (find_field(self.header, b"message-id") or b"").decode("utf-8", "replace").strip(" <>")


def find_parts(root: Span) -> tuple[Span, Span | None] | None:
    """Of a stored message (`unpack_parts`): the status and what was returned; None if it is no notice."""
    if (root.type, root.subtype) != ("multipart", "report"):
        return None
    children = root.children[:REPORT_PARTS_MAX]
    status = next((part for part in children if part.type == "message" and part.subtype in _STATUS_TYPES), None)
    returned = next((part for part in children if (part.type, part.subtype) in _RETURNED_TYPES), None)
    return (status, returned) if status is not None else None


def parse_notice(data: bytes) -> Received | None:
    """A whole letter; None if it is no notice, or one that says nothing of anyone."""
    found = find_parts(unpack_parts(pack_parts(summarize(data).root)))
    if found is None:
        return None
    status, returned = found
    report = parse_status(_decode(data, status, STATUS_MAX))
    if report is None:
        return None
    return Received(report, _cut_body(_decode(data, returned, HEADER_MAX)) if returned else b"")


def _cut_body(message: bytes) -> bytes:
    """Up to the empty line."""
    end = _EMPTY_LINE.search(message)
    return message[: end.end()] if end else message


def _decode(data: bytes, part: Span, limit: int) -> bytes:
    raw = data[part.body_offset : part.body_offset + min(part.body_size, 2 * limit)]
    return decode_body(raw, part.encoding.encode("latin-1"))[:limit]
