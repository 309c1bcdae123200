"""`report.*` over the control socket: reports of others, ours, and those to be written."""

from typing import Any

from mailstead.ground.model.ids import Instant
from mailstead.servers.control.desk import Desk
from mailstead.services.reports.reporter import Fate, Order, Outcome
from mailstead.store.port.reports import DAY_MS, ReceivedReport, ReportKey, ReportKind, ReportRow, SentReport
from tests.support.fake_clock import START_MS
from tests.unit.servers.control.conftest import Admin

TODAY = START_MS // DAY_MS
NOW = Instant(START_MS)
KEY = ReportKey(ReportKind.DMARC, TODAY, "example.com", "they.test")


class Reporter:
    """Remembers what it is told to write."""

    def __init__(self) -> None:
        self.orders: list[Order] = []

    async def send(self, order: Order) -> Any:
        self.orders.append(order)
        yield Outcome(KEY, Fate.WRITTEN, "1@example.com", ("a@they.test",))


async def fill(desk: Desk) -> None:
    report = ReceivedReport(
        id=7, kind=ReportKind.DMARC, organization="They", report_id="1", domain="example.com", begin=NOW, end=NOW,
        received_at=NOW, sender="they.test", is_verified=True, good=3, bad=0, about=b'{"error":""}',
    )  # fmt: skip
    sent = SentReport(key=KEY, report_id="1@example.com", letter=5, addresses=("a@they.test",), written_at=NOW)
    rows = [ReportRow("192.0.2.1", is_good=True, count=3, detail=b'{"header_from":"example.com"}')]
    store = desk.directory.store
    await store.write(lambda tx: tx.reports.put_report_rows(7, 0, rows))
    await store.write(lambda tx: tx.reports.put_received_report(report))
    await store.write(lambda tx: tx.reports.put_sent_report(sent))


async def test_reports_of_others_and_ours(desk: Desk, admin: Admin) -> None:
    await fill(desk)
    assert (await admin.ask("report.list", domain="EXAMPLE.com"))["count"] == 1
    assert (admin.news[0]["organization"], admin.news[0]["verified"]) == ("They", True)
    assert (await admin.ask("report.list", kind="tls"))["count"] == 0
    shown = await admin.ask("report.show", id=7)
    assert (shown["good"], shown["about"]) == (3, {"error": ""})
    assert admin.news == [{"source": "192.0.2.1", "good": True, "count": 3, "detail": {"header_from": "example.com"}}]
    assert await admin.ask("report.show", id=8) == "not_found"
    assert (await admin.ask("report.summary"))["count"] == 1
    assert (admin.news[0]["source"], admin.news[0]["good"]) == ("192.0.2.1", 3)
    assert (await admin.ask("report.list", sent=True, domain="they.test"))["count"] == 1
    assert (admin.news[0]["letter"], admin.news[0]["to"]) == (5, ["a@they.test"])
    assert (await admin.ask("report.list", sent=True, domain="other.test"))["count"] == 0


async def test_those_to_be_written(desk: Desk, admin: Admin) -> None:
    assert await admin.ask("report.send", day="2027-01-15") == "unavailable"
    reporter = Reporter()
    object.__setattr__(desk, "reporter", reporter)
    assert await admin.ask("report.send", day="2027-02-30") == "invalid"
    assert (await admin.ask("report.send", day="2027-01-15", kind="dmarc", dry_run=True))["count"] == 1
    assert reporter.orders == [Order(day=TODAY, kind=ReportKind.DMARC, dry_run=True)]
    assert (admin.news[0]["fate"], admin.news[0]["day"]) == ("written", "2027-01-15")
