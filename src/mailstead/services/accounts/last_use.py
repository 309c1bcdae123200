"""When app passwords and tokens were last used: written at most once an hour each, in a unit that gives way."""

import asyncio
from typing import Final

from mailstead.ground.model.credential import Credential
from mailstead.ground.model.errors import MailError
from mailstead.ground.model.ids import Instant
from mailstead.store.port import Lane, Store, Tx

HOUR: Final = 3_600_000
ROWS_MAX: Final = 500
WAITING_MAX: Final = 10_000


class LastUse:
    """Of one worker."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._used: dict[int, Instant] = {}
        self._task: asyncio.Task[None] | None = None

    def note(self, credential: Credential, now: Instant) -> None:
        """It was used."""
        if credential.used_at is not None and now - credential.used_at < HOUR:
            return
        if credential.id in self._used or len(self._used) >= WAITING_MAX:
            return
        self._used[credential.id] = now
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self.flush())

    async def flush(self) -> None:
        """Write what is known. What a busy store does not take comes with a later login."""
        while self._used:
            some = dict(list(self._used.items())[:ROWS_MAX])

            async def touch(tx: Tx, some: dict[int, Instant] = some) -> None:
                await tx.credentials.touch_credentials(sorted(some.items()))

            try:
                await self._store.write(touch, lane=Lane.BULK)
            except MailError:
                return
            finally:
                for credential in some:
                    self._used.pop(credential, None)
