"""`report.*`: what others tell of our domains, and what we tell others."""

from typing import Any, Final

import msgspec

from mailstead.ground.formats.date import render_rfc3339
from mailstead.servers.control import report_args as a
from mailstead.servers.control import shapes
from mailstead.servers.control.answers import say_rows
from mailstead.servers.control.desk import Desk, Json, Operation, Say, Unavailable
from mailstead.services.reports.archive import Archive, ReceivedReport, ReportKind, ReportRow, SentReport, days_ago
from mailstead.services.reports.days import date_of, read_day
from mailstead.services.reports.reporter import Order, Outcome

RECEIVED: Final = "mailstead.report.v1"
SENT: Final = "mailstead.report-sent.v1"
SUMMARY: Final = "mailstead.report-summary.v1"
SENDING: Final = "mailstead.report-sending.v1"


def received_shape(report: ReceivedReport) -> dict[str, object]:
    """Of one report of others."""
    return {
        "schema": RECEIVED,
        "id": report.id,
        "kind": report.kind.value,
        "organization": report.organization,
        "report_id": report.report_id,
        "domain": report.domain,
        "begin": render_rfc3339(report.begin),
        "end": render_rfc3339(report.end),
        "received_at": render_rfc3339(report.received_at),
        "sender": report.sender,
        "verified": report.is_verified,
        "good": report.good,
        "bad": report.bad,
    }


def row_shape(row: ReportRow) -> dict[str, object]:
    """Of one of its rows."""
    return {"source": row.source, "good": row.is_good, "count": row.count, "detail": msgspec.json.decode(row.detail)}


def sent_shape(report: SentReport) -> dict[str, object]:
    """Of one report of ours."""
    return {
        "schema": SENT,
        "kind": report.key.kind.value,
        "day": date_of(report.key.day),
        "receiver": report.key.receiver,
        "domain": report.key.domain,
        "report_id": report.report_id,
        "letter": report.letter,
        "to": list(report.addresses),
        "note": report.note,
        "written_at": render_rfc3339(report.written_at),
    }


def outcome_shape(outcome: Outcome) -> dict[str, object]:
    """Of one report that was to be written."""
    return {
        "schema": SENDING,
        "kind": outcome.key.kind.value,
        "day": date_of(outcome.key.day),
        "receiver": outcome.key.receiver,
        "domain": outcome.key.domain,
        "fate": outcome.fate.value,
        "report_id": outcome.report_id,
        "to": list(outcome.addresses),
        "note": outcome.note,
    }


def _archive(desk: Desk) -> Archive:
    return Archive(desk.directory.store)


async def list_(desk: Desk, args: a.ReportList, say: Say) -> Json:
    """Of others, or with `sent` ours; the latest first."""
    since, kind = days_ago(desk.directory.clock.now(), args.days), ReportKind(args.kind)
    if args.sent:
        sent = await _archive(desk).list_sent(kind, args.domain or "", since, args.limit)
        return await say_rows(say, map(sent_shape, sent))
    received = await _archive(desk).list_received(kind, args.domain or "", since, args.limit)
    return await say_rows(say, map(received_shape, received))


async def show(desk: Desk, args: a.ReportShow, say: Say) -> Json:
    """One of others, its rows one by one."""
    archive = _archive(desk)
    report = await archive.get(args.id)
    async for row in archive.rows(report.id):
        await say({"row": row_shape(row)})
    return {**received_shape(report), "about": msgspec.json.decode(report.about)}


async def summary(desk: Desk, args: a.ReportSummary, say: Say) -> Json:
    """What all reports of some days say together."""
    since = days_ago(desk.directory.clock.now(), args.days)
    sums = await _archive(desk).summarize(ReportKind(args.kind), args.domain or "", since, args.limit)
    rows = (
        {"schema": SUMMARY, "domain": one.domain, "source": one.source, "good": one.good, "bad": one.bad}
        for one in sums
    )
    return await say_rows(say, rows)


async def send(desk: Desk, args: a.ReportSend, say: Say) -> Json:
    """Write those of a day now."""
    if desk.reporter is None:
        raise Unavailable("nobody writes reports here")
    order = Order(
        day=read_day(args.day), kind=ReportKind(args.kind) if args.kind else None, domain=args.domain or "",
        is_early=args.early, dry_run=args.dry_run,
    )  # fmt: skip
    count = 0
    async for outcome in desk.reporter.send(order):
        await say({"row": outcome_shape(outcome)})
        count += 1
    return {"schema": shapes.LIST, "count": count}


REPORT_OPERATIONS: Final[tuple[Operation[Any], ...]] = (
    Operation("report.list", a.ReportList, list_),
    Operation("report.show", a.ReportShow, show),
    Operation("report.summary", a.ReportSummary, summary),
    Operation("report.send", a.ReportSend, send),
)
