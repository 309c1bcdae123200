"""What is known of a message without reading its body again."""

from dataclasses import dataclass

from mailstead.ground.model.ids import AccountId, BlobId, Instant, MessageId


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendered:
    """Everything that is computed once at arrival and stored ready to send. The store keeps it unread.

    `header` is the header block of the blob, uncompressed, up to and including its empty line;
    the added prefix of a message (Return-Path, Received) comes before it and is not part of it.
    It holds at most 1 MiB: where the root of `parts` tells a greater `header_size`, the rest is read from the blob.
    """

    version: int
    envelope: bytes  # IMAP ENVELOPE, the parenthesised list
    bodystructure: bytes  # IMAP BODYSTRUCTURE with extension data
    body: bytes  # IMAP BODY without it
    parts: bytes  # offsets of every part in the blob, see `formats.parts`
    header: bytes
    fields: bytes  # offsets of every field in `header`, see `formats.fields`
    preview: str  # RFC 8970: at most 200 characters
    subject_base: str  # base subject of RFC 5256 §2.1, for SORT and THREAD
    sent_at: Instant | None  # the Date field; None if there is none that can be read
    message_id: str  # Message-ID without brackets, '' if none


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One stored mail of an account: an immutable blob behind an added prefix."""

    id: MessageId
    account_id: AccountId
    blob_id: BlobId
    prefix: bytes
    size: int  # len(prefix) + size of the blob
    received_at: Instant
    origin_id: MessageId | None = None  # of another account, which this one is a copy of
