"""Who is heard: the rooms of both lists, of greylisting and of the limits, put together for one worker."""

from functools import partial

from mailstead.app.config import Config
from mailstead.app.duties import Duty
from mailstead.app.limiting import LimitRooms
from mailstead.app.sending import SendingRooms
from mailstead.net.clock import Clock
from mailstead.net.ledger import Ledger
from mailstead.services.blocks.blocks import Blocks
from mailstead.services.blocks.managing import forget
from mailstead.services.checks.vouching import SpfVoucher
from mailstead.services.greylist.greylisting import Greylisting
from mailstead.services.greylist.managing import forget_expired
from mailstead.services.reception.admission import Admission
from mailstead.store.port import Store

LOOK_EVERY = 30.0


class BlockingRooms:
    """`blocks` is what others ask who must let the allow list pass."""

    def __init__(self, config: Config, store: Store, clock: Clock, ledger: Ledger, sending: SendingRooms) -> None:
        self._store = store
        self._clock = clock
        self._policies = sending.policies
        self._cleaned_at = clock.monotonic()
        self.blocks = Blocks(store, clock)
        self.limits = LimitRooms(config, store, clock, ledger, self.blocks)
        voucher = SpfVoucher(sending.resolver, clock, hostname=config.smtp_hostname)
        greylisting = Greylisting(store, clock, voucher)
        self.notes = greylisting.notes
        self.admission = Admission(store, self.blocks, greylisting, sending.policies, self.limits.rates)

    def duties(self) -> tuple[Duty, ...]:
        """What one worker of all does."""
        return (
            Duty("forget-blocks", 3600.0, partial(forget, self._store, self._clock)),
            Duty("forget-greylist", LOOK_EVERY, self._clean),
            *self.limits.duties(),
        )

    async def _clean(self) -> None:
        """As often as the template of all domains says: what has run out counts no longer anyway."""
        interval = (await self._policies.of("")).greylist.cleanup_interval
        now = self._clock.monotonic()
        if now - self._cleaned_at >= interval:
            self._cleaned_at = now
            await forget_expired(self._store, self._clock)
