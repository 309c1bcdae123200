"""Secrets of this installation: made at the first need, the same in all workers and nodes and after a restart."""

import secrets
from typing import Final

from mailstead.store.port import Store, Tx

_OCTETS: Final = 32


class KeptSecret:
    """One by its name, which nothing else may have."""

    def __init__(self, store: Store, name: str) -> None:
        self._store = store
        self._name = name
        self._value = b""

    async def get(self) -> bytes:
        """From the store once, then from memory. Of two that come first at the same time both get the same."""
        if not self._value:
            fresh = secrets.token_hex(_OCTETS)

            async def keep(tx: Tx) -> str:
                return await tx.credentials.keep_secret(self._name, fresh)

            self._value = bytes.fromhex(await self._store.write(keep))
        return self._value
