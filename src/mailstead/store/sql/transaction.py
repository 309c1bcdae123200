"""A unit's hand on the store: the aggregates over one session, made when first asked for and kept.

`SqlTx` also gathers what has to happen after the commit: wakes for the bus, files that turned out to be doubles.
"""

from functools import cached_property

from mailstead.ground.model.change import Change, Wake
from mailstead.ground.model.ids import AccountId, BlobId, Instant, ModSeq
from mailstead.store.sql.accounts import advance, modseq
from mailstead.store.sql.audit import SqlAudit
from mailstead.store.sql.blobs import SqlBlobWrites
from mailstead.store.sql.blocks import SqlBlocks
from mailstead.store.sql.changes import insert_change, list_changes, oldest_change
from mailstead.store.sql.credentials import SqlCredentials
from mailstead.store.sql.directory import SqlDirectory
from mailstead.store.sql.duties import SqlDuties
from mailstead.store.sql.finding import SqlFinding
from mailstead.store.sql.folders import SqlFolders
from mailstead.store.sql.forwarded import SqlForwarded
from mailstead.store.sql.greylist import SqlGreylist
from mailstead.store.sql.guards import SqlGuards
from mailstead.store.sql.hooks import SqlHooks
from mailstead.store.sql.learning import SqlLearning
from mailstead.store.sql.limits import SqlLimits
from mailstead.store.sql.messages import SqlMessages
from mailstead.store.sql.metadata import SqlMetadata
from mailstead.store.sql.placements import SqlPlacements
from mailstead.store.sql.policies import SqlPolicies
from mailstead.store.sql.quarantine import SqlQuarantine
from mailstead.store.sql.quotas import SqlQuotas
from mailstead.store.sql.receipts import SqlReceipts
from mailstead.store.sql.reports import SqlReports
from mailstead.store.sql.routes import SqlRoutes
from mailstead.store.sql.second_factors import SqlSecondFactors
from mailstead.store.sql.session import Session
from mailstead.store.sql.signing import SqlSigning
from mailstead.store.sql.spool import SqlSpool
from mailstead.store.sql.trails import SqlTrails
from mailstead.store.sql.trust import SqlTrust


class SqlReadTx:
    """One consistent view."""

    def __init__(self, session: Session) -> None:
        self.session = session

    @cached_property
    def directory(self) -> SqlDirectory:
        return SqlDirectory(self.session)

    @cached_property
    def credentials(self) -> SqlCredentials:
        return SqlCredentials(self.session)

    @cached_property
    def folders(self) -> SqlFolders:
        return SqlFolders(self.session)

    @cached_property
    def placements(self) -> SqlPlacements:
        return SqlPlacements(self.session)

    @cached_property
    def messages(self) -> SqlMessages:
        return SqlMessages(self.session)

    @cached_property
    def duties(self) -> SqlDuties:
        return SqlDuties(self.session)

    @cached_property
    def metadata(self) -> SqlMetadata:
        return SqlMetadata(self.session)

    @cached_property
    def quotas(self) -> SqlQuotas:
        return SqlQuotas(self.session)

    @cached_property
    def finding(self) -> SqlFinding:
        return SqlFinding(self.session)

    @cached_property
    def spool(self) -> SqlSpool:
        return SqlSpool(self.session)

    @cached_property
    def signing(self) -> SqlSigning:
        return SqlSigning(self.session)

    @cached_property
    def trust(self) -> SqlTrust:
        return SqlTrust(self.session)

    @cached_property
    def guards(self) -> SqlGuards:
        return SqlGuards(self.session)

    @cached_property
    def routes(self) -> SqlRoutes:
        return SqlRoutes(self.session)

    @cached_property
    def forwarded(self) -> SqlForwarded:
        return SqlForwarded(self.session)

    @cached_property
    def learning(self) -> SqlLearning:
        return SqlLearning(self.session)

    @cached_property
    def policies(self) -> SqlPolicies:
        return SqlPolicies(self.session)

    @cached_property
    def audit(self) -> SqlAudit:
        return SqlAudit(self.session)

    @cached_property
    def hooks(self) -> SqlHooks:
        return SqlHooks(self.session)

    @cached_property
    def blocks(self) -> SqlBlocks:
        return SqlBlocks(self.session)

    @cached_property
    def reports(self) -> SqlReports:
        return SqlReports(self.session)

    @cached_property
    def trails(self) -> SqlTrails:
        return SqlTrails(self.session)

    @cached_property
    def limits(self) -> SqlLimits:
        return SqlLimits(self.session)

    @cached_property
    def greylist(self) -> SqlGreylist:
        return SqlGreylist(self.session)

    @cached_property
    def quarantine(self) -> SqlQuarantine:
        return SqlQuarantine(self.session)

    @cached_property
    def second_factors(self) -> SqlSecondFactors:
        return SqlSecondFactors(self.session)

    async def modseq(self, account: AccountId) -> ModSeq:
        """The account's counter as of this view; NotFound."""
        return await modseq(self.session, account)

    async def changes(self, account: AccountId, after: ModSeq, limit: int = 1000) -> list[Change]:
        """Events of an account past `after`, in order."""
        return await list_changes(self.session, account, after, limit)

    async def oldest_change(self, account: AccountId) -> ModSeq:
        """Events up to and including this modseq may be gone."""
        return await oldest_change(self.session, account)


class SqlTx(SqlReadTx):
    """One unit at a time; on SQLite the same object serves them all, its lists are cut back when a unit fails."""

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self.wakes: list[Wake] = []
        self.doubles: list[BlobId] = []

    @cached_property
    def blobs(self) -> SqlBlobWrites:
        return SqlBlobWrites(self.session, self.doubles.append)

    @cached_property
    def receipts(self) -> SqlReceipts:
        return SqlReceipts(self.session)

    async def advance(self, *accounts: AccountId) -> dict[AccountId, ModSeq]:
        """Lock these accounts in ascending id and give each its next modseq; NotFound."""
        return await advance(self.session, *accounts)

    async def change(self, change: Change, now: Instant) -> None:
        """Record an event and remember whom to wake."""
        await insert_change(self.session, change, now)
        self.wakes.append(Wake(change.account_id, change.modseq, (change,)))
