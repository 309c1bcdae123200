"""What is counted for reports, which were written, and those of others."""

from dataclasses import replace

import pytest

from mailstead.ground.formats.feedback.aggregate import Counted
from mailstead.ground.model.errors import NotFound
from mailstead.ground.model.ids import AccountId, Instant, ModSeq
from mailstead.store.port.reports import (
    DmarcCount,
    DmarcPolicy,
    ReceivedReport,
    ReportKey,
    ReportKind,
    ReportRow,
    SentReport,
    SourceSum,
)
from tests.support.aggregate import BAD, GOOD, PUBLISHED
from tests.support.stores import AnyStore

DAY = 20_600
NOW = Instant(DAY * 86_400_000)
POLICY = DmarcPolicy(DAY, PUBLISHED, ("a@example.com",))
KEY = ReportKey(ReportKind.DMARC, DAY, "us.test", "example.com")
RECEIVED = ReceivedReport(
    id=7, kind=ReportKind.DMARC, organization="They", report_id="1", domain="us.test", begin=NOW, end=NOW,
    received_at=NOW, sender="they.test", is_verified=True, good=3, bad=1, about=b"{}",
)  # fmt: skip


def count(record=GOOD, letters: int = 1, receiver: str = "us.test") -> DmarcCount:
    return DmarcCount(DAY, receiver, "example.com", record, letters)


async def test_letters_add_up(store: AnyStore) -> None:
    newer = replace(POLICY, published=replace(PUBLISHED, policy="none"))
    await store.write(
        lambda tx: tx.reports.add_dmarc_counts([POLICY], [count(), count(BAD, 2), count(receiver="b.test")])
    )
    await store.write(lambda tx: tx.reports.add_dmarc_counts([newer], [count(letters=5)]))
    assert await store.read(lambda tx: tx.reports.find_dmarc_policy(DAY, "example.com")) == newer
    assert await store.read(lambda tx: tx.reports.find_dmarc_policy(DAY, "other.test")) is None
    pairs = [("b.test", "example.com"), ("us.test", "example.com")]
    assert await store.read(lambda tx: tx.reports.list_dmarc_domains(DAY)) == pairs
    assert await store.read(lambda tx: tx.reports.list_dmarc_domains(DAY, pairs[0])) == pairs[1:]
    rows = await store.read(lambda tx: tx.reports.list_dmarc_counts(DAY, "us.test", "example.com"))
    assert {one.record: one.letters for _, one in rows} == {GOOD: 6, BAD: 2}
    (mark, _), last = rows
    further = await store.read(lambda tx: tx.reports.list_dmarc_counts(DAY, "us.test", "example.com", mark))
    assert further == [last]
    assert isinstance(last[1], Counted)


async def test_a_report_is_written_once(store: AnyStore) -> None:
    sent = SentReport(key=KEY, report_id="1@us.test", letter=5, addresses=("a@example.com",), written_at=NOW)
    assert await store.write(lambda tx: tx.reports.put_sent_report(sent))
    assert not await store.write(lambda tx: tx.reports.put_sent_report(replace(sent, letter=6)))
    assert await store.read(lambda tx: tx.reports.find_sent_report(KEY)) == sent
    unwanted = replace(sent, key=replace(KEY, kind=ReportKind.TLS), letter=None, addresses=(), note="nobody")
    await store.write(lambda tx: tx.reports.put_sent_report(unwanted))
    assert await store.read(lambda tx: tx.reports.find_sent_report(unwanted.key)) == unwanted
    assert await store.read(lambda tx: tx.reports.list_sent_reports(ReportKind.DMARC, DAY)) == [sent]
    assert await store.read(lambda tx: tx.reports.list_sent_reports(ReportKind.DMARC, DAY + 1)) == []


async def test_failure_reports_have_a_limit(store: AnyStore) -> None:
    async def one(limit: int, domain: str = "example.com") -> bool:
        return await store.write(lambda tx: tx.reports.count_failure_report(DAY, "us.test", domain, limit))

    assert [await one(2) for _ in range(3)] == [True, True, False]
    assert [await one(2, "b.test"), await one(0, "c.test")] == [True, False]


async def test_reports_of_others(store: AnyStore) -> None:
    rows = [ReportRow("192.0.2.1", True, 3, b'{"a":1}'), ReportRow("192.0.2.2", False, 1, b"{}")]

    async def take(report: ReceivedReport) -> bool:
        await store.write(lambda tx: tx.reports.put_report_rows(report.id, 0, rows))
        return await store.write(lambda tx: tx.reports.put_received_report(report))

    assert await take(RECEIVED)
    assert not await take(replace(RECEIVED, id=8))  # the same once more
    later = replace(RECEIVED, id=9, report_id="2", domain="b.test", received_at=Instant(NOW + 1))
    assert await take(later)
    assert await store.read(lambda tx: tx.reports.get_received_report(7)) == RECEIVED
    with pytest.raises(NotFound):
        await store.read(lambda tx: tx.reports.get_received_report(8))
    names = (ReportKind.DMARC, "us.test", "They", "1")
    assert await store.read(lambda tx: tx.reports.has_received_report(*names))
    assert not await store.read(lambda tx: tx.reports.has_received_report(*names[:3], "2"))
    assert await store.read(lambda tx: tx.reports.list_report_rows(7)) == rows
    assert await store.read(lambda tx: tx.reports.list_report_rows(7, 0)) == rows[1:]
    for domain, is_verified, count in (("us.test", True, 1), ("us.test", False, 0), ("test", True, 2)):
        found = await store.read(
            lambda tx, domain=domain, is_verified=is_verified: tx.reports.count_received_reports(
                domain, NOW, is_verified=is_verified
            )
        )
        assert found == count
    listed = await store.read(lambda tx: tx.reports.list_received_reports(ReportKind.DMARC, "", NOW))
    assert [one.id for one in listed] == [9, 7]
    listed = await store.read(lambda tx: tx.reports.list_received_reports(ReportKind.DMARC, "us.test", NOW))
    assert listed == [RECEIVED]
    sums = await store.read(lambda tx: tx.reports.sum_sources(ReportKind.DMARC, "", NOW))
    assert sums == [
        SourceSum("b.test", "192.0.2.1", 3, 0), SourceSum("us.test", "192.0.2.1", 3, 0),
        SourceSum("b.test", "192.0.2.2", 0, 1), SourceSum("us.test", "192.0.2.2", 0, 1),
    ]  # fmt: skip
    assert len(await store.read(lambda tx: tx.reports.sum_sources(ReportKind.DMARC, "us.test", NOW))) == 2
    assert await store.read(lambda tx: tx.reports.sum_sources(ReportKind.TLS, "", NOW)) == []


async def test_how_far_an_account_was_read(store: AnyStore) -> None:
    account = AccountId(5)
    assert await store.read(lambda tx: tx.reports.find_report_cursor(account)) == 0
    for modseq in (3, 9):
        await store.write(lambda tx, modseq=modseq: tx.reports.put_report_cursor(account, ModSeq(modseq)))
        assert await store.read(lambda tx: tx.reports.find_report_cursor(account)) == modseq


async def test_what_is_old_goes(store: AnyStore) -> None:
    old = DmarcPolicy(DAY - 1, PUBLISHED, ())
    counts = [replace(count(), day=DAY - 1), replace(count(BAD), day=DAY - 1), count()]
    await store.write(lambda tx: tx.reports.add_dmarc_counts([old, POLICY], counts))
    await store.write(lambda tx: tx.reports.count_failure_report(DAY - 1, "us.test", "example.com", 5))
    for day, letter in ((DAY - 1, 5), (DAY - 2, 5), (DAY - 1, None)):
        key = replace(KEY, day=day, domain=f"d{letter}.test")
        sent = SentReport(key=key, report_id="1", letter=letter, addresses=(), written_at=NOW)
        await store.write(lambda tx, sent=sent: tx.reports.put_sent_report(sent))
    row = ReportRow("192.0.2.1", True, 3, b"{}")
    for report in (replace(RECEIVED, received_at=Instant(NOW - 1)), replace(RECEIVED, id=8, report_id="2")):
        await store.write(lambda tx, report=report: tx.reports.put_report_rows(report.id, 0, [row] * 3))
        await store.write(lambda tx, report=report: tx.reports.put_received_report(report))
    for stray in (9, 10):  # whose reports never came, or not yet
        await store.write(lambda tx, stray=stray: tx.reports.put_report_rows(stray, 0, [row]))

    async def forget() -> int:
        return await store.write(
            lambda tx: tx.reports.forget_reports(
                counted_before=DAY, sent_before=DAY - 1, received_before=NOW, strays_before=10, limit=2
            )
        )

    steps = 0
    while await forget():
        steps += 1
        assert steps < 20
    assert await store.read(lambda tx: tx.reports.list_dmarc_domains(DAY - 1)) == []
    assert await store.read(lambda tx: tx.reports.list_dmarc_domains(DAY)) == [("us.test", "example.com")]
    left = await store.read(lambda tx: tx.reports.list_sent_reports(ReportKind.DMARC, 0))
    assert [(one.key.day, one.letter) for one in left] == [(DAY - 1, 5)]
    listed = await store.read(lambda tx: tx.reports.list_received_reports(ReportKind.DMARC, "", Instant(0)))
    assert [one.id for one in listed] == [8]
    assert [len(await store.read(lambda tx, one=one: tx.reports.list_report_rows(one))) for one in (7, 8, 9)] == [
        0,
        3,
        0,
    ]
