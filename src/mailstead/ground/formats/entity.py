"""The header of one entity, read once: which fields count, and what they say of the body below."""

from typing import Final

from mailstead.ground.formats.content import ASCII_TEXT, Content, read_content
from mailstead.ground.formats.envelope import ENVELOPE_MAX, NO_ENVELOPE, read_envelope
from mailstead.ground.formats.headers import each_field
from mailstead.ground.formats.node import Kind, Node
from mailstead.ground.formats.parameter import find_parameter

DEPTH_MAX: Final = 50
PARTS_MAX: Final = 5000
METADATA_MAX: Final = 512 << 10
"""Octets of parameters, ids and nested envelopes in one tree; later parts show only their types."""
BOUNDARY_MAX: Final = 500

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


# Frequent fields of no use here: so that they, too, are told by one look.
_OTHERS: Final = dict.fromkeys(
    (b"Received", b"DKIM-Signature", b"Return-Path", b"Delivered-To", b"X-Original-To", b"MIME-Version", b"References",
     b"User-Agent", b"X-Mailer", b"List-Id", b"List-Unsubscribe", b"Authentication-Results", b""),
    b"",
)  # fmt: skip
_CONTENT: Final = _OTHERS | _spellings(CONTENT_FIELDS)
_ALL: Final = _CONTENT | _spellings(ENVELOPE_FIELDS)


def find_fields(header: bytes, *, is_message: bool) -> dict[bytes, bytes]:
    """Raw values by lower-case name: Content-* fields, and with `is_message` those of ENVELOPE.

    The first field of a name counts; several To, Cc or Bcc count as one list (RFC 5322 §4.5.3).
    """
    known = _ALL if is_message else _CONTENT
    found: dict[bytes, bytes] = {}
    doubles: dict[bytes, list[bytes]] = {}
    for name, value in each_field(header):
        key = known.get(name)
        if key is None:
            key = known.get(name.lower())
        if not key:
            continue
        if key not in found:
            found[key] = value
        elif key in _LISTS:
            doubles.setdefault(key, []).append(value)
    for key, values in doubles.items():
        found[key] = b",".join((found[key], *values[:_DOUBLES_MAX]))
    return found


_IDENTITY: Final = frozenset({b"7bit", b"8bit", b"binary"})


class EntityReader:
    """Decides what each entity is. Remembers how much of the limits of one message is spent."""

    __slots__ = ("_metadata", "count")

    def __init__(self) -> None:
        self._metadata = METADATA_MAX
        self.count = 1

    @property
    def is_full(self) -> bool:
        """No entity more: what follows belongs to the last one."""
        return self.count >= PARTS_MAX

    def read(self, node: Node, head: bytes, parent: Node | None, *, depth: int) -> dict[bytes, bytes]:
        """Fill in what the header of `node` says, and its parent's envelope if that is a message; the raw fields."""
        found = find_fields(head, is_message=node.is_whole)
        digest = parent is not None and parent.kind is Kind.MULTIPART and parent.content.subtype.lower() == b"digest"
        node.content = content = read_content(found, digest=digest)
        if parent is not None and parent.kind is Kind.MESSAGE:
            self._give_envelope(parent, found)
        media = content.type.lower()
        if media == b"multipart":
            _enter_multipart(node, depth)
        elif media == b"message" and content.subtype.lower() in (b"rfc822", b"global"):
            self._enter_message(node, depth)
        self._metadata -= content.weight()
        if self._metadata < 0:
            self._metadata = 0
            node.content = Content(content.type, content.subtype, (), content.encoding)
        return found

    def _give_envelope(self, parent: Node, found: dict[bytes, bytes]) -> None:
        weight = min(2 * sum(map(len, found.values())), self._metadata)
        parent.envelope = read_envelope(found, min(self._metadata, ENVELOPE_MAX)) if weight else NO_ENVELOPE
        self._metadata -= weight

    def _enter_message(self, node: Node, depth: int) -> None:
        """RFC 2046 §5.2.1: only identity encodings; a message/global may be encoded (RFC 6532 §3.5) and stays shut."""
        if depth >= DEPTH_MAX or self.is_full or node.content.encoding.lower() not in _IDENTITY:
            _make_opaque(node.content)
        else:
            self.count += 1
            node.kind = Kind.MESSAGE


def _enter_multipart(node: Node, depth: int) -> None:
    content = node.content
    boundary = (find_parameter(content.params, b"boundary") or b"").rstrip(b" \t")
    if depth >= DEPTH_MAX:
        _make_opaque(content)
    elif not 0 < len(boundary) <= BOUNDARY_MAX:
        # RFC 2045 §5.2: a Content-Type that is not valid means plain text
        content.type, content.subtype, content.params = b"text", b"plain", ASCII_TEXT
    else:
        node.kind = Kind.MULTIPART
        node.delimiter = b"--" + boundary


def _make_opaque(content: Content) -> None:
    """Not looked into, so it may not show as what would have to be (RFC 9051 §9, body-type-msg and body-type-mpart)."""
    content.type, content.subtype = b"application", b"octet-stream"
