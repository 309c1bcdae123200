"""Letters and recipients that notices are about."""

from typing import Any

from mailstead.ground.model.address import Address
from mailstead.ground.model.envelope import DsnRequest
from mailstead.ground.model.ids import BlobId, Instant, SpoolId
from mailstead.ground.model.spool import Origin, SpooledLetter, SpooledRecipient, State

CREATED = Instant(1_795_168_800_000)
EXPIRES = Instant(CREATED + 5 * 86_400_000)


def letter(**more: Any) -> SpooledLetter:
    facts: dict[str, Any] = {
        "id": SpoolId(7), "created_at": CREATED, "expires_at": EXPIRES, "sender": Address("ann", "example.net"),
        "blob_id": BlobId(3), "prefix": b"", "size": 100, "origin": Origin.SUBMITTED, "domain": "example.net",
    }  # fmt: skip
    return SpooledLetter(**facts | more)


def recipient(number: int = 0, notify: str | None = None, **more: Any) -> SpooledRecipient:
    words = None if notify is None else frozenset(notify.split(","))
    address = Address(f"bob{number}", "example.org")
    facts: dict[str, Any] = {
        "letter_id": SpoolId(7), "number": number, "address": address, "destination": address.domain,
        "state": State.ACTIVE, "due_at": CREATED, "dsn": DsnRequest(notify=words),
    }  # fmt: skip
    return SpooledRecipient(**facts | more)
