"""What is counted for our reports, and which of them were written."""

import hashlib
from collections.abc import Sequence
from typing import Final

import msgspec

from mailstead.ground.formats.feedback.aggregate import Counted, Published, Record
from mailstead.ground.model.ids import Instant
from mailstead.store.port.reports import DmarcCount, DmarcPolicy, ReportKey, ReportKind, SentReport
from mailstead.store.sql.reports_received import SqlReceivedReports
from mailstead.store.sql.session import Row

DOMAINS: Final = """
    SELECT DISTINCT receiver, domain FROM dmarc_count
     WHERE day = :day AND (receiver, domain) > (:receiver, :domain) ORDER BY receiver, domain LIMIT :limit"""

FIND_POLICY: Final = "SELECT published, addresses FROM dmarc_published WHERE day = :day AND domain = :domain"

COUNTS: Final = """
    SELECT digest, record, letters FROM dmarc_count
     WHERE day = :day AND receiver = :receiver AND domain = :domain AND digest > :after ORDER BY digest LIMIT :limit"""

KEEP_POLICY: Final = """
    INSERT INTO dmarc_published (day, domain, published, addresses) VALUES (:day, :domain, :published, :addresses)
        ON CONFLICT (day, domain) DO UPDATE SET published = excluded.published, addresses = excluded.addresses"""

ADD_COUNT: Final = """
    INSERT INTO dmarc_count (day, receiver, domain, digest, record, letters)
    VALUES (:day, :receiver, :domain, :digest, :record, :letters)
        ON CONFLICT (day, receiver, domain, digest) DO UPDATE SET letters = dmarc_count.letters + excluded.letters"""

FIND_SENT: Final = """
    SELECT kind, day, receiver, domain, report_id, letter_id, addresses, note, written_at FROM report_sent
     WHERE kind = :kind AND day = :day AND receiver = :receiver AND domain = :domain"""

LIST_SENT: Final = """
    SELECT kind, day, receiver, domain, report_id, letter_id, addresses, note, written_at FROM report_sent
     WHERE kind = :kind AND day >= :since ORDER BY day DESC, receiver, domain LIMIT :limit"""

PUT_SENT: Final = """
    INSERT INTO report_sent (kind, day, receiver, domain, report_id, letter_id, addresses, note, written_at)
    VALUES (:kind, :day, :receiver, :domain, :report_id, :letter, :addresses, :note, :written_at)
        ON CONFLICT (kind, day, receiver, domain) DO NOTHING
 RETURNING day"""

COUNT_FAILURE: Final = """
    INSERT INTO failure_count (day, receiver, domain, reports) VALUES (:day, :receiver, :domain, 1)
        ON CONFLICT (day, receiver, domain) DO UPDATE SET reports = failure_count.reports + 1
     WHERE failure_count.reports < :limit
 RETURNING reports"""

FORGET_COUNTS: Final = """
    DELETE FROM dmarc_count WHERE (day, receiver, domain, digest) IN (
           SELECT c.day, c.receiver, c.domain, c.digest FROM dmarc_count c WHERE c.day < :before
            ORDER BY c.day LIMIT :limit)"""

FORGET_POLICIES: Final = """
    DELETE FROM dmarc_published WHERE (day, domain) IN (
           SELECT p.day, p.domain FROM dmarc_published p WHERE p.day < :before ORDER BY p.day LIMIT :limit)"""

FORGET_FAILURES: Final = """
    DELETE FROM failure_count WHERE (day, receiver, domain) IN (
           SELECT f.day, f.receiver, f.domain FROM failure_count f WHERE f.day < :before ORDER BY f.day LIMIT :limit)"""

FORGET_SENT: Final = """
    DELETE FROM report_sent WHERE (kind, day, receiver, domain) IN (
           SELECT s.kind, s.day, s.receiver, s.domain FROM report_sent s WHERE s.day < :before LIMIT :limit)"""

FORGET_UNWANTED: Final = """
    DELETE FROM report_sent WHERE (kind, day, receiver, domain) IN (
           SELECT s.kind, s.day, s.receiver, s.domain FROM report_sent s
            WHERE s.letter_id IS NULL AND s.day < :before LIMIT :limit)"""

_records: Final = msgspec.json.Decoder(Record)
_published: Final = msgspec.json.Decoder(Published)
_words: Final = msgspec.json.Decoder(tuple[str, ...])


class SqlReports(SqlReceivedReports):
    """See the port."""

    async def list_dmarc_domains(
        self, day: int, after: tuple[str, str] = ("", ""), limit: int = 500
    ) -> list[tuple[str, str]]:
        """From the key."""
        values = {"day": day, "receiver": after[0], "domain": after[1], "limit": limit}
        return [(receiver, domain) for receiver, domain in await self._session.rows(DOMAINS, values)]

    async def find_dmarc_policy(self, day: int, domain: str) -> DmarcPolicy | None:
        """By the key."""
        row = await self._session.row(FIND_POLICY, {"day": day, "domain": domain})
        return DmarcPolicy(day, _published.decode(row[0]), _words.decode(row[1])) if row else None

    async def list_dmarc_counts(
        self, day: int, receiver: str, domain: str, after: str = "", limit: int = 500
    ) -> list[tuple[str, Counted]]:
        """One range of the key."""
        values = {"day": day, "receiver": receiver, "domain": domain, "after": after, "limit": limit}
        return [
            (digest, Counted(_records.decode(text), letters))
            for digest, text, letters in await self._session.rows(COUNTS, values)
        ]

    async def add_dmarc_counts(self, policies: Sequence[DmarcPolicy], counts: Sequence[DmarcCount]) -> None:
        """In the order of the keys, so that two workers cannot wait for each other."""
        kept = {(one.day, one.published.domain): one for one in policies}
        await self._session.run_many(KEEP_POLICY, [_policy_values(kept[key]) for key in sorted(kept)])
        rows = [_count_values(one) for one in counts]
        rows.sort(key=lambda row: (row["day"], row["receiver"], row["domain"], row["digest"]))
        await self._session.run_many(ADD_COUNT, rows)

    async def find_sent_report(self, key: ReportKey) -> SentReport | None:
        """By the key."""
        row = await self._session.row(FIND_SENT, _key_values(key))
        return _sent_of(row) if row else None

    async def list_sent_reports(self, kind: ReportKind, since_day: int, limit: int = 500) -> list[SentReport]:
        """One range of the key."""
        values = {"kind": kind.value, "since": since_day, "limit": limit}
        return [_sent_of(row) for row in await self._session.rows(LIST_SENT, values)]

    async def put_sent_report(self, report: SentReport) -> bool:
        """One statement."""
        values = _key_values(report.key) | {
            "report_id": report.report_id, "letter": report.letter, "note": report.note,
            "addresses": msgspec.json.encode(report.addresses).decode(), "written_at": report.written_at,
        }  # fmt: skip
        return await self._session.row(PUT_SENT, values) is not None

    async def count_failure_report(self, day: int, receiver: str, domain: str, limit: int) -> bool:
        """One statement: exact over all workers and nodes."""
        values = {"day": day, "receiver": receiver, "domain": domain, "limit": limit}
        return limit > 0 and await self._session.row(COUNT_FAILURE, values) is not None

    async def forget_reports(
        self, *, counted_before: int, sent_before: int, received_before: Instant, strays_before: int, limit: int
    ) -> int:
        """One table after the other."""
        gone = 0
        for text, before in (
            (FORGET_COUNTS, counted_before), (FORGET_POLICIES, counted_before), (FORGET_FAILURES, counted_before),
            (FORGET_UNWANTED, counted_before), (FORGET_SENT, sent_before),
        ):  # fmt: skip
            if gone < limit:
                gone += await self._session.run(text, {"before": before, "limit": limit - gone})
        if gone < limit:
            gone += await self._forget_received(received_before, strays_before, limit - gone)
        return gone


def _policy_values(policy: DmarcPolicy) -> dict[str, object]:
    return {
        "day": policy.day, "domain": policy.published.domain,
        "published": msgspec.json.encode(policy.published).decode(),
        "addresses": msgspec.json.encode(policy.addresses).decode(),
    }  # fmt: skip


def _count_values(count: DmarcCount) -> dict[str, object]:
    record = msgspec.json.encode(count.record)
    return {
        "day": count.day, "receiver": count.receiver, "domain": count.domain,
        "digest": hashlib.sha256(record).hexdigest(), "record": record.decode(), "letters": count.letters,
    }  # fmt: skip


def _key_values(key: ReportKey) -> dict[str, object]:
    return {"kind": key.kind.value, "day": key.day, "receiver": key.receiver, "domain": key.domain}


def _sent_of(row: Row) -> SentReport:
    kind, day, receiver, domain, report_id, letter, addresses, note, written_at = row
    return SentReport(
        key=ReportKey(ReportKind(kind), day, receiver, domain), report_id=report_id, letter=letter,
        addresses=_words.decode(addresses), note=note, written_at=written_at,
    )  # fmt: skip
