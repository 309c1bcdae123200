"""Signed links by which recipients release a letter. They say which copy and until when, and name nobody."""

import hashlib
import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from typing import Final

from mailstead.ground.model.errors import NotFound
from mailstead.ground.model.ids import AccountId, Instant
from mailstead.net.clock import Clock
from mailstead.services.accounts.kept_secret import KeptSecret
from mailstead.store.port import Store

SECRET_NAME: Final = "quarantine.key"  # noqa: S105 - a name
PATH: Final = "/quarantine/"
TOKEN_MAX: Final = 100
_FACTS: Final = 24
_MAC: Final = 18
UNKNOWN: Final = "this link is not one of ours, or its time is over"


@dataclass(frozen=True, slots=True)
class Claim:
    """What a good link says."""

    number: int
    account_id: AccountId


class Links:
    """`base`: where people reach the web server, such as https://mail.example.com; "": nowhere, and there are none."""

    def __init__(self, store: Store, clock: Clock, base: str) -> None:
        self._store = store
        self._clock = clock
        self._base = base.rstrip("/")
        self._secret = KeptSecret(store, SECRET_NAME)

    async def make(self, number: int, account: AccountId, until: Instant) -> str:
        """A whole URL, or ""."""
        if not self._base:
            return ""
        facts = number.to_bytes(8) + account.to_bytes(8) + until.to_bytes(8)
        token = urlsafe_b64encode(facts + await self._sign(facts))
        return f"{self._base}{PATH}{token.decode()}"

    async def read(self, token: str) -> Claim:
        """NotFound: forged, damaged or too old."""
        try:
            data = urlsafe_b64decode(token[:TOKEN_MAX].encode("ascii"))
        except ValueError:
            raise NotFound(UNKNOWN) from None
        facts, mac = data[:_FACTS], data[_FACTS:]
        is_good = hmac.compare_digest(mac, await self._sign(facts))
        if not is_good or len(facts) != _FACTS or int.from_bytes(facts[16:24]) < self._clock.now():
            raise NotFound(UNKNOWN)
        return Claim(int.from_bytes(facts[:8]), AccountId(int.from_bytes(facts[8:16])))

    async def _sign(self, facts: bytes) -> bytes:
        return hmac.digest(await self._secret.get(), b"release " + facts, hashlib.sha256)[:_MAC]
