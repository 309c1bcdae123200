"""Who is heard: the rooms of the block list, the allow list and the limits, put together for one worker."""

from functools import partial

from mailstead.app.config import Config
from mailstead.app.duties import Duty
from mailstead.app.limiting import LimitRooms
from mailstead.net.clock import Clock
from mailstead.net.ledger import Ledger
from mailstead.services.blocks.blocks import Blocks
from mailstead.services.blocks.managing import forget
from mailstead.services.reception.admission import Admission
from mailstead.store.port import Store


class BlockingRooms:
    """`blocks` is what others ask who must let the allow list pass."""

    def __init__(self, config: Config, store: Store, clock: Clock, ledger: Ledger) -> None:
        self.blocks = Blocks(store, clock)
        self.limits = LimitRooms(config, store, clock, ledger, self.blocks)
        self.admission = Admission(store, self.blocks, self.limits.rates)
        self._forget = partial(forget, store, clock)

    def duties(self) -> tuple[Duty, ...]:
        """What one worker of all does."""
        return (Duty("forget-blocks", 3600.0, self._forget), *self.limits.duties())
