"""Hears what became of letters of strangers: they are counted, and some are told of at once."""

from collections.abc import Sequence

from mailstead.ground.model.envelope import Client, Envelope
from mailstead.services.checks.checks import Report
from mailstead.services.checks.judging import Judgement
from mailstead.services.reports.addresses import intakes_of
from mailstead.services.reports.counting import DmarcCounts
from mailstead.services.reports.failing import find_failing
from mailstead.services.reports.failures import Failures


class Feedback:
    """One for a worker. Nothing here is waited for."""

    def __init__(self, counts: DmarcCounts, failures: Failures) -> None:
        self._counts = counts
        self._failures = failures

    def hear(self, envelope: Envelope, client: Client, report: Report, judgements: Sequence[Judgement]) -> None:
        """Once for each domain of ours that it is for, if that one tells others.

        What comes to an address for reports is not told of: two servers would report each other's reports for ever.
        """
        told: set[str] = set()
        for recipient, judgement in zip(envelope.recipients, judgements, strict=True):
            domain = recipient.address.domain
            policy = report.policies[domain]
            if domain in told or not (policy.dmarc.report_enabled or policy.failures.enabled):
                continue
            if recipient.address.key in {one.key for one in intakes_of(domain, policy)}:
                continue
            told.add(domain)
            if policy.dmarc.report_enabled:
                self._counts.note(report.evidence, client.ip, domain, judgement)
            failing = find_failing(report, client.ip, domain, judgement) if policy.failures.enabled else None
            if failing is not None:
                self._failures.note(failing)
