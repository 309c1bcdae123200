"""Letters for the spool, with as little said as a test likes."""

from dataclasses import replace
from typing import Any

from mailstead.ground.model.address import Address
from mailstead.ground.model.ids import BlobId, Instant, SpoolId
from mailstead.ground.model.spool import Origin, SpooledLetter, SpooledRecipient, State
from mailstead.store.port.spool import Settlement
from tests.support.mailbox import NOW, rendered, staged
from tests.support.stores import AnyStore

DAY = 86_400_000


def letter(number: int, **other: Any) -> SpooledLetter:
    values: dict[str, Any] = {
        "id": SpoolId(number), "created_at": NOW, "expires_at": Instant(NOW + 5 * DAY),
        "sender": Address("ann", "home.test"), "blob_id": None, "prefix": b"Received: x\r\n", "size": 100,
        "origin": Origin.SUBMITTED, "domain": "home.test", "message_id": f"{number}@home.test",
    }  # fmt: skip
    return SpooledLetter(**(values | other))


def recipient(letter_id: int, number: int = 0, to: str = "bob@far.test", **other: Any) -> SpooledRecipient:
    address = Address.parse(to)
    values: dict[str, Any] = {
        "letter_id": SpoolId(letter_id), "number": number, "address": address, "destination": address.domain,
        "state": State.ACTIVE, "due_at": NOW,
    }  # fmt: skip
    return SpooledRecipient(**(values | other))


async def spool(
    store: AnyStore, one: SpooledLetter, *recipients: SpooledRecipient, body: bytes = b"x"
) -> frozenset[str]:
    """Insert it with a blob of its own."""

    async def unit(tx: Any) -> frozenset[str]:
        blob_id, is_new = await tx.blobs.put(staged(one.id + 1_000_000, body))
        if is_new:
            await tx.messages.put_rendered(BlobId(blob_id), rendered(body))
        return await tx.spool.insert(replace(one, blob_id=blob_id), recipients)

    return await store.write(unit)


def settled(number: int, state: State, *, due_at: int = NOW, **other: Any) -> Settlement:
    return Settlement(number=number, state=state, due_at=Instant(due_at), last=None, **other)
