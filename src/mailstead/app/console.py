"""The queue for operators, put together once for the control socket, HTTP, the metrics and commands."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from mailstead.app.config import Config
from mailstead.app.queue_counts import QueueCounts
from mailstead.app.sending import terms_of
from mailstead.ground.model.route import parse_route
from mailstead.net.clock import Clock
from mailstead.net.ids import IdSource
from mailstead.services.accounts.login import Authenticator
from mailstead.services.policy.concealing import Concealing
from mailstead.services.spool.hand import Hand, Returning
from mailstead.services.spool.tracing import Tracing
from mailstead.store.port import Store

if TYPE_CHECKING:
    from mailstead.servers.web.queue import QueueApi


class Console:
    """`wake`: the dispatcher of this worker looks at once; those of others do within a second anyway."""

    def __init__(
        self,
        config: Config,
        store: Store,
        clock: Clock,
        ids: IdSource,
        returning: Returning | None,
        wake: Callable[[], None] = lambda: None,
    ) -> None:
        self._config = config
        self._clock = clock
        terms = terms_of(config.queue)
        self.hand = Hand(store, clock, ids, terms, returning=returning, check_route=parse_route, wake=wake)
        self.tracing = Tracing(store, clock, self.hand, Concealing(store))
        self.counts = QueueCounts(self.hand, clock)

    def api(self, authenticator: Authenticator) -> "QueueApi":
        """Over HTTP; only there is aiohttp imported."""
        from mailstead.servers.web.login import Gatekeeper
        from mailstead.servers.web.queue import QueueApi

        gatekeeper = Gatekeeper(authenticator, self._config.api.admin_token)
        return QueueApi(self.hand, self.tracing, gatekeeper, self._clock)
