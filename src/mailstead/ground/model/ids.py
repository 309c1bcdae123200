"""Identities. All are 63-bit integers; those made outside the store are ordered by time (see `net.ids`)."""

from typing import NewType

DomainId = NewType("DomainId", int)
UserId = NewType("UserId", int)
AccountId = NewType("AccountId", int)
AliasId = NewType("AliasId", int)
FolderId = NewType("FolderId", int)
MessageId = NewType("MessageId", int)
BlobId = NewType("BlobId", int)
SpoolId = NewType("SpoolId", int)

Uid = NewType("Uid", int)
"""IMAP unique identifier of a placement: 1 to 2^32 - 1, rising within a folder (RFC 9051 §2.3.1.1)."""

ModSeq = NewType("ModSeq", int)
"""One rising counter for each account; IMAP's mod-sequence and JMAP's state (RFC 7162 §3.1, RFC 8620 §1.6.3)."""

Instant = NewType("Instant", int)
"""Milliseconds since 1970-01-01T00:00Z."""
