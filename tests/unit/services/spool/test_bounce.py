"""When a bounce is due, and what is kept for it."""

from typing import Any

import msgspec
import pytest

from mailstead.ground.model.address import Address
from mailstead.ground.model.envelope import DsnRequest, Envelope, Recipient
from mailstead.ground.model.ids import BlobId, Instant, SpoolId
from mailstead.ground.model.verdict import Reason
from mailstead.services.spool.bounce import BounceOwed, is_bounce_due, owe_bounce

ANN = Address("ann", "a.test")
EVE = Envelope(sender=Address("eve", "b.test"), ret="HDRS", envid="e+2B")


@pytest.mark.parametrize(
    ("envelope", "notify", "due"),
    [
        (EVE, None, True),
        (EVE, frozenset({"FAILURE", "DELAY"}), True),
        (EVE, frozenset({"SUCCESS"}), False),
        (EVE, frozenset({"NEVER"}), False),
        (Envelope(sender=None), None, False),
    ],
)
def test_due(envelope: Envelope, notify: frozenset[str] | None, due: bool) -> None:
    assert is_bounce_due(envelope, Recipient(ANN, DsnRequest(notify))) is due


async def test_what_is_kept() -> None:
    kept: list[Any] = []

    class Tx:
        @property
        def duties(self) -> Any:
            return self

        async def insert_spool(self, entry: Any) -> None:
            kept.append(entry)

    recipient = Recipient(ANN, DsnRequest(frozenset({"FAILURE"}), "rfc822;x@y"))
    owed = BounceOwed(id=SpoolId(5), recipient=recipient, reason=Reason.USER_UNKNOWN, session="9")
    await owe_bounce(Tx(), owed, envelope=EVE, blob_id=BlobId(3), now=Instant(8))  # type: ignore[arg-type]
    (entry,) = kept
    assert (entry.id, entry.kind, entry.sender, entry.recipient, entry.blob_id, entry.created_at) == (
        5, "bounce", "eve@b.test", "ann@a.test", 3, 8,
    )  # fmt: skip
    assert msgspec.json.decode(entry.detail) == {
        "reason": "user unknown", "session": "9", "ret": "HDRS", "envid": "e+2B", "notify": ["FAILURE"],
        "orcpt": "rfc822;x@y", "smtputf8": False,
    }  # fmt: skip
