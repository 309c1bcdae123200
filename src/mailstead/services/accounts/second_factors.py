"""Second factors at a login: whether one is asked for, and whether a code is good."""

import hashlib
import re
from dataclasses import replace
from enum import Enum
from typing import Final, Protocol

from mailstead.ground.formats.totp import find_step, read_code
from mailstead.ground.model.directory import User
from mailstead.ground.model.second_factor import Judged, SecondFactor
from mailstead.net.clock import Clock
from mailstead.store.port import ReadTx, Store, Tx

RECOVERY: Final = 16
"""Characters of a recovery code: 80 bits."""
ALPHABET: Final = "23456789abcdefghijkmnpqrstuvwxyz"  # no 0 O 1 l
_RECOVERY: Final = re.compile(rf"[{ALPHABET}]{{{RECOVERY}}}\Z")


class Demand(Enum):
    """What a user has to show beside the password."""

    NOTHING = "nothing"
    CODE = "code"
    ENROLMENT = "enrolment"  # the domain asks for a second factor, and there is none yet


class Enforcement(Protocol):
    """What domains want: see `services.policy`."""

    async def holds(self, domain: str) -> bool:
        """Whether this domain's people need a second factor."""

    async def is_anywhere(self) -> bool:
        """Whether those of any domain do."""


class NoEnforcement:
    """Nobody has to have one."""

    async def holds(self, domain: str) -> bool:  # noqa: ARG002
        """No."""
        return False

    async def is_anywhere(self) -> bool:
        """No."""
        return False


def digest_of_recovery(text: str) -> str:
    """Of what may be a recovery code, however it was typed; "" for what cannot be."""
    letters = text.replace("-", "").replace(" ", "").lower()
    return hashlib.sha256(letters.encode()).hexdigest() if _RECOVERY.match(letters) else ""


class Totp:
    """One for a worker: it remembers nothing, so that a code is taken once by all workers and nodes together."""

    def __init__(self, store: Store, clock: Clock, enforcement: Enforcement | None = None) -> None:
        self._store = store
        self._clock = clock
        self._enforcement = enforcement or NoEnforcement()

    async def demand(self, user: User) -> Demand:
        """What this user has to show. Mail protocols cannot ask for it: there only app passwords and tokens do."""

        async def unit(tx: ReadTx) -> bool:
            return await tx.second_factors.is_asked(user.id)

        if await self._store.read(unit):
            return Demand.CODE
        domain = user.login.rpartition("@")[2]
        return Demand.ENROLMENT if await self._enforcement.holds(domain) else Demand.NOTHING

    async def is_anybody_bound(self) -> bool:
        """Whether there are people who cannot come in with the password alone."""

        async def unit(tx: ReadTx) -> bool:
            return await tx.second_factors.are_any_asked()

        return await self._store.read(unit) or await self._enforcement.is_anywhere()

    async def check(self, user: User, code: str) -> Judged:
        """Judge a code of the app, or a recovery code, of a user whose password was right. A good one is used up."""
        now, digits, recovery = self._clock.now(), read_code(code), digest_of_recovery(code)

        async def unit(tx: Tx) -> Judged:
            factor = await tx.second_factors.hold(user.id)
            if factor is None or factor.confirmed_at is None:
                return Judged.MISSING
            if factor.is_shut(now):
                return Judged.SHUT
            step = find_step(bytes.fromhex(factor.secret), digits, now, after=factor.last_step) if digits else None
            if step is not None:
                await tx.second_factors.put(replace(factor, last_step=step, failures=0))
                return Judged.GOOD
            if recovery and await tx.second_factors.take_recovery(user.id, recovery, now):
                await tx.second_factors.put(replace(factor, failures=0))
                return Judged.RECOVERED
            await tx.second_factors.put(replace(factor, failures=factor.failures_after(now), failed_at=now))
            return Judged.WRONG

        return await self._store.write(unit)

    async def find(self, user: User) -> tuple[SecondFactor | None, int]:
        """What there is, and how many recovery codes are left."""

        async def unit(tx: ReadTx) -> tuple[SecondFactor | None, int]:
            return await tx.second_factors.find(user.id), await tx.second_factors.count_recovery(user.id)

        return await self._store.read(unit)
