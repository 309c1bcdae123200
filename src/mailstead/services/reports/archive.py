"""Reports as an operator looks at them: those of others about our domains, and those that were written here."""

from collections.abc import AsyncIterator
from typing import Final

from mailstead.ground.model.address import canonical_domain
from mailstead.ground.model.ids import Instant
from mailstead.services.reports.days import day_of
from mailstead.store.port import ReadTx, Store
from mailstead.store.port.reports import DAY_MS, ReceivedReport, ReportKind, ReportRow, SentReport, SourceSum

__all__ = ["Archive", "ReceivedReport", "ReportKind", "ReportRow", "SentReport", "SourceSum"]

ROWS_AT_ONCE: Final = 500


class Archive:
    """Of one store."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def list_received(self, kind: ReportKind, domain: str, since: Instant, limit: int) -> list[ReceivedReport]:
        """Of one domain, or of all ("")."""
        name = canonical_domain(domain) if domain else ""

        async def unit(tx: ReadTx) -> list[ReceivedReport]:
            return await tx.reports.list_received_reports(kind, name, since, limit)

        return await self._store.read(unit)

    async def get(self, report: int) -> ReceivedReport:
        """NotFound."""

        async def unit(tx: ReadTx) -> ReceivedReport:
            return await tx.reports.get_received_report(report)

        return await self._store.read(unit)

    async def rows(self, report: int) -> AsyncIterator[ReportRow]:
        """All of a report."""
        after = -1
        while True:

            async def unit(tx: ReadTx, after: int = after) -> list[ReportRow]:
                return await tx.reports.list_report_rows(report, after, ROWS_AT_ONCE)

            rows = await self._store.read(unit)
            for row in rows:
                yield row
            if len(rows) < ROWS_AT_ONCE:
                return
            after += len(rows)

    async def summarize(self, kind: ReportKind, domain: str, since: Instant, limit: int) -> list[SourceSum]:
        """Who sends in the name of a domain, the largest first; of TLS, under which policies."""
        name = canonical_domain(domain) if domain else ""

        async def unit(tx: ReadTx) -> list[SourceSum]:
            return await tx.reports.sum_sources(kind, name, since, limit)

        return await self._store.read(unit)

    async def list_sent(self, kind: ReportKind, domain: str, since: Instant, limit: int) -> list[SentReport]:
        """Also those that nobody wanted."""
        name = canonical_domain(domain) if domain else ""

        async def unit(tx: ReadTx) -> list[SentReport]:
            return await tx.reports.list_sent_reports(kind, day_of(since), limit)

        return [one for one in await self._store.read(unit) if name in ("", one.key.domain, one.key.receiver)]


def days_ago(now: Instant, days: int) -> Instant:
    """So many days before."""
    return Instant(max(0, now - days * DAY_MS))
