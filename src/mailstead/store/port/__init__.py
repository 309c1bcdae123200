"""The store as services see it: units of work over ports grouped by aggregate. No SQL passes here.

A write is `await store.write(unit)`: `unit` is a coroutine function of one `Tx`, a pure function of frozen values
(ids, time, hashes and parsed parts come before it), that awaits only `tx` or coroutines that do. It may be run again.
What it returns is what `write` returns, after everything it did is durable. It never catches an SQL error.
Once `write` was called the unit belongs to the store: a caller cancelled before it ran removes it, later it runs to
its end.
"""

from collections.abc import Callable, Coroutine
from enum import Enum
from typing import Any, Protocol, TypeVar

from mailstead.ground.model.change import Change, Wake
from mailstead.ground.model.ids import AccountId, Instant, ModSeq
from mailstead.store.port.audit import AuditReads, AuditWrites
from mailstead.store.port.blobs import Blobs, BlobWrites
from mailstead.store.port.blocks import BlockReads, BlockWrites
from mailstead.store.port.credentials import CredentialReads, CredentialWrites
from mailstead.store.port.directory import DirectoryReads, DirectoryWrites
from mailstead.store.port.duties import DutyReads, DutyWrites
from mailstead.store.port.finding import FindingReads
from mailstead.store.port.folders import FolderReads, FolderWrites
from mailstead.store.port.forwarded import ForwardedReads, ForwardedWrites
from mailstead.store.port.greylist import GreylistReads, GreylistWrites
from mailstead.store.port.guards import GuardReads, GuardWrites
from mailstead.store.port.hooks import HookReads, HookWrites
from mailstead.store.port.learning import LearningReads, LearningWrites
from mailstead.store.port.limits import LimitReads, LimitWrites
from mailstead.store.port.messages import MessageReads, MessageWrites
from mailstead.store.port.metadata import MetadataReads, MetadataWrites
from mailstead.store.port.placements import PlacementReads, PlacementWrites
from mailstead.store.port.policies import PolicyReads, PolicyWrites
from mailstead.store.port.quarantine import QuarantineReads, QuarantineWrites
from mailstead.store.port.quotas import QuotaReads, QuotaWrites
from mailstead.store.port.receipts import Receipts
from mailstead.store.port.reports import ReportReads, ReportWrites
from mailstead.store.port.routes import RouteReads, RouteWrites
from mailstead.store.port.second_factors import SecondFactorReads, SecondFactorWrites
from mailstead.store.port.signing import SigningReads, SigningWrites
from mailstead.store.port.spool import SpoolReads, SpoolWrites
from mailstead.store.port.trails import TrailReads, TrailWrites
from mailstead.store.port.trust import TrustReads, TrustWrites

T = TypeVar("T")


class Lane(Enum):
    """Interactive units go before bulk ones; bulk duties touch at most 500 rows a unit."""

    INTERACTIVE = 0
    BULK = 1


class ReadTx(Protocol):
    """One consistent view of the store."""

    @property
    def directory(self) -> DirectoryReads: ...
    @property
    def credentials(self) -> CredentialReads: ...
    @property
    def folders(self) -> FolderReads: ...
    @property
    def placements(self) -> PlacementReads: ...
    @property
    def messages(self) -> MessageReads: ...
    @property
    def duties(self) -> DutyReads: ...
    @property
    def metadata(self) -> MetadataReads: ...
    @property
    def quotas(self) -> QuotaReads: ...
    @property
    def finding(self) -> FindingReads: ...
    @property
    def spool(self) -> SpoolReads: ...
    @property
    def signing(self) -> SigningReads: ...
    @property
    def trust(self) -> TrustReads: ...
    @property
    def guards(self) -> GuardReads: ...
    @property
    def routes(self) -> RouteReads: ...
    @property
    def forwarded(self) -> ForwardedReads: ...
    @property
    def policies(self) -> PolicyReads: ...
    @property
    def learning(self) -> LearningReads: ...
    @property
    def audit(self) -> AuditReads: ...
    @property
    def blocks(self) -> BlockReads: ...
    @property
    def reports(self) -> ReportReads: ...
    @property
    def hooks(self) -> HookReads: ...
    @property
    def trails(self) -> TrailReads: ...
    @property
    def limits(self) -> LimitReads: ...
    @property
    def greylist(self) -> GreylistReads: ...
    @property
    def quarantine(self) -> QuarantineReads: ...
    @property
    def second_factors(self) -> SecondFactorReads: ...

    async def modseq(self, account: AccountId) -> ModSeq:
        """The account's counter as of this view; NotFound."""

    async def changes(self, account: AccountId, after: ModSeq, limit: int = 1000) -> list[Change]:
        """Events of an account past `after`, in order; empty if none.

        All of one modseq come together, even past `limit`.
        """

    async def oldest_change(self, account: AccountId) -> ModSeq:
        """Events with a modseq up to and including this one may be gone; 0 if none are."""


class Tx(Protocol):
    """A unit's hand on the store."""

    @property
    def directory(self) -> DirectoryWrites: ...
    @property
    def credentials(self) -> CredentialWrites: ...
    @property
    def folders(self) -> FolderWrites: ...
    @property
    def placements(self) -> PlacementWrites: ...
    @property
    def messages(self) -> MessageWrites: ...
    @property
    def blobs(self) -> BlobWrites: ...
    @property
    def duties(self) -> DutyWrites: ...
    @property
    def metadata(self) -> MetadataWrites: ...
    @property
    def receipts(self) -> Receipts: ...
    @property
    def quotas(self) -> QuotaWrites: ...
    @property
    def spool(self) -> SpoolWrites: ...
    @property
    def signing(self) -> SigningWrites: ...
    @property
    def trust(self) -> TrustWrites: ...
    @property
    def guards(self) -> GuardWrites: ...
    @property
    def routes(self) -> RouteWrites: ...
    @property
    def forwarded(self) -> ForwardedWrites: ...
    @property
    def policies(self) -> PolicyWrites: ...
    @property
    def learning(self) -> LearningWrites: ...
    @property
    def audit(self) -> AuditWrites: ...
    @property
    def blocks(self) -> BlockWrites: ...
    @property
    def reports(self) -> ReportWrites: ...
    @property
    def hooks(self) -> HookWrites: ...
    @property
    def trails(self) -> TrailWrites: ...
    @property
    def limits(self) -> LimitWrites: ...
    @property
    def greylist(self) -> GreylistWrites: ...
    @property
    def quarantine(self) -> QuarantineWrites: ...
    @property
    def second_factors(self) -> SecondFactorWrites: ...

    async def advance(self, *accounts: AccountId) -> dict[AccountId, ModSeq]:
        """Lock these accounts for this unit (in ascending id) and give each its next modseq; NotFound.

        The first statement of every unit that touches an account's mail: so whoever has seen n has seen all below n.
        """

    async def change(self, change: Change, now: Instant) -> None:
        """Record an event; after the commit its `Wake` goes to the `on_commit` port."""

    async def changes(self, account: AccountId, after: ModSeq, limit: int = 1000) -> list[Change]:
        """As `ReadTx.changes`."""


Unit = Callable[[Tx], Coroutine[Any, Any, T]]
ReadUnit = Callable[[ReadTx], Coroutine[Any, Any, T]]
OnCommit = Callable[[list[Wake]], None]


class Store(Protocol):
    """Rows, blobs and the one way to change them."""

    @property
    def blobs(self) -> Blobs: ...

    async def write(
        self,
        unit: Unit[T],
        *,
        lane: Lane = Lane.INTERACTIVE,
        size: int = 0,
        incoming: bool = False,
        patient: bool = False,
    ) -> T:
        """Run a unit and make it durable. `size`: bytes it carries (a queue is bounded by them).

        `incoming` units bring mail: they raise NoSpace below the reserve of free disk; others go on.
        `patient` units may wait a few milliseconds for others to share their commit: mail from other servers.
        Raises Busy past the queue's bounds or deadline; whatever the unit raises, with nothing of it done.
        """

    async def read(self, unit: ReadUnit[T]) -> T:
        """Run a read-only unit over one consistent view. Keep it short: under 200 rows at once or by chunks."""

    def has_room(self) -> bool:
        """False below the reserve of free disk: mail should be put off before its body is sent."""
