"""Notices of others."""

from mailstead.ground.formats.dsn.letter import Original
from mailstead.ground.formats.dsn.reading import REPORT_PARTS_MAX, parse_notice
from mailstead.ground.formats.dsn.report import Action, Entry, Typed
from mailstead.ground.formats.dsn.status import ENTRIES_MAX, parse_status
from tests.support.notices import AT, HEADER, entry, report, write

OTHERS = b"""From: MAILER-DAEMON@example.org
Content-Type: multipart/report; report-type=delivery-status; boundary=b

--b

Sorry.
--b
Content-Type: message/delivery-status

Reporting-MTA: dns;mx.example.org
Arrival-Date: Fri, 20 Nov 2026 11:00:00 +0100 (CET)

Original-Recipient: rfc822;<Bob@example.org>
final-recipient: RFC822; <bob@home.example>
Action: Failed (no such user)
Status: 5.1.1 (bad destination mailbox)
Diagnostic-Code: smtp;550 no
 such user
Remote-MTA: mx.home.example

Final-Recipient: rfc822;eve@example.org
Action: delayed
Status: nonsense

Final-Recipient: rfc822;no@example.org
Action: pondered
--b
Content-Type: text/rfc822-headers

Subject: x
Message-ID: <1@a.example>

--b--
"""


def test_others_write_it_as_they_like() -> None:
    notice = parse_notice(OTHERS)
    assert notice is not None
    assert notice.report.reporting_mta == Typed("dns", "mx.example.org")
    assert notice.report.arrival == AT
    assert notice.report.entries == (
        Entry(
            original=Typed("rfc822", "Bob@example.org"),
            final=Typed("rfc822", "bob@home.example"),
            action=Action.FAILED,
            status="5.1.1",
            diagnostic=Typed("smtp", "550 no such user"),
            remote_mta=Typed("dns", "mx.home.example"),
        ),
        Entry(final=Typed("rfc822", "eve@example.org"), action=Action.DELAYED, status=""),
    )
    assert notice.message_id == "1@a.example"


def test_our_own_is_read_back() -> None:
    about = report(
        entry("bob@example.org", "5.1.1", "550 5.1.1 no", last_attempt=AT),
        entry("björn@example.org", "4.4.1", "no answer", action=Action.DELAYED, will_retry_until=AT),
        envelope_id="a+b",
    )
    notice = parse_notice(write(about).data)
    assert notice is not None
    assert notice.report == about
    assert notice.header == HEADER


def test_the_body_of_what_was_returned_says_nothing() -> None:
    notice = parse_notice(write(report(entry("b@c.example")), original=Original(b"A: b\r\n\r\n", HEADER)).data)
    assert notice is not None
    assert notice.message_id == ""


def test_what_is_no_notice() -> None:
    assert parse_notice(b"Subject: hello\r\n\r\nAction: failed\r\n") is None
    assert parse_notice(OTHERS.replace(b"message/delivery-status", b"text/plain")) is None
    assert parse_notice(OTHERS.replace(b"Final", b"Fine").replace(b"final", b"fine")) is None
    far = b"--b\n\nx\n" * REPORT_PARTS_MAX + b"--b\nContent-Type: message/delivery-status"
    assert parse_notice(OTHERS.replace(b"--b\nContent-Type: message/delivery-status", far)) is None


def test_limits() -> None:
    many = b"Reporting-MTA: x\n" + b"\nFinal-Recipient: rfc822;a\nAction: failed\n" * (ENTRIES_MAX + 5)
    read = parse_status(many)
    assert read is not None
    assert len(read.entries) == ENTRIES_MAX
    assert parse_status(b"") is None
