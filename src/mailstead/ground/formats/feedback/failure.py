"""A report of one letter that failed (RFC 9991, in the format of RFC 6591 and RFC 5965)."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from mailstead.ground.formats.date import render_date
from mailstead.ground.model.address import Address
from mailstead.ground.model.ids import Instant


class Failure(Enum):
    """RFC 6591 §3.3, RFC 9991 §4: what the report is about."""

    DMARC = "dmarc"
    SIGNATURE = "signature"
    SPF = "spf"


class Delivery(Enum):
    """RFC 6591 §3.2.2: what became of the letter."""

    DELIVERED = "delivered"
    SPAM = "spam"
    REJECT = "reject"


@dataclass(frozen=True, slots=True, kw_only=True)
class FailureReport:
    """What is told; nothing in it names a person any more. `results` is the value of Authentication-Results."""

    author: Address
    recipients: Sequence[Address]
    message_id: str
    at: Instant
    failure: Failure
    domain: str
    source_ip: str
    mail_from: str
    results: str
    unaligned: tuple[str, ...]  # "dkim", "spf"
    delivery: Delivery
    header: bytes
    signature: tuple[str, str] | None = None  # domain and selector of an aligned one that failed
    spf_record: tuple[str, str] | None = None  # domain and text, where an aligned SPF failed


def render_failure(report: FailureReport) -> bytes:
    """The whole letter: RFC 6591 §3.1."""
    boundary = f"=_{report.message_id.partition('@')[0]}"
    at = render_date(report.at).decode("ascii")
    head = [
        f'From: "{report.author.domain} reports" <{report.author}>',
        "To: " + ",\r\n ".join(f"<{one}>" for one in report.recipients),
        f"Subject: Authentication failure of {report.domain}",
        f"Date: {at}",
        f"Message-ID: <{report.message_id}>",
        "Auto-Submitted: auto-generated",  # RFC 3834 §5: nobody answers it by itself
        "MIME-Version: 1.0",
        f'Content-Type: multipart/report; report-type=feedback-report;\r\n boundary="{boundary}"',
        "",
        f"--{boundary}",
        "Content-Type: text/plain; charset=us-ascii",
        "",
        f"A letter from {report.source_ip} in the name of {report.domain} failed authentication on {at}.",
        "Names of people are replaced by marks, which stay the same from report to report.",
        "",
        f"--{boundary}",
        "Content-Type: message/feedback-report",
        "",
        *_fields(report, at),
        "",
        f"--{boundary}",
        "Content-Type: text/rfc822-headers",
        "",
        "",
    ]
    return "\r\n".join(head).encode("ascii", "replace") + report.header + f"\r\n--{boundary}--\r\n".encode("ascii")


def _fields(report: FailureReport, at: str) -> list[str]:
    fields = [
        "Feedback-Type: auth-failure",
        "User-Agent: Mailstead",
        "Version: 1",
        f"Auth-Failure: {report.failure.value}",
        f"Authentication-Results: {report.results}",
        f"Identity-Alignment: {', '.join(report.unaligned) or 'none'}",
        f"Delivery-Result: {report.delivery.value}",
        f"Reported-Domain: {report.domain}",
        f"Source-IP: {report.source_ip}",
        f"Original-Mail-From: <{report.mail_from}>",
        f"Arrival-Date: {at}",
    ]
    if report.signature is not None:
        domain, selector = report.signature
        fields += [f"DKIM-Domain: {domain}", f"DKIM-Identity: @{domain}", f"DKIM-Selector: {selector}"]
    if report.spf_record is not None:
        domain, text = report.spf_record
        fields.append(f"SPF-DNS: txt : {domain} : {_quote(text)}")
    return fields


def _quote(text: str) -> str:
    kept = "".join(char for char in text if char.isascii() and char.isprintable())
    return '"' + kept.replace("\\", "\\\\").replace('"', '\\"') + '"'
