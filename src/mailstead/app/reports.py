"""The rooms of reports, made of the configuration."""

from mailstead.app.config import Config
from mailstead.app.duties import Duty
from mailstead.app.sending import SendingRooms
from mailstead.app.sending_guards import observer_of
from mailstead.net.clock import Clock
from mailstead.net.ids import IdSource
from mailstead.services.folders.reading import Reading
from mailstead.services.policy.policies import Policies
from mailstead.services.reports.complaints import Complaints
from mailstead.services.reports.counting import DmarcCounts
from mailstead.services.reports.dmarc import DmarcSource
from mailstead.services.reports.drafts import Source
from mailstead.services.reports.failures import Failures
from mailstead.services.reports.feedback import Feedback
from mailstead.services.reports.forgetting import Forgetting
from mailstead.services.reports.intake import Intake
from mailstead.services.reports.posting import Posting
from mailstead.services.reports.reporter import Reporter
from mailstead.services.reports.tls import TlsSource
from mailstead.services.reports.uploads import Uploads
from mailstead.store.port import Store

EVERY = 300.0
"""Seconds between two looks for reports that are due."""


class ReportRooms:
    """Of one worker."""

    def __init__(
        self, config: Config, store: Store, clock: Clock, ids: IdSource, sending: SendingRooms, reading: Reading
    ) -> None:
        self._is_trapped = config.outbound.mode == "trap"
        resolver, policies = sending.resolver, Policies(store)
        posting = Posting(store, clock, ids, sending.spooling)
        self.counts = DmarcCounts(store, clock)
        self.failures = Failures(store, clock, ids, resolver, policies, posting)
        self.feedback = Feedback(self.counts, self.failures)
        sources: list[Source] = [DmarcSource(store, clock, resolver, policies)]
        if config.reports.tls:
            sources.append(TlsSource(store, clock, resolver, policies, domain=str(config.server.domain)))
        self.reporter = Reporter(store, clock, posting, Uploads(sending.client), sources)
        complaints = Complaints(store, clock, ids, observer_of(config.guards))
        self._intake = Intake(store, clock, ids, reading, complaints)
        self._forgetting = Forgetting(store, clock, config.reports.keep)

    def duties(self) -> tuple[Duty, ...]:
        """What one worker of all does. Where nothing leaves nothing is written, but by hand."""
        taking = Duty("report-intake", 5.0, self._intake.run), Duty("forget-reports", 3600.0, self._forgetting.run)
        return taking if self._is_trapped else (*taking, Duty("reports", EVERY, self.reporter.run))
