"""Our own spam filter, made of the configuration."""

from mailstead.app.config import Config
from mailstead.app.duties import Duty
from mailstead.ground.model.opinion import Opinion
from mailstead.net.clock import Clock
from mailstead.services.checks.specimen import Panel, Specimen
from mailstead.services.filters.own.following import Follower, OtherTeacher
from mailstead.services.filters.own.knowing import Acquaintances
from mailstead.services.filters.own.learning import Learner
from mailstead.services.filters.own.memory import Memory
from mailstead.services.filters.own.own import OwnFilter
from mailstead.services.policy.policies import Policies
from mailstead.store.port import Store


class WithOwn:
    """A panel that hears our own filter beside those of others."""

    def __init__(self, others: Panel, own: OwnFilter) -> None:
        self._others = others
        self._own = own

    async def examine(self, specimen: Specimen) -> tuple[Opinion, ...]:
        """Others first: they may take their time, ours takes none to speak of."""
        return (*await self._others.examine(specimen), *await self._own.examine(specimen))


class OwnRooms:
    """Ours, for one worker: it judges, and follows what people do."""

    def __init__(self, config: Config, store: Store, clock: Clock, policies: Policies, others: OtherTeacher) -> None:
        self._is_on = config.security.own_filter.enabled
        memory = Memory(store)
        self._filter = OwnFilter(memory, Acquaintances(store, clock), config.security.own_filter.spam_config)
        self._follower = Follower(store, clock, Learner(store, clock, memory), policies, others)

    def join(self, others: Panel) -> Panel:
        """The same with ours, unless the operator does without."""
        return WithOwn(others, self._filter) if self._is_on else others

    def duties(self) -> tuple[Duty, ...]:
        """What one worker of all does at a time."""
        return Duty("spam-learning", 1.0, self._follower.run), Duty("spam-forgetting", 3600.0, self._follower.forget)
