"""ENVELOPE (RFC 9051 §7.5.2): the fields of a message header that lists show."""

from collections.abc import Mapping
from typing import Final

import msgspec

from mailstead.ground.formats.addresslist import Mailbox, parse_mailboxes
from mailstead.ground.formats.headers import unfold

ENVELOPE_MAX: Final = 256 * 1024
"""Octets of one envelope; what comes later in its header is left out, past that."""
TEXT_MAX: Final = 32 * 1024
"""Octets of one of its strings."""
MAILBOX_COST: Final = 16
"""What a rendered address structure adds to its strings."""


class Envelope(msgspec.Struct, frozen=True, gc=False):
    """Raw bytes: unfolded, encoded words as they came, 8-bit kept, never CR, LF or NUL. None: the field is absent.

    `sender` and `reply_to` are those of `from_` where the header has none.
    """

    date: bytes | None = None
    subject: bytes | None = None
    from_: tuple[Mailbox, ...] = ()
    sender: tuple[Mailbox, ...] = ()
    reply_to: tuple[Mailbox, ...] = ()
    to: tuple[Mailbox, ...] = ()
    cc: tuple[Mailbox, ...] = ()
    bcc: tuple[Mailbox, ...] = ()
    in_reply_to: bytes | None = None
    message_id: bytes | None = None


NO_ENVELOPE: Final = Envelope()


def read_envelope(found: Mapping[bytes, bytes], limit: int = ENVELOPE_MAX) -> Envelope:
    """From the raw values of the fields by lower-case name."""
    size = sum(map(len, found.values()))
    if size * 2 > limit:  # From counts three times; short of this nothing can reach the limit
        return _read_large(found, limit)
    get = found.get
    from_ = _mailboxes(get(b"from"))
    return Envelope(
        _text(get(b"date")),
        _text(get(b"subject")),
        from_,
        _mailboxes(get(b"sender")) or from_,
        _mailboxes(get(b"reply-to")) or from_,
        _mailboxes(get(b"to")),
        _mailboxes(get(b"cc")),
        _mailboxes(get(b"bcc")),
        _text(get(b"in-reply-to")),
        _text(get(b"message-id")),
    )


def _text(value: bytes | None) -> bytes | None:
    return None if value is None else unfold(value)


def _mailboxes(value: bytes | None) -> tuple[Mailbox, ...]:
    return () if value is None else parse_mailboxes(unfold(value))


class _Budget:
    """Gives out what is left of a limit, in the order of asking."""

    def __init__(self, limit: int) -> None:
        self.left = self._unread = limit

    def text(self, value: bytes | None) -> bytes | None:
        """The string, cut."""
        if value is None:
            return None
        text = unfold(value[: 2 * TEXT_MAX])[: min(TEXT_MAX, self.left)]
        self.left -= len(text)
        return text

    def mailboxes(self, value: bytes | None, copies: int = 1) -> tuple[Mailbox, ...]:
        """As many whole addresses as fit."""
        out: list[Mailbox] = []
        raw = (value or b"")[: min(self.left, self._unread)]
        self._unread -= len(raw)  # reading costs time even where nothing comes of it
        for box in parse_mailboxes(unfold(raw)):
            cost = copies * (
                MAILBOX_COST + sum(len(text) for text in (box.name, box.route, box.local, box.host) if text)
            )
            if cost > self.left:
                break
            self.left -= cost
            out.append(box)
        return tuple(out)


def _read_large(found: Mapping[bytes, bytes], limit: int) -> Envelope:
    """The short and telling fields first, then as much as fits of the lists."""
    get, budget = found.get, _Budget(limit)
    date, message_id = budget.text(get(b"date")), budget.text(get(b"message-id"))
    subject = budget.text(get(b"subject"))
    from_ = budget.mailboxes(get(b"from"), copies=3)
    return Envelope(
        date,
        subject,
        from_,
        budget.mailboxes(get(b"sender")) or from_,
        budget.mailboxes(get(b"reply-to")) or from_,
        budget.mailboxes(get(b"to")),
        budget.mailboxes(get(b"cc")),
        budget.mailboxes(get(b"bcc")),
        budget.text(get(b"in-reply-to")),
        message_id,
    )
