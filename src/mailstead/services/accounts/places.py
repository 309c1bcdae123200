"""From where users have logged in well: such an address keeps a way in, whatever strangers do (see `guard`).

Kept in the store for two to four weeks, as a keyed hash of the address; written once in two weeks for each, in a unit
that gives way. It is asked only when somebody is about to be turned away.
"""

import asyncio
import hashlib
import hmac
from collections import OrderedDict
from typing import Final

from mailstead.ground.model.errors import MailError
from mailstead.ground.model.ids import Instant, UserId
from mailstead.net.clock import Clock
from mailstead.net.origin import limit_key
from mailstead.services.accounts.kept_secret import KeptSecret
from mailstead.store.port import Lane, ReadTx, Store, Tx

NOTED_FOR: Final = 14 * 86_400_000
FAMILIAR_FOR: Final = 2 * NOTED_FOR
NOTED_MAX: Final = 10_000
ROWS_MAX: Final = 200
SECRET_NAME: Final = "places.key"  # noqa: S105 - a name


class Places:
    """Of one worker."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._secret = KeptSecret(store, SECRET_NAME)
        self._noted: OrderedDict[tuple[UserId, str], Instant] = OrderedDict()
        self._waiting: set[tuple[UserId, str]] = set()
        self._task: asyncio.Task[None] | None = None

    async def is_familiar(self, user: UserId, ip: str) -> bool:
        """Whether this user has logged in from that address (of IPv6: its /64) in the last weeks."""
        place = self._hash(limit_key(ip), await self._secret.get())
        since = Instant(self._clock.now() - FAMILIAR_FOR)

        async def unit(tx: ReadTx) -> bool:
            return await tx.credentials.is_familiar(user, place, since)

        return (user, limit_key(ip)) in self._waiting or await self._store.read(unit)

    def note(self, user: UserId, ip: str) -> None:
        """They did."""
        seen, now = (user, limit_key(ip)), self._clock.now()
        noted = self._noted.get(seen)
        if noted is not None and now - noted < NOTED_FOR:
            return
        if len(self._waiting) >= NOTED_MAX:
            return
        self._noted[seen] = now
        if len(self._noted) > NOTED_MAX:
            self._noted.popitem(last=False)
        self._waiting.add(seen)
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self.flush())

    async def flush(self) -> None:
        """Write what waits; what a busy store does not take is noted with a later login."""
        while self._waiting:
            some = sorted(self._waiting)[:ROWS_MAX]
            try:
                await self._write(some)
            except MailError:
                for seen in some:
                    self._noted.pop(seen, None)
                return
            finally:
                self._waiting.difference_update(some)

    async def _write(self, some: list[tuple[UserId, str]]) -> None:
        key, now = await self._secret.get(), self._clock.now()
        rows = [(user, self._hash(place, key)) for user, place in some]

        async def unit(tx: Tx) -> None:
            await tx.credentials.note_places(rows, now, Instant(now - FAMILIAR_FOR))

        await self._store.write(unit, lane=Lane.BULK)

    @staticmethod
    def _hash(place: str, key: bytes) -> str:
        return hmac.digest(key, place.encode(), hashlib.sha256)[:16].hex()
