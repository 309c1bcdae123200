"""Opens a report that somebody sent: what it comes in, what it is, and its rows. Others come between the pieces."""

import asyncio
from dataclasses import dataclass
from datetime import datetime
from itertools import chain
from typing import Final

import msgspec

from mailstead.ground.formats.feedback.aggregate import Report as AggregateReport
from mailstead.ground.formats.feedback.aggregate_reading import LETTERS_MAX, RECORDS_MAX, AggregateReader
from mailstead.ground.formats.feedback.unpacking import unpack
from mailstead.ground.formats.headers import decode_field, each_field, unfold
from mailstead.ground.formats.tlsrpt import REPORT_MAX, PolicyReport, parse_report
from mailstead.ground.formats.tlsrpt import Report as TlsReport
from mailstead.ground.model.address import canonical_domain
from mailstead.ground.model.errors import Invalid
from mailstead.ground.model.ids import Instant
from mailstead.store.port.reports import ReportKind, ReportRow

NAME_MAX: Final = 255
FAILURE_MAX: Final = 64 << 10
_FAILURE_FIELDS: Final = (
    "auth-failure", "identity-alignment", "delivery-result", "original-mail-from", "arrival-date", "dkim-domain",
    "dkim-selector", "spf-dns", "authentication-results",
)  # fmt: skip
_BLANK: Final = b"\xef\xbb\xbf \t\r\n"
_TIME_MAX: Final = Instant(1 << 45)


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """What a report says."""

    kind: ReportKind
    organization: str
    report_id: str
    domain: str
    begin: Instant
    end: Instant
    rows: tuple[ReportRow, ...]
    about: bytes

    @property
    def good(self) -> int:
        """Letters that passed, or sessions that went well."""
        return sum(row.count for row in self.rows if row.is_good)

    @property
    def bad(self) -> int:
        """The others."""
        return sum(row.count for row in self.rows if not row.is_good)


async def open_report(packed: bytes, domain: str = "") -> Opened:
    """Invalid. `domain`: whom a TLS report is about, as its letter says."""
    pieces = unpack(packed)
    first = next(pieces, b"")
    begin = first.lstrip(_BLANK)[:1]
    if begin == b"<":
        reader = AggregateReader()
        for piece in chain((first,), pieces):
            reader.feed(piece)
            await asyncio.sleep(0)
        return _aggregate(reader.finish())
    if begin == b"{":
        text = bytearray(first)
        for piece in pieces:
            text += piece
            if len(text) > REPORT_MAX:
                raise Invalid(f"a TLS report of more than {REPORT_MAX >> 20} MiB")
        return _tls(parse_report(bytes(text).lstrip(_BLANK)), domain)
    raise Invalid("neither XML nor JSON")


def open_failure(data: bytes, report_id: str, sender: str, at: Instant) -> Opened:
    """RFC 6591 §3.1, RFC 9991: the part for machines of a report about one letter; Invalid."""
    if len(data) > FAILURE_MAX:
        raise Invalid(f"a failure report of more than {FAILURE_MAX >> 10} KiB")
    told = {name.lower().decode("ascii"): _clean(decode_field(unfold(value))) for name, value in each_field(data)}
    if told.get("feedback-type", "").lower() != "auth-failure":
        raise Invalid("feedback that is about no authentication")
    incidents = told.get("incidents", "1")
    count = int(incidents) if incidents.isascii() and incidents.isdigit() and len(incidents) < 10 else 1
    detail = msgspec.json.encode({name: told[name] for name in _FAILURE_FIELDS if told.get(name)})
    return Opened(
        kind=ReportKind.FAILURE,
        organization=_clean(sender),
        report_id=_clean(report_id),
        domain=canonical_domain(told.get("reported-domain", "")),
        begin=at,
        end=at,
        rows=(ReportRow(told.get("source-ip", ""), is_good=False, count=count, detail=detail),),
        about=b"{}",
    )


def _aggregate(report: AggregateReport) -> Opened:
    about = report.about
    return Opened(
        kind=ReportKind.DMARC,
        organization=_clean(about.organization),
        report_id=_clean(about.report_id),
        domain=canonical_domain(report.published.domain),
        begin=Instant(about.begin * 1000),
        end=Instant(about.end * 1000),
        rows=tuple(
            ReportRow(one.record.source_ip, one.record.is_pass, one.letters, msgspec.json.encode(one.record))
            for one in report.records
        ),
        about=msgspec.json.encode({"about": about, "published": report.published}),
    )


def _tls(report: TlsReport, domain: str) -> Opened:
    """RFC 8460 §4.4."""
    if not report.policies or sum(1 + len(one.failure_details) for one in report.policies) > RECORDS_MAX:
        raise Invalid("a TLS report without policies, or with too many")
    span = report.date_range
    return Opened(
        kind=ReportKind.TLS,
        organization=_clean(report.organization_name),
        report_id=_clean(report.report_id),
        domain=canonical_domain(domain or report.policies[0].policy.policy_domain),
        begin=_time(span.start_datetime),
        end=_time(span.end_datetime),
        rows=tuple(row for one in report.policies for row in _rows(one)),
        about=msgspec.json.encode({"contact": report.contact_info[:NAME_MAX], "dates": span}),
    )


def _rows(policy: PolicyReport) -> list[ReportRow]:
    """One for what went well, one for each way to fail, one for failures that are not told in detail."""
    source = _clean(f"{policy.policy.policy_type.value} {policy.policy.policy_domain}")
    good, bad = policy.summary.total_successful_session_count, policy.summary.total_failure_session_count
    counts = [detail.failed_session_count for detail in policy.failure_details]
    if not all(0 <= count <= LETTERS_MAX for count in (good, bad, *counts)):
        raise Invalid("a TLS report with numbers that cannot be true")
    rows = [ReportRow(source, is_good=True, count=good, detail=msgspec.json.encode(policy.policy))] if good else []
    rows += [
        ReportRow(source, is_good=False, count=detail.failed_session_count, detail=msgspec.json.encode(detail))
        for detail in policy.failure_details
    ]
    rest = bad - sum(counts)
    return [*rows, ReportRow(source, is_good=False, count=rest, detail=b"{}")] if rest > 0 else rows


def _time(text: str) -> Instant:
    """RFC 3339."""
    try:
        seconds = datetime.fromisoformat(text).timestamp()
    except (ValueError, OverflowError) as error:
        raise Invalid(f"{text[:40]!r} is no time") from error
    return Instant(min(max(int(seconds * 1000), 0), _TIME_MAX))


def _clean(text: str) -> str:
    """Fit for a key and for people."""
    return "".join(char for char in text[:NAME_MAX] if char.isprintable()).strip()
