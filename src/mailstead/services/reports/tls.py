"""TLS reports (RFC 8460), of the sessions that sending counted."""

import zlib
from collections.abc import AsyncIterator, Sequence
from itertools import groupby
from urllib.parse import unquote

from mailstead.ground.formats.dmarc_destinations import Destinations, read_address
from mailstead.ground.formats.feedback.letters import TLS, Covering, render_tls
from mailstead.ground.formats.tlsrpt import (
    FailureDetail,
    PolicyReport,
    Report,
    ResultType,
    Summary,
    date_range,
    find_report_addresses,
    render_report,
)
from mailstead.ground.model.address import Address
from mailstead.ground.model.errors import Invalid
from mailstead.ground.model.ids import Instant
from mailstead.net.clock import Clock
from mailstead.net.dns import DnsError, Resolver
from mailstead.services.policy.policies import Policies
from mailstead.services.reports.addresses import find_author
from mailstead.services.reports.days import date_of, second_of
from mailstead.services.reports.drafts import Draft, Written
from mailstead.store.port import ReadTx, Store
from mailstead.store.port.reports import ReportKey, ReportKind
from mailstead.store.port.trust import TlsCount

AT_ONCE = 500


class TlsSource:
    """In the name of one domain: who sends is this server, whomever it sends for."""

    kind: ReportKind = ReportKind.TLS

    def __init__(self, store: Store, clock: Clock, resolver: Resolver, policies: Policies, *, domain: str) -> None:
        self._store = store
        self._clock = clock
        self._resolver = resolver
        self._policies = policies
        self._domain = domain

    async def list_keys(self, day: int) -> AsyncIterator[ReportKey]:
        """A report for each domain that was written to."""
        after = ""
        while True:

            async def unit(tx: ReadTx, after: str = after) -> list[str]:
                return await tx.trust.list_tls_domains(day, after, AT_ONCE)

            domains = await self._store.read(unit)
            for domain in domains:
                yield ReportKey(ReportKind.TLS, day, self._domain, domain)
            if len(domains) < AT_ONCE:
                return
            after = domains[-1]

    async def draft(self, key: ReportKey) -> Draft | None:
        """Who wants it says so at `_smtp._tls` below its name."""
        destinations, uploads = await self._find_destinations(key.domain)
        return Draft(
            key=key,
            report_id=f"tls.{date_of(key.day)}.{key.domain}@{key.receiver}",
            author=await find_author(self._store, self._policies, key.receiver),
            destinations=destinations,
            uploads=uploads,
        )

    async def render(self, draft: Draft, end: int) -> Written:
        """A document for all policies that were met."""
        key = draft.key

        async def unit(tx: ReadTx) -> list[TlsCount]:
            return await tx.trust.list_tls_results(key.day, key.domain)

        begin = second_of(key.day)
        report = Report(
            organization_name=key.receiver,
            date_range=date_range(Instant(begin * 1000), Instant(end * 1000)),
            contact_info=str(draft.author),
            report_id=draft.report_id,
            policies=put_together(await self._store.read(unit)),
        )
        covering = Covering(
            author=draft.author, recipients=draft.destinations.agreed, report_id=draft.report_id, domain=key.domain,
            submitter=key.receiver, begin=begin, end=end, at=self._clock.now(),
        )  # fmt: skip
        packed = zlib.compress(render_report(report), wbits=31)
        return Written(render_tls(covering, packed), packed, TLS)

    async def _find_destinations(self, domain: str) -> tuple[Destinations, tuple[str, ...]]:
        """RFC 8460 §3: by letter, and by HTTPS."""
        try:
            found = (await self._resolver.txt(f"_smtp._tls.{domain}")).records
        except DnsError as error:
            return Destinations(silent=(str(error),)), ()
        agreed: dict[str, Address] = {}
        refused: list[str] = []
        uploads: list[str] = []
        for uri in find_report_addresses(found):
            scheme, _, rest = uri.partition(":")
            if scheme.lower() == "https":
                uploads.append(uri)
                continue
            try:
                address = read_address(unquote(rest.partition("?")[0]))
            except Invalid as error:
                refused.append(str(error))
            else:
                agreed[address.key] = address
        return Destinations(tuple(agreed.values()), tuple(refused)), tuple(uploads)


def put_together(counts: Sequence[TlsCount]) -> tuple[PolicyReport, ...]:
    """`counts` stand by policy, as the store lists them."""
    return tuple(_tell_policy(list(group)) for _, group in groupby(counts, key=lambda count: count.policy))


def _tell_policy(counts: list[TlsCount]) -> PolicyReport:
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
