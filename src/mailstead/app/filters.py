"""The filters of others, by the configuration."""

from collections.abc import Iterator
from datetime import timedelta

from mailstead.app.config import Config
from mailstead.net.clock import Clock
from mailstead.net.dial import Dialer
from mailstead.net.sweep import Sweep
from mailstead.services.filters.asking import Filter
from mailstead.services.filters.breaker import BreakerRules
from mailstead.services.filters.clamd import Clamd
from mailstead.services.filters.line import Lines, Place
from mailstead.services.filters.panel import FilterPanel
from mailstead.services.filters.watched import Patience, WatchedFilter


class Filters:
    """All that are configured, for one worker."""

    def __init__(self, config: Config, clock: Clock) -> None:
        self._config = config
        self._clock = clock
        self._dialer = Dialer("filter", Sweep())
        self.clamd = self._clamd()
        self.panel = FilterPanel(tuple(self._watched()))

    def _watched(self) -> Iterator[WatchedFilter]:
        clamav = self._config.security.clamav
        if self.clamd is not None:
            yield self._watch(self.clamd, clamav.timeout, clamav.connections)

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
