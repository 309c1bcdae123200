"""The rooms of what is kept aside, made of the configuration."""

from typing import TYPE_CHECKING

from mailstead.app.config import Config
from mailstead.app.duties import Duty
from mailstead.ground.formats.dsn.text import Language
from mailstead.net.clock import Clock
from mailstead.net.ids import IdSource
from mailstead.services.accounts.forwarding import Forwarding
from mailstead.services.delivery.deliver import Delivery
from mailstead.services.filters.own.managing import learner_of
from mailstead.services.quarantine.expiring import Expiring
from mailstead.services.quarantine.links import Links
from mailstead.services.quarantine.quarantine import Quarantine
from mailstead.services.quarantine.releasing import RecipientRelease
from mailstead.services.quarantine.teaching import Lessons, Teacher
from mailstead.services.quarantine.telling import Digests
from mailstead.store.port import Store

if TYPE_CHECKING:
    from mailstead.servers.web.quarantine import QuarantinePages

EVERY = 3600.0
"""Seconds between two looks for digests that are due, and for copies whose time is over."""


class QuarantineRooms:
    """Of one worker, or of a command without a server."""

    def __init__(
        self,
        config: Config,
        store: Store,
        clock: Clock,
        ids: IdSource,
        delivery: Delivery,
        others: Teacher | None = None,
    ) -> None:
        self._language = Language(config.quarantine.language)
        lessons = Lessons(learner_of(store, clock), others)
        links = Links(store, clock, config.quarantine.url)
        self.quarantine = Quarantine(store, clock, delivery, reverser=Forwarding(store, clock), teacher=lessons)
        self.digests = Digests(store, clock, ids, links, language=self._language)
        self._releasing = RecipientRelease(store, self.quarantine, links)
        self._expiring = Expiring(store, clock)

    def duties(self) -> tuple[Duty, ...]:
        """What one worker of all does."""
        return Duty("digests", EVERY, self.digests.run), Duty("expire-kept", EVERY, self._expiring.run)

    def pages(self) -> "QuarantinePages":
        """Over HTTP; only there is aiohttp imported."""
        from mailstead.servers.web.quarantine import QuarantinePages

        return QuarantinePages(self._releasing, self._language)
