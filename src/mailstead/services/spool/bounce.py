"""A bounce owed: recorded in the unit that found it, written and sent by those who dispatch (RFC 5321 §6.1)."""

from dataclasses import dataclass

import msgspec

from mailstead.ground.model.envelope import Envelope, Recipient
from mailstead.ground.model.ids import BlobId, Instant, SpoolId
from mailstead.ground.model.verdict import Reason
from mailstead.store.port import Tx
from mailstead.store.port.duties import SpoolEntry


@dataclass(frozen=True, slots=True, kw_only=True)
class BounceOwed:
    """One recipient that was accepted and turned out to be out of reach."""

    id: SpoolId
    recipient: Recipient
    reason: Reason
    session: str


def is_bounce_due(envelope: Envelope, recipient: Recipient) -> bool:
    """Never for the null sender (RFC 5321 §4.5.5), never against NOTIFY (RFC 3461 §4.1)."""
    notify = recipient.dsn.notify
    return envelope.sender is not None and (notify is None or "FAILURE" in notify)


async def owe_bounce(tx: Tx, owed: BounceOwed, *, envelope: Envelope, blob_id: BlobId | None, now: Instant) -> None:
    """Record it. The caller asked `is_bounce_due`."""
    dsn = owed.recipient.dsn
    detail = {
        "reason": owed.reason.value,
        "session": owed.session,
        "ret": envelope.ret,
        "envid": envelope.envid,
        "notify": None if dsn.notify is None else sorted(dsn.notify),
        "orcpt": dsn.original,
        "smtputf8": envelope.smtputf8,
    }
    await tx.duties.insert_spool(
        SpoolEntry(
            id=owed.id,
            kind="bounce",
            sender=str(envelope.sender) if envelope.sender else "",
            recipient=str(owed.recipient.address),
            blob_id=blob_id,
            detail=msgspec.json.encode(detail),
            created_at=now,
        )
    )
