"""Which message answers which: Message-ID, References and In-Reply-To of a header block (RFC 5256 §3)."""

import re
from dataclasses import dataclass
from typing import Final

from mailstead.ground.formats.fields import select_fields
from mailstead.ground.formats.headers import each_field, unfold

REFERENCES_MAX: Final = 1_000
"""Of one message; of more the last ones count, which are the nearest."""

NAMES: Final = frozenset((b"message-id", b"references", b"in-reply-to", b"subject"))
_ID: Final = re.compile(rb'<((?:"(?:[^"\\]|\\.)*+"|[^<>"\s])++)>')
_QUOTED: Final = re.compile(rb'"((?:[^"\\]|\\.)*+)"')
_ESCAPED: Final = re.compile(rb"\\(.)")


@dataclass(frozen=True, slots=True)
class Ancestry:
    """`id` is empty if there is no valid one; `references` go from the oldest to the parent."""

    id: bytes
    references: tuple[bytes, ...]
    subject: bytes


def read_ancestry(header: bytes) -> Ancestry:
    """RFC 5256 §3: References, or if it has no valid id the first one of In-Reply-To."""
    fields: dict[bytes, bytes] = {}
    for name, value in each_field(select_fields(header, b"", NAMES, exclude=False)):
        fields.setdefault(name.lower(), value)
    ids = _ids(fields.get(b"message-id", b""))
    references = _ids(fields.get(b"references", b"")) or _ids(fields.get(b"in-reply-to", b""))[:1]
    return Ancestry(ids[0] if ids else b"", tuple(references[-REFERENCES_MAX:]), unfold(fields.get(b"subject", b"")))


def _ids(value: bytes) -> list[bytes]:
    """RFC 5256 §3: ids are compared in the form that quotes no more than it must: here, none."""
    found = _ID.findall(value)
    if b'"' in value:
        found = [_QUOTED.sub(lambda match: _ESCAPED.sub(rb"\1", match[1]), one) for one in found]
    return [one for one in found if b"@" in one]  # RFC 5322 §3.6.4: id-left "@" id-right
