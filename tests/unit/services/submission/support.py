"""Ports of submission that remember."""

from dataclasses import dataclass, field
from typing import Any

from mailstead.ground.model.ids import BlobId
from mailstead.ground.model.outcome import Delivered
from mailstead.ground.model.verdict import PASS
from mailstead.services.accounts.resolve import Abroad
from mailstead.services.delivery.deliver import Receipt
from mailstead.services.delivery.plan import Accepted
from mailstead.store.port.blobs import StagedBlob


@dataclass
class NoBlobs:
    """Keeps the bytes of the last blob."""

    stored: bytes = b""

    def stage_small(self, data: bytes) -> StagedBlob:
        self.stored = data
        return StagedBlob(id=BlobId(1), hash=b"", size=len(data), data=data)

    def stage(self) -> "NoBlobs":
        self.stored = b""
        return self

    def write(self, data: bytes) -> None:
        self.stored += data

    async def finish(self) -> StagedBlob:
        return StagedBlob(id=BlobId(1), hash=b"", size=len(self.stored), data=None)

    def abort(self) -> None: ...


@dataclass
class Post:
    """Judge, mailroom, guards and notebook: everything with a domain of its own is abroad."""

    home: str = "a.test"
    verdict: Any = PASS
    asked: list[Any] = field(default_factory=list)
    accepted: list[Any] = field(default_factory=list)
    notes: list[Any] = field(default_factory=list)

    async def judge_recipient(self, envelope: Any, recipient: Any, client: Any) -> Accepted:
        abroad = () if recipient.address.domain == self.home else (recipient.address,)
        return Accepted(recipient, (), abroad=tuple(map(Abroad, abroad)))

    async def accept(self, letter: Any, envelope: Any, accepted: Any, client: Any, sending: Any) -> Receipt:
        self.accepted.append((letter, client, sending))
        return Receipt(7, (Delivered(),) * len(accepted))

    async def judge(self, sending: Any, envelope: Any, abroad: Any, client: Any) -> Any:
        self.asked.append((sending, abroad))
        return self.verdict

    def note(self, verdict: Any, client: Any, *, sender: str, recipient: str, **_: str) -> None:
        self.notes.append(verdict)
