"""The header of one entity, read once: which fields count, and what they say of the body below."""

from typing import Final

from mailstead.ground.formats.headers import each_field

ENVELOPE_FIELDS: Final = (
    b"date", b"subject", b"from", b"sender", b"reply-to", b"to", b"cc", b"bcc", b"in-reply-to", b"message-id"
)  # fmt: skip
CONTENT_FIELDS: Final = (
    b"content-type", b"content-transfer-encoding", b"content-id", b"content-description", b"content-disposition",
    b"content-md5", b"content-language", b"content-location",
)  # fmt: skip
_LISTS: Final = frozenset({b"to", b"cc", b"bcc"})
_DOUBLES_MAX: Final = 1000


def _spellings(names: tuple[bytes, ...]) -> dict[bytes, bytes]:
    """The usual ways to write them, so that few names need to be lowered."""
    known = {name: name for name in names}
    known |= {name.title(): name for name in names}
    known |= {name.upper(): name for name in names}
    known |= {name.capitalize(): name for name in names}
    return known | {name.title().replace(b"Id", b"ID"): name for name in names}


_CONTENT: Final = _spellings(CONTENT_FIELDS)
_ALL: Final = _spellings(ENVELOPE_FIELDS) | _CONTENT


def find_fields(header: bytes, *, is_message: bool) -> dict[bytes, bytes]:
    """Raw values by lower-case name: Content-* fields, and with `is_message` those of ENVELOPE.

    The first field of a name counts; several To, Cc or Bcc count as one list (RFC 5322 §4.5.3).
    """
    known = _ALL if is_message else _CONTENT
    found: dict[bytes, bytes] = {}
    doubles: dict[bytes, list[bytes]] = {}
    for name, value in each_field(header):
        key = known.get(name) or known.get(name.lower())
        if key is None:
            continue
        if key not in found:
            found[key] = value
        elif key in _LISTS:
            doubles.setdefault(key, []).append(value)
    for key, values in doubles.items():
        found[key] = b",".join((found[key], *values[:_DOUBLES_MAX]))
    return found
