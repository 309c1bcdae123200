"""The senders of what is forwarded, and whom bounces to them are meant for. One secret for all workers and nodes."""

import secrets
from typing import Final

from mailstead.ground.formats.srs import is_rewritten, reverse, rewrite
from mailstead.ground.model.address import Address
from mailstead.net.clock import Clock
from mailstead.store.port import Store, Tx

SECRET_NAME: Final = "srs"  # noqa: S105 - a name


class Forwarding:
    """`older`: secrets that were in use before, whose bounces still come."""

    def __init__(self, store: Store, clock: Clock, *, older: tuple[bytes, ...] = ()) -> None:
        self._store = store
        self._clock = clock
        self._older = older
        self._secret = b""

    async def rewrite(self, sender: Address | None, our_domain: str) -> Address | None:
        """What to forward under: the sender itself if its domain is ours, or if it has none."""
        if sender is None or await self._is_ours(sender.domain):
            return sender
        return rewrite(sender, our_domain, await self._key(), self._clock.now())

    async def reverse(self, address: Address) -> Address | None:
        """The sender abroad behind an address of a domain of ours; None for any that was not made here."""
        if not is_rewritten(address):
            return None
        return reverse(address, (await self._key(), *self._older), self._clock.now())

    async def _is_ours(self, domain: str) -> bool:
        return await self._store.read(lambda tx: tx.directory.find_domain(domain)) is not None

    async def _key(self) -> bytes:
        """The same in all workers, and after a restart."""
        if not self._secret:
            fresh = secrets.token_hex(32)

            async def keep(tx: Tx) -> str:
                return await tx.credentials.keep_secret(SECRET_NAME, fresh)

            self._secret = bytes.fromhex(await self._store.write(keep))
        return self._secret
