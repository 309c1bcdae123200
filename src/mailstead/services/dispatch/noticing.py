"""Notices in the form that dispatch spools: the rules and the words are those of `services.notices`."""

from functools import partial

from mailstead.ground.model.address import Address
from mailstead.ground.model.spool import LOCAL, SpooledLetter
from mailstead.net.clock import Clock
from mailstead.services.dispatch.ports import Notice, Told
from mailstead.services.notices.due import read_fates
from mailstead.services.notices.notices import Notices, tell_dropped, tell_written
from mailstead.services.spool.outbox import Bundle
from mailstead.store.port import ReadTx, Store


class Noticing:
    """Implements `ports.Notices`."""

    def __init__(self, store: Store, clock: Clock, notices: Notices) -> None:
        self._store = store
        self._clock = clock
        self._notices = notices

    async def write(self, letter: SpooledLetter, told: tuple[Told, ...]) -> tuple[Notice, ...]:
        """One for all that is due to the sender, or none."""
        fates = read_fates([(one.recipient, one.result) for one in told], self._clock.now())
        tell_dropped(letter, fates)
        if letter.sender is None:
            return ()
        notice = await self._notices.compose(letter, fates, destination=await self._lane(letter.sender))
        if notice is None:
            return ()
        return (Notice(notice.letter, Bundle(notice.spooled, (notice.recipient,)), partial(tell_written, notice)),)

    async def _lane(self, sender: Address) -> str:
        """Our own people find it in their mail without a way through the world."""

        async def unit(tx: ReadTx) -> bool:
            return await tx.directory.find_domain(sender.domain) is not None

        return LOCAL if await self._store.read(unit) else sender.domain
