"""Our own spam filter, made of the configuration."""

from mailstead.app.config import Config
from mailstead.app.duties import Duty
from mailstead.app.sending import SendingRooms
from mailstead.ground.model.dns_list import parse_dns_list
from mailstead.ground.model.opinion import Opinion
from mailstead.net.clock import Clock
from mailstead.services.checks.specimen import Panel, Specimen
from mailstead.services.filters.own.following import Follower, OtherTeacher
from mailstead.services.filters.own.knowing import Acquaintances
from mailstead.services.filters.own.learning import Learner
from mailstead.services.filters.own.listed import DnsLists
from mailstead.services.filters.own.memory import Memory
from mailstead.services.filters.own.own import OwnFilter
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

    def __init__(self, config: Config, store: Store, clock: Clock, sending: SendingRooms, others: OtherTeacher) -> None:
        own_filter = config.security.own_filter
        self._is_on = own_filter.enabled
        memory = Memory(store)
        hosts, links = (tuple(map(parse_dns_list, texts)) for texts in (own_filter.dnsbl, own_filter.url_lists))
        lists = DnsLists(sending.resolver, clock, hosts, links, own_filter.lists_timeout.total_seconds())
        self._filter = OwnFilter(memory, Acquaintances(store, clock), lists, own_filter.spam_config)
        self._follower = Follower(store, clock, Learner(store, clock, memory), sending.policies, others)

    def join(self, others: Panel) -> Panel:
        """The same with ours, unless the operator does without."""
        return WithOwn(others, self._filter) if self._is_on else others

    def duties(self) -> tuple[Duty, ...]:
        """What one worker of all does at a time."""
        return Duty("spam-learning", 1.0, self._follower.run), Duty("spam-forgetting", 3600.0, self._follower.forget)
