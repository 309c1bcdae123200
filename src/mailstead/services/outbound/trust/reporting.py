"""Puts counted sessions together to a TLS report (RFC 8460 §4). Who sends it, and where to, is not told here."""

from collections.abc import Iterable
from itertools import groupby

from mailstead.ground.formats.tlsrpt import (
    FailureDetail,
    PolicyReport,
    Report,
    ResultType,
    Summary,
    date_range,
)
from mailstead.ground.model.ids import Instant
from mailstead.store.port.trust import DAY_MS, TlsCount


def put_together(day: int, counts: Iterable[TlsCount], *, organization: str, contact: str, report_id: str) -> Report:
    """Of one domain and day; `counts` stand by policy, as the store lists them."""
    start = day * DAY_MS
    groups = groupby(counts, key=lambda count: count.policy)
    return Report(
        organization_name=organization,
        date_range=date_range(Instant(start), Instant(start + DAY_MS - 1000)),
        contact_info=contact,
        report_id=report_id,
        policies=tuple(_report_policy(list(group)) for _, group in groups),
    )


def _report_policy(counts: list[TlsCount]) -> PolicyReport:
    details = tuple(_detail_of(count, count.result) for count in counts if count.result is not None)
    failures = sum(detail.failed_session_count for detail in details)
    total = sum(count.sessions for count in counts)
    return PolicyReport(
        policy=counts[0].policy,
        summary=Summary(total_successful_session_count=total - failures, total_failure_session_count=failures),
        failure_details=details,
    )


def _detail_of(count: TlsCount, result: ResultType) -> FailureDetail:
    return FailureDetail(
        result_type=result, sending_mta_ip=count.local_ip, receiving_mx_hostname=count.host,
        receiving_mx_helo=count.greeting, receiving_ip=count.peer_ip, failed_session_count=count.sessions,
        failure_reason_code=count.detail,
    )  # fmt: skip
