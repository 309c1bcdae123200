"""ENVELOPE (RFC 9051 §7.5.2): the fields of a message header that lists show."""

import msgspec

from mailstead.ground.formats.addresslist import Mailbox


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
