"""The senders of what is forwarded, and whom bounces to them are meant for. One secret for all workers and nodes."""

from typing import Final

from mailstead.ground.formats.srs import DAYS, is_rewritten, reverse, rewrite, short_name, shorten, stand_in
from mailstead.ground.model.address import Address
from mailstead.ground.model.errors import Invalid
from mailstead.ground.model.ids import Instant
from mailstead.net.clock import Clock
from mailstead.services.accounts.kept_secret import KeptSecret
from mailstead.store.port import Lane, Store, Tx

SECRET_NAME: Final = "srs"  # noqa: S105 - a name
FORGET_AT_ONCE: Final = 500

_DAY_MS: Final = 86_400_000


class Forwarding:
    """`older`: secrets that were in use before, whose bounces still come."""

    def __init__(self, store: Store, clock: Clock, *, older: tuple[bytes, ...] = ()) -> None:
        self._store = store
        self._clock = clock
        self._older = older
        self._secret = KeptSecret(store, SECRET_NAME)

    async def rewrite(self, sender: Address | None, our_domain: str) -> Address | None:
        """What to forward under: the sender itself if its domain is ours, or if it has none."""
        if sender is None or await self._is_ours(sender.domain):
            return sender
        key, now = await self._secret.get(), self._clock.now()
        return rewrite(sender, our_domain, key, now) or await self._keep(sender, our_domain, key, now)

    async def reverse(self, address: Address) -> Address | None:
        """The sender abroad behind an address of a domain of ours; None for any that was not made here."""
        if not is_rewritten(address):
            return None
        if name := short_name(address):
            return await self._find(name)
        return reverse(address, (await self._secret.get(), *self._older), self._clock.now())

    async def forget(self) -> None:
        """Short names that ended."""
        now = self._clock.now()

        async def unit(tx: Tx) -> int:
            return await tx.forwarded.forget_senders(now, FORGET_AT_ONCE)

        while await self._store.write(unit, lane=Lane.BULK) == FORGET_AT_ONCE:
            pass

    async def _keep(self, sender: Address, our_domain: str, key: bytes, now: Instant) -> Address:
        """Durable before the letter leaves. It ends with a day, so its row changes once a day."""
        name = shorten(sender, key)
        until = Instant((now // _DAY_MS + 1 + DAYS) * _DAY_MS)

        async def unit(tx: Tx) -> None:
            await tx.forwarded.keep_sender(name, str(sender), until)

        await self._store.write(unit)
        return stand_in(name, our_domain)

    async def _find(self, name: str) -> Address | None:
        found = await self._store.read(lambda tx: tx.forwarded.find_sender(name, self._clock.now()))
        try:
            return Address.parse(found) if found else None
        except Invalid:
            return None

    async def _is_ours(self, domain: str) -> bool:
        return await self._store.read(lambda tx: tx.directory.find_domain(domain)) is not None
