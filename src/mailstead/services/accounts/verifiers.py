"""SCRAM's side of the accounts: may it be offered, and the verifier of a name, be it a false one.

It is offered only while every active user with a password has a verifier, and nobody needs an app password: a client
that chooses SCRAM shows no clear password, so whoever has none, or must not use it, could not log in. The answer is
kept for a second.
"""

import hashlib
import hmac
import secrets
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Final

from mailstead.ground.model.directory import User
from mailstead.ground.model.errors import MailError
from mailstead.ground.wire.sasl.scram import Verifier, parse_verifier
from mailstead.net.clock import Clock
from mailstead.services.accounts.kept_secret import KeptSecret
from mailstead.store.port import ReadTx, Store

IsAnybodyBound = Callable[[], Awaitable[bool]]
"""Whether there are people who cannot come in with the password alone: see `second_factors`."""
KEPT: Final = 1.0
SALT: Final = 16
SECRET_NAME: Final = "scram.false_salt"  # noqa: S105 - a name


class Verifiers:
    """Of one worker."""

    def __init__(self, store: Store, clock: Clock, iterations: int, is_anybody_bound: IsAnybodyBound) -> None:
        self._is_anybody_bound = is_anybody_bound
        self._store = store
        self._clock = clock
        self._iterations = iterations
        self._asked_at = float("-inf")
        self._secret = KeptSecret(store, SECRET_NAME)
        self.are_complete = False

    async def refresh(self) -> None:
        """See whether every user has one; at most once a second it costs a step in an index."""
        now = self._clock.monotonic()
        if now - self._asked_at < KEPT:
            return
        self._asked_at = now

        async def unit(tx: ReadTx) -> bool:
            return await tx.credentials.lacks_verifier()

        with suppress(MailError):  # a store that cannot answer now: as it was
            self.are_complete = not (await self._store.read(unit) or await self._is_anybody_bound())

    def forget(self) -> None:
        """Something changed: ask anew."""
        self._asked_at = float("-inf")

    async def of(self, name: str, user: User | None, stored: str | None) -> Verifier:
        """The user's own; else one that looks like theirs, always the same for a name, and that no password fits."""
        false = self._false(name if user is None else user.login, await self._secret.get())
        own = parse_verifier(stored) if stored else None
        return false if user is None or own is None else own

    def _false(self, name: str, key: bytes) -> Verifier:
        """RFC 5802 §9 tells nothing of users only if salts of nobody are as stable as those of somebody."""
        salt = hmac.digest(key, b"salt\0" + name.encode("utf-8", "surrogatepass"), hashlib.sha256)[:SALT]
        return Verifier(self._iterations, salt, secrets.token_bytes(32), secrets.token_bytes(32))
