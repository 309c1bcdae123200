"""Reports that others sent, their rows, and how far the accounts that get them were read."""

from collections.abc import Sequence
from typing import Final

from mailstead.ground.model.errors import NotFound
from mailstead.ground.model.ids import AccountId, Instant, ModSeq
from mailstead.store.port.reports import ReceivedReport, ReportKind, ReportRow, SourceSum
from mailstead.store.sql.session import Row, Session

CURSOR: Final = "SELECT modseq FROM report_cursor WHERE account_id = :account"

PUT_CURSOR: Final = """
    INSERT INTO report_cursor (account_id, modseq) VALUES (:account, :modseq)
        ON CONFLICT (account_id) DO UPDATE SET modseq = excluded.modseq"""

HAS: Final = """
    SELECT id FROM report_received
     WHERE kind = :kind AND domain = :domain AND organization = :organization AND report_id = :report_id"""

COUNT: Final = """
    SELECT COUNT(*) FROM report_received
     WHERE received_at >= :since AND (domain = :domain OR domain LIKE :below) AND is_verified = :is_verified"""

_COLUMNS: Final = """
    SELECT id, kind, organization, report_id, domain, begin_at, end_at, received_at, sender, is_verified, good, bad,
           about
      FROM report_received"""

LIST: Final = f"""{_COLUMNS}
     WHERE kind = :kind AND received_at >= :since AND (:domain = '' OR domain = :domain)
     ORDER BY received_at DESC, id DESC LIMIT :limit"""

GET: Final = f"{_COLUMNS} WHERE id = :id"

PUT: Final = """
    INSERT INTO report_received (id, kind, organization, report_id, domain, begin_at, end_at, received_at, sender,
                                 is_verified, good, bad, about)
    VALUES (:id, :kind, :organization, :report_id, :domain, :begin_at, :end_at, :received_at, :sender, :is_verified,
            :good, :bad, :about)
        ON CONFLICT (kind, domain, organization, report_id) DO NOTHING
 RETURNING id"""

ROWS: Final = """
    SELECT source, is_good, count, detail FROM report_row
     WHERE report = :report AND number > :after ORDER BY number LIMIT :limit"""

PUT_ROW: Final = """
    INSERT INTO report_row (report, number, source, is_good, count, detail)
    VALUES (:report, :number, :source, :is_good, :count, :detail)"""

SUMS: Final = """
    SELECT r.domain, w.source, SUM(CASE WHEN w.is_good = 1 THEN w.count ELSE 0 END),
           SUM(CASE WHEN w.is_good = 1 THEN 0 ELSE w.count END)
      FROM report_received r JOIN report_row w ON w.report = r.id
     WHERE r.kind = :kind AND r.end_at >= :since AND (:domain = '' OR r.domain = :domain)
     GROUP BY r.domain, w.source ORDER BY SUM(w.count) DESC, r.domain, w.source LIMIT :limit"""

OLD: Final = "SELECT id FROM report_received WHERE received_at < :before ORDER BY received_at LIMIT 1"

DROP_ROWS: Final = """
    DELETE FROM report_row
     WHERE report = :report AND number IN (
           SELECT w.number FROM report_row w WHERE w.report = :report ORDER BY w.number LIMIT :limit)"""

DROP: Final = "DELETE FROM report_received WHERE id = :report"

STRAYS: Final = """
    SELECT w.report FROM report_row w
     WHERE w.report < :before AND w.number = 0 AND NOT EXISTS (SELECT 1 FROM report_received r WHERE r.id = w.report)
     ORDER BY w.report LIMIT 1"""

DROP_CURSORS: Final = """
    DELETE FROM report_cursor
     WHERE NOT EXISTS (SELECT 1 FROM account a WHERE a.id = report_cursor.account_id)"""


class SqlReceivedReports:
    """The part of the port that is about reports of others."""

    def __init__(self, session: Session) -> None:
        self._session = session

    async def find_report_cursor(self, account: AccountId) -> ModSeq:
        """By the key."""
        row = await self._session.row(CURSOR, {"account": account})
        return ModSeq(row[0] if row else 0)

    async def put_report_cursor(self, account: AccountId, modseq: ModSeq) -> None:
        """One statement."""
        await self._session.run(PUT_CURSOR, {"account": account, "modseq": modseq})

    async def has_received_report(self, kind: ReportKind, domain: str, organization: str, report_id: str) -> bool:
        """By the key of its names."""
        values = {"kind": kind.value, "domain": domain, "organization": organization, "report_id": report_id}
        return await self._session.row(HAS, values) is not None

    async def count_received_reports(self, domain: str, since: Instant, *, is_verified: bool) -> int:
        """By the index over their arrival."""
        values = {"domain": domain, "below": f"%.{domain}", "since": since, "is_verified": int(is_verified)}
        row = await self._session.row(COUNT, values)
        return int(row[0]) if row is not None else 0

    async def list_received_reports(
        self,
        kind: ReportKind,
        domain: str,
        since: Instant,
        limit: int = 500,
    ) -> list[ReceivedReport]:
        """By the index over their arrival."""
        values = {"kind": kind.value, "domain": domain, "since": since, "limit": limit}
        return [_received_of(row) for row in await self._session.rows(LIST, values)]

    async def get_received_report(self, report: int) -> ReceivedReport:
        """By the key."""
        row = await self._session.row(GET, {"id": report})
        if row is None:
            raise NotFound(f"there is no report {report}")
        return _received_of(row)

    async def list_report_rows(self, report: int, after: int = -1, limit: int = 500) -> list[ReportRow]:
        """One range of the key."""
        rows = await self._session.rows(ROWS, {"report": report, "after": after, "limit": limit})
        return [ReportRow(source, bool(is_good), count, detail.encode()) for source, is_good, count, detail in rows]

    async def sum_sources(self, kind: ReportKind, domain: str, since: Instant, limit: int = 500) -> list[SourceSum]:
        """Over all rows of these reports."""
        values = {"kind": kind.value, "domain": domain, "since": since, "limit": limit}
        return [
            SourceSum(name, source, int(good), int(bad))
            for name, source, good, bad in await self._session.rows(SUMS, values)
        ]

    async def put_report_rows(self, report: int, first: int, rows: Sequence[ReportRow]) -> None:
        """In their order."""
        await self._session.run_many(
            PUT_ROW,
            [
                {
                    "report": report, "number": number, "source": row.source, "is_good": int(row.is_good),
                    "count": row.count, "detail": row.detail.decode(),
                }
                for number, row in enumerate(rows, first)
            ],
        )  # fmt: skip

    async def put_received_report(self, report: ReceivedReport) -> bool:
        """One statement."""
        values = {
            "id": report.id, "kind": report.kind.value, "organization": report.organization,
            "report_id": report.report_id, "domain": report.domain, "begin_at": report.begin, "end_at": report.end,
            "received_at": report.received_at, "sender": report.sender, "is_verified": int(report.is_verified),
            "good": report.good, "bad": report.bad, "about": report.about.decode(),
        }  # fmt: skip
        return await self._session.row(PUT, values) is not None

    async def _forget_received(self, before: Instant, strays_before: int, limit: int) -> int:
        """One old report or one that was never finished a step, its rows first."""
        row = await self._session.row(OLD, {"before": before})
        if row is None:
            row = await self._session.row(STRAYS, {"before": strays_before})
        if row is None:
            await self._session.run(DROP_CURSORS)
            return 0
        gone = await self._session.run(DROP_ROWS, {"report": row[0], "limit": limit})
        if gone < limit:
            gone += 1 + await self._session.run(DROP, {"report": row[0]})
        return gone


def _received_of(row: Row) -> ReceivedReport:
    (number, kind, organization, report_id, domain, begin, end, received_at, sender, is_verified, good, bad, about) = (
        row
    )
    return ReceivedReport(
        id=number, kind=ReportKind(kind), organization=organization, report_id=report_id, domain=domain, begin=begin,
        end=end, received_at=received_at, sender=sender, is_verified=bool(is_verified), good=good, bad=bad,
        about=about.encode(),
    )  # fmt: skip
