"""What a submission agent mends in a header, and what it refuses (RFC 6409 §8, RFC 5322 §3.6).

The body is not looked at. Fields are taken out or put before the others; nothing that stays is written anew, so that
signatures over it hold.
"""

import re
from dataclasses import dataclass, field
from enum import Enum
from typing import Final

from mailstead.ground.formats.addresslist import parse_mailboxes
from mailstead.ground.formats.date import parse_date, render_date
from mailstead.ground.formats.headers import unfold
from mailstead.ground.model.address import Address
from mailstead.ground.model.errors import Invalid
from mailstead.ground.model.ids import Instant

HEADER_MAX: Final = 256 << 10
AUTHORS_MAX: Final = 100

# RFC 5322 §3.6.3: of blind copies nobody hears. RFC 5321 §4.4: only final delivery writes a Return-Path.
_PRIVATE: Final = frozenset({b"bcc", b"resent-bcc", b"return-path"})
_ONLY_ONE: Final = frozenset({b"from", b"sender"})
_READ: Final = frozenset({b"from", b"sender", b"date", b"message-id"})

_FIELD: Final = re.compile(rb"([!-9;-~]++)[ \t]*+:([^\n]*+(?:\n[ \t][^\n]*+)*+)(?:\n|\Z)")
_END: Final = re.compile(rb"(?:\A|\n)\r?\n")
_BLANK: Final = re.compile(rb"\r?\n")
_LONG_LINE: Final = re.compile(rb"[^\r\n]{999}")  # RFC 5322 §2.1.1
_HARMFUL: Final = re.compile(rb"\0|\r(?!\n)")  # RFC 5322 §2.2: nor has any reader the same idea of them
_MESSAGE_ID: Final = re.compile(rb"<[^<>\s]{1,900}>")


class Fault(Enum):
    """Why a header cannot be mended."""

    TOO_LARGE = "the header is larger than 256 KiB"
    LINE_TOO_LONG = "a line of the header is longer than 998 octets"
    BAD_OCTET = "the header has a NUL, or a CR that ends no line"
    SEVERAL_FIELDS = "there are several From or Sender fields"
    BAD_AUTHOR = "From or Sender has no valid address"
    NO_SENDER = "From names several authors or none, and there is no Sender"


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """What a field that is missing, or no such field at all, becomes."""

    at: Instant
    message_id: str  # without its brackets
    author: Address  # who is logged in
    sender: Address | None = None  # becomes Sender if neither it nor From names them; None: that is not wanted


@dataclass(frozen=True, slots=True, kw_only=True)
class Repair:
    """The edits of one header block, and whom it names."""

    added: bytes  # lines that go before it
    removed: tuple[tuple[int, int], ...]  # from, to: in order, whole lines
    size: int  # of its fields; what follows is the empty line or, where that is missing, the body
    has_blank: bool
    authors: tuple[Address, ...]
    sender: Address | None
    is_ascii: bool  # else it may only travel by SMTPUTF8 (RFC 6531 §3.4)

    def apply(self, head: bytes) -> bytes:
        """The block after the edits, with an empty line before a body that has none."""
        pieces, start = [self.added], 0
        for first, end in self.removed:
            pieces.append(head[start:first])
            start = end
        pieces.append(head[start : self.size])
        if not self.has_blank and len(head) > self.size:
            pieces.append(b"\r\n")
        pieces.append(head[self.size :])
        return b"".join(pieces)


@dataclass(slots=True)
class _Found:
    """What reading a block brings to light."""

    removed: list[tuple[int, int]] = field(default_factory=list)
    values: dict[bytes, bytes] = field(default_factory=dict)
    spans: dict[bytes, tuple[int, int]] = field(default_factory=dict)
    size: int = 0
    is_doubled: bool = False


def repair(head: bytes, given: Given) -> Repair | Fault:
    """`head` is a header block with its empty line; or, if that is missing, all that there is up to HEADER_MAX."""
    found = _read(head)
    fields = head[: found.size]
    if fault := _judge(head, found):
        return fault
    try:
        authors = _read_authors(found.values.get(b"from"), given.author)
        sender = _read_sender(found.values.get(b"sender"))
    except Invalid:
        return Fault.BAD_AUTHOR
    if len(authors) != 1 and sender is None and given.sender is None:
        return Fault.NO_SENDER
    added = _add(found, given, authors, sender)
    kept = _keep(found)
    return Repair(
        added=added,
        removed=tuple(sorted(found.removed)),
        size=found.size,
        has_blank=_BLANK.match(head, found.size) is not None,
        authors=authors,
        sender=sender if sender is not None else _new_sender(given, authors),
        is_ascii=added.isascii() and all(fields[first:end].isascii() for first, end in kept),
    )


def _judge(head: bytes, found: _Found) -> Fault | None:
    """What can be said without reading a value. A line that was cut by the limit may still be a field."""
    if len(head) > HEADER_MAX and head.find(b"\n", found.size) < 0:
        return Fault.TOO_LARGE
    fields = head[: found.size]
    if _LONG_LINE.search(fields):
        return Fault.LINE_TOO_LONG
    if _HARMFUL.search(fields):
        return Fault.BAD_OCTET
    return Fault.SEVERAL_FIELDS if found.is_doubled else None


def _read(head: bytes) -> _Found:
    """Field by field, up to the empty line or the first line that is no field."""
    found = _Found()
    while match := _FIELD.match(head, found.size):
        name, span = match[1].lower(), match.span()
        found.size = match.end()
        if name in _PRIVATE:
            found.removed.append(span)
        elif name in _READ and name not in found.values:
            found.values[name], found.spans[name] = unfold(match[2]), span
        elif name in _ONLY_ONE:
            found.is_doubled = True
    return found


def _keep(found: _Found) -> list[tuple[int, int]]:
    """What lies between the ranges that are removed."""
    edges = [0, *(edge for span in sorted(found.removed) for edge in span), found.size]
    return list(zip(edges[::2], edges[1::2], strict=True))


def _read_authors(value: bytes | None, login: Address) -> tuple[Address, ...]:
    """RFC 6854 §2: a group without members is a From, too."""
    if value is None:
        return (login,)
    mailboxes = parse_mailboxes(value, AUTHORS_MAX + 1)
    if not 0 < len(mailboxes) <= AUTHORS_MAX:
        raise Invalid("no author, or more than anyone checks")
    return tuple(_address(box.local, box.host) for box in mailboxes if box.host is not None)


def _read_sender(value: bytes | None) -> Address | None:
    """RFC 5322 §3.6.2: one mailbox."""
    if value is None:
        return None
    mailboxes = parse_mailboxes(value, 2)
    if len(mailboxes) != 1:
        raise Invalid("not one sender")
    return _address(mailboxes[0].local, mailboxes[0].host)


def _address(local: bytes | None, host: bytes | None) -> Address:
    try:
        return Address.of((local or b"").decode(), (host or b"").decode())
    except UnicodeDecodeError as error:
        raise Invalid("not UTF-8") from error


def _new_sender(given: Given, authors: tuple[Address, ...]) -> Address | None:
    """RFC 6409 §8.1."""
    named = given.sender is not None and len(authors) == 1 and authors[0].key == given.sender.key
    return None if named else given.sender


def _add(found: _Found, given: Given, authors: tuple[Address, ...], sender: Address | None) -> bytes:
    """Lines for what is missing. A Date or Message-ID that cannot be read gives way (RFC 6409 §8.2, §8.3)."""
    lines = []
    date, message_id = found.values.get(b"date"), found.values.get(b"message-id")
    if date is None or parse_date(date) is None:
        lines.append(f"Date: {render_date(given.at).decode('ascii')}")
        _remove(found, b"date")
    if b"from" not in found.values:
        lines.append(f"From: <{given.author}>")
    new_sender = _new_sender(given, authors) if sender is None else None
    if new_sender is not None:
        lines.append(f"Sender: <{new_sender}>")
    if message_id is None or not _MESSAGE_ID.fullmatch(message_id):
        lines.append(f"Message-ID: <{given.message_id}>")
        _remove(found, b"message-id")
    return "".join(f"{line}\r\n" for line in lines).encode("utf-8")


def _remove(found: _Found, name: bytes) -> None:
    if name in found.spans:
        found.removed.append(found.spans[name])


class HeadFilter:
    """Mends the head of a message as its bytes come, and passes on the body. The result does not depend on the cuts."""

    def __init__(self, given: Given) -> None:
        self._given = given
        self._head: bytearray | None = bytearray()
        self.repair: Repair | None = None  # once the head has come
        self.fault: Fault | None = None  # then nothing comes out any more

    def feed(self, data: bytes) -> bytes:
        """What may be written: nothing while the head is incomplete."""
        if self._head is None:
            return data if self.fault is None else b""
        seen = len(self._head)
        self._head += data
        end = _END.search(self._head, max(0, seen - 2), HEADER_MAX)
        if end is None and len(self._head) <= HEADER_MAX:
            return b""
        return self._mend(end.end() if end else HEADER_MAX + 1)

    def finish(self) -> bytes:
        """All has come; there may be no body."""
        return self._mend(len(self._head)) if self._head is not None else b""

    def _mend(self, size: int) -> bytes:
        assert self._head is not None
        head, rest = bytes(self._head[:size]), bytes(self._head[size:])
        self._head = None
        match repair(head, self._given):
            case Fault() as fault:
                self.fault = fault
                return b""
            case Repair() as edits:
                self.repair = edits
                return edits.apply(head) + rest
