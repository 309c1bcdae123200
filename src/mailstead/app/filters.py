"""The filters of others, by the configuration."""

from collections.abc import Iterator
from datetime import timedelta

from mailstead.app.config import Config
from mailstead.app.context import Link
from mailstead.net.clock import Clock
from mailstead.net.dial import Dialer
from mailstead.net.guarded import GuardedClient
from mailstead.net.sweep import Sweep
from mailstead.services.filters.actions import read_actions
from mailstead.services.filters.asking import Filter
from mailstead.services.filters.breaker import BreakerRules
from mailstead.services.filters.clamd import Clamd
from mailstead.services.filters.line import Lines, Place
from mailstead.services.filters.panel import FilterPanel
from mailstead.services.filters.rspamd import Rspamd, RspamdSettings
from mailstead.services.filters.showing import Showing
from mailstead.services.filters.spamd import Spamd, SpamdSettings
from mailstead.services.filters.teaching import Pupil, Teachers
from mailstead.services.filters.watched import Patience, WatchedFilter
from mailstead.telemetry.metrics import Snapshot


class Filters:
    """All that are configured, for one worker."""

    def __init__(self, config: Config, clock: Clock, client: GuardedClient) -> None:
        self._config = config
        self._clock = clock
        self._client = client
        self._dialer = Dialer("filter", Sweep())
        self.clamd = self._clamd()
        self.spamd = self._spamd()
        self.rspamd = self._rspamd()
        self.panel = FilterPanel(tuple(self._watched()))
        self.teachers = Teachers(tuple(self._pupils()))

    def showing(self, link: Link) -> Showing:
        """For commands; `link` leads to the numbers of all workers."""

        async def counts() -> Snapshot:
            return (await link.ask()).metrics

        return Showing(self.panel.filters, self._clock, counts, hostname=self._config.smtp_hostname)

    def _watched(self) -> Iterator[WatchedFilter]:
        security = self._config.security
        clamav, spamassassin, rspamd = security.clamav, security.spamassassin, security.rspamd
        if self.clamd is not None:
            yield self._watch(self.clamd, clamav.timeout, clamav.connections)
        if self.spamd is not None:
            yield self._watch(self.spamd, spamassassin.timeout, spamassassin.connections)
        if self.rspamd is not None:
            yield self._watch(self.rspamd, rspamd.timeout, rspamd.connections)

    def _pupils(self) -> Iterator[Pupil]:
        if self.spamd is not None:
            yield self.spamd
        if self.rspamd is not None and self._config.security.rspamd.learn_url:
            yield self.rspamd

    def _watch(self, one: Filter, timeout: timedelta, at_once: int) -> WatchedFilter:
        filters = self._config.security.filters
        breaker = BreakerRules(failures=filters.failures, pause=filters.pause.total_seconds())
        return WatchedFilter(
            one, self._clock, Patience(timeout=timeout.total_seconds(), at_once=at_once, breaker=breaker)
        )

    def _clamd(self) -> Clamd | None:
        clamav = self._config.security.clamav
        place = Place(str(clamav.socket_path or ""), clamav.host, clamav.port)
        return Clamd(Lines(place, self._dialer, clamav.timeout.total_seconds())) if place.is_known else None

    def _spamd(self) -> Spamd | None:
        spamassassin = self._config.security.spamassassin
        place = Place(str(spamassassin.socket_path or ""), spamassassin.host, spamassassin.port)
        if not place.is_known:
            return None
        settings = SpamdSettings(
            hostname=self._config.smtp_hostname, max_size=spamassassin.max_size, user=spamassassin.user
        )
        return Spamd(Lines(place, self._dialer, spamassassin.timeout.total_seconds()), self._clock, settings)

    def _rspamd(self) -> Rspamd | None:
        rspamd = self._config.security.rspamd
        if not rspamd.url:
            return None
        settings = RspamdSettings(
            url=rspamd.url.rstrip("/"), learn_url=rspamd.learn_url.rstrip("/"), password=rspamd.password,
            hostname=self._config.smtp_hostname, timeout=rspamd.timeout.total_seconds(), max_size=rspamd.max_size,
            actions=read_actions(rspamd.actions),
        )  # fmt: skip
        return Rspamd(self._client, self._clock, settings)
