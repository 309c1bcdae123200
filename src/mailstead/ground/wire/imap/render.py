"""What is stored ready to send: ENVELOPE and BODYSTRUCTURE (RFC 9051 §7.5.2), valid for every client."""

from typing import Final

from mailstead.ground.formats.addresslist import Mailbox
from mailstead.ground.formats.envelope import Envelope
from mailstead.ground.formats.parameter import join_continuations
from mailstead.ground.formats.part import Params, Part
from mailstead.ground.wire.imap.string import NIL, render_nstring, render_string

RENDER_VERSION: Final = 2
"""Stored with every rendition; a higher one makes a background duty render anew."""


def render_envelope(envelope: Envelope) -> bytes:
    """The parenthesised list."""
    from_ = _addresses(envelope.from_)
    # RFC 9051 §7.5.2: without a Sender or Reply-To field the server puts From there; mostly it is the same tuple.
    sender = from_ if envelope.sender is envelope.from_ else _addresses(envelope.sender)
    reply_to = from_ if envelope.reply_to is envelope.from_ else _addresses(envelope.reply_to)
    return b"(%b %b %b %b %b %b %b %b %b %b)" % (
        render_nstring(envelope.date),
        render_nstring(envelope.subject),
        from_,
        sender,
        reply_to,
        _addresses(envelope.to),
        _addresses(envelope.cc),
        _addresses(envelope.bcc),
        render_nstring(envelope.in_reply_to),
        render_nstring(envelope.message_id),
    )


def _addresses(mailboxes: tuple[Mailbox, ...]) -> bytes:
    """env-from and the like: addresses stand side by side without spaces."""
    if not mailboxes:
        return NIL
    return b"(%b)" % b"".join([_address(mailbox) for mailbox in mailboxes])


def _address(mailbox: Mailbox) -> bytes:
    """RFC 9051 §7.5.2: a group starts with a NIL host and ends with a NIL mailbox."""
    return b"(%b %b %b %b)" % (
        render_nstring(mailbox.name),
        render_nstring(mailbox.route),
        render_nstring(mailbox.local),
        render_nstring(mailbox.host),
    )


def render_bodystructure(part: Part, *, extended: bool) -> bytes:
    """BODYSTRUCTURE, or BODY if not `extended`."""
    if part.is_multipart:
        return _multipart(part, extended=extended)
    head = _leaf_fields(part)
    if part.is_message:
        assert part.envelope is not None
        inner = render_bodystructure(part.children[0], extended=extended)
        head = b"%b %b %b %d" % (head, render_envelope(part.envelope), inner, part.lines)
    elif part.is_text:
        head = b"%b %d" % (head, part.lines)
    if not extended:
        return b"(%b)" % head
    return b"(%b %b %b)" % (head, render_nstring(part.md5), _extension(part))


def _multipart(part: Part, *, extended: bool) -> bytes:
    children = b"".join([render_bodystructure(child, extended=extended) for child in part.children])
    subtype = render_string(part.subtype)
    if not extended:
        return b"(%b %b)" % (children, subtype)
    return b"(%b %b %b %b)" % (children, subtype, _params(part.params), _extension(part))


def _leaf_fields(part: Part) -> bytes:
    """media-type and body-fields."""
    return b"%b %b %b %b %b %b %d" % (
        render_string(part.type),
        render_string(part.subtype),
        _params(part.params),
        render_nstring(part.id),
        render_nstring(part.description),
        render_string(part.encoding),
        part.size,
    )


def _extension(part: Part) -> bytes:
    """Disposition, language and location."""
    return b"%b %b %b" % (_disposition(part), _language(part.language), render_nstring(part.location))


def _params(params: Params) -> bytes:
    if not params:
        return NIL
    pairs = join_continuations(params)
    return b"(%b)" % b" ".join([b"%b %b" % (render_string(name), render_string(value)) for name, value in pairs])


def _disposition(part: Part) -> bytes:
    if part.disposition is None:
        return NIL
    kind, params = part.disposition
    return b"(%b %b)" % (render_string(kind), _params(params))


def _language(tags: tuple[bytes, ...]) -> bytes:
    """body-fld-lang: Dovecot always gives a list, and so do we."""
    if not tags:
        return NIL
    return b"(%b)" % b" ".join([render_string(tag) for tag in tags])
