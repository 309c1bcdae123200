"""ENVELOPE from raw fields."""

from mailstead.ground.formats.addresslist import Mailbox
from mailstead.ground.formats.envelope import ENVELOPE_MAX, MAILBOX_COST, TEXT_MAX, Envelope, read_envelope

ANN = Mailbox(None, None, b"ann", b"a.example")


def weight(envelope: Envelope) -> int:
    texts = [envelope.date, envelope.subject, envelope.in_reply_to, envelope.message_id]
    lists = [envelope.from_, envelope.sender, envelope.reply_to, envelope.to, envelope.cc, envelope.bcc]
    boxes = [box for boxes in lists for box in boxes]
    strings = texts + [text for box in boxes for text in (box.name, box.route, box.local, box.host)]
    return sum(len(text) for text in strings if text) + MAILBOX_COST * len(boxes)


def test_absent_and_empty() -> None:
    """RFC 9051 §7.5.2: absent is NIL, present but empty is the empty string."""
    assert read_envelope({}) == Envelope()
    envelope = read_envelope({b"subject": b" \r", b"to": b" "})
    assert envelope.subject == b""
    assert envelope.to == ()
    assert envelope.date is None


def test_sender_and_reply_to_default_to_from() -> None:
    envelope = read_envelope({b"from": b" ann@a.example\r", b"reply-to": b"\r"})
    assert envelope.from_ == envelope.sender == envelope.reply_to == (ANN,)
    envelope = read_envelope({b"from": b"x@y", b"sender": b"ann@a.example"})
    assert envelope.sender == (ANN,)
    assert envelope.reply_to == envelope.from_


def test_strings_are_unfolded_and_raw() -> None:
    envelope = read_envelope({b"subject": b" =?utf-8?q?a?=\r\n b\0\xfc\r"})
    assert envelope.subject == b"=?utf-8?q?a?= b\xfc"


def test_a_large_one_keeps_what_tells_most() -> None:
    found = {
        b"date": b"now",
        b"subject": b"s" * 500_000,
        b"from": b"f@x," * 100_000,
        b"to": b"t@x," * 100_000,
        b"message-id": b"<1@x>",
    }
    envelope = read_envelope(found)
    assert envelope.message_id == b"<1@x>"
    assert len(envelope.subject or b"") == TEXT_MAX
    assert len(envelope.from_) > 100
    assert weight(envelope) <= ENVELOPE_MAX
    assert weight(read_envelope(found, 100)) <= 100
