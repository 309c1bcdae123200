"""A verified password is remembered under a keyed hash, so that only the first login pays argon2."""

import asyncio
import hashlib
import hmac
import secrets
from collections import OrderedDict
from typing import Final

from mailstead.ground.model.errors import Busy
from mailstead.net.clock import Clock
from mailstead.services.accounts.passwords import PasswordHasher

REMEMBERED: Final = 10_000
REMEMBERED_FOR: Final = 3600.0
FLIGHTS_MAX: Final = 1000


class Remembered:
    """Verifies passwords. The stored hash is part of what is remembered: a new password forgets the old one."""

    def __init__(self, hasher: PasswordHasher, clock: Clock) -> None:
        self._hasher = hasher
        self._clock = clock
        self._key = secrets.token_bytes(32)
        self._verified: OrderedDict[bytes, float] = OrderedDict()
        self._flights: dict[bytes, asyncio.Task[bool]] = {}

    async def fits(self, user: int, password: str, stored: str, *, is_false: bool) -> bool:
        """Is it the password? `is_false`: there is none to find, and it takes as long."""
        ticket = self._ticket(user, stored, password)
        if self._remembers(ticket):
            return True
        fits = await self._verify_once(ticket, password, stored) and not is_false
        if fits:
            self._remember(ticket)
        return fits

    def remember(self, user: int, password: str, stored: str) -> None:
        """It is known to fit."""
        self._remember(self._ticket(user, stored, password))

    async def _verify_once(self, ticket: bytes, password: str, stored: str) -> bool:
        """The same login at the same time is verified once; a caller that goes away does not stop it for the others."""
        flight = self._flights.get(ticket)
        if flight is None:
            if len(self._flights) >= FLIGHTS_MAX:
                raise Busy("too many logins at once")
            flight = asyncio.create_task(self._hasher.verify(password, stored))
            self._flights[ticket] = flight
            flight.add_done_callback(lambda done: self._landed(ticket, done))
        return await asyncio.shield(flight)

    def _landed(self, ticket: bytes, flight: "asyncio.Task[bool]") -> None:
        del self._flights[ticket]
        if not flight.cancelled():
            flight.exception()  # seen, even if all who asked are gone

    def _ticket(self, user: int, stored: str, password: str) -> bytes:
        """Names a login without telling its password."""
        words = b"%d\0%s\0%s" % (user, stored.encode(), password.encode("utf-8", "surrogatepass"))
        return hmac.digest(self._key, words, hashlib.sha256)

    def _remembers(self, ticket: bytes) -> bool:
        until = self._verified.get(ticket)
        if until is None:
            return False
        if until <= self._clock.monotonic():
            del self._verified[ticket]
            return False
        self._verified.move_to_end(ticket)
        return True

    def _remember(self, ticket: bytes) -> None:
        self._verified[ticket] = self._clock.monotonic() + REMEMBERED_FOR
        self._verified.move_to_end(ticket)
        if len(self._verified) > REMEMBERED:
            self._verified.popitem(last=False)
