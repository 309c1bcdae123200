"""Finding a letter by any of its names: its number in the spool, the number that our 250 told, its Message-ID."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from typing import Any, Final

import msgspec

from mailstead.ground.model.errors import Invalid, NotFound
from mailstead.ground.model.ids import AccountId, Instant, SpoolId
from mailstead.net.clock import Clock
from mailstead.net.ids import moment_of
from mailstead.services.spool.filters import parse_id
from mailstead.services.spool.looking import Dossier, Looking
from mailstead.services.spool.terms import DAY
from mailstead.store.port import ReadTx, Store
from mailstead.store.port.duties import Trace, TraceMark

AROUND: Final = 5000
"""Milliseconds between the number of a transaction and the moment its letter was filed, at most."""
BACK: Final = 90 * DAY
STEPS_MAX: Final = 400
FOUND_MAX: Final = 100
NAME_MAX: Final = 1000
_STEP: Final = 500


@dataclass(frozen=True, slots=True)
class Filed:
    """A letter that was filed in an account here; `story` as `delivery.story` wrote it."""

    trace: Trace
    account: str  # its address; "" if it is gone
    message_id: str
    story: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Found:
    """All that is known under a name."""

    letters: tuple[Dossier, ...]
    filed: tuple[Filed, ...]


class Tracing:
    """Reads alone, and short ones: a look back through all of the past gives way after each step."""

    def __init__(self, store: Store, clock: Clock, looking: Looking) -> None:
        self._store = store
        self._clock = clock
        self._looking = looking

    async def find(self, name: str) -> Found:
        """NotFound says how far was looked; Invalid."""
        name = name.strip()
        if not name or len(name) > NAME_MAX:
            raise Invalid("say the number of a letter, or its Message-ID")
        found = await (self._by_number(parse_id(name)) if name.isdecimal() else self._by_message_id(name.strip("<>")))
        if not found.letters and not found.filed:
            raise NotFound(
                f"nothing is known of {name}: stories in the spool end after queue.history, others in 90 days"
            )
        owners = {one.trace.account_id for one in found.filed}
        addresses = await self._store.read(_Addresses(frozenset(owners)))
        filed = tuple(replace(one, account=addresses.get(one.trace.account_id, "")) for one in found.filed)
        return Found(found.letters, filed)

    async def _by_number(self, number: SpoolId) -> Found:
        """One transaction may have filed copies here, and spooled several letters, one for each name they leave in."""
        at = moment_of(number)
        filed = [one async for one in self._walk(Instant(at - AROUND), Instant(at + AROUND)) if _is_of(one, number)]
        letters = await self._letters([number])
        names = {dossier.letter.message_id for dossier in letters} | {one.message_id for one in filed}
        mark = b"id %d" % number
        for name in names - {""}:
            for sibling in await self._letters_of(name):
                if sibling.letter.id != number and mark in sibling.letter.prefix:
                    letters.append(sibling)
        return Found(tuple(letters), tuple(filed))

    async def _by_message_id(self, name: str) -> Found:
        letters = await self._letters_of(name)
        if letters:
            moments = sorted({dossier.letter.created_at for dossier in letters})
            spans = [(Instant(at - AROUND), Instant(at + AROUND)) for at in moments]
        else:
            now = self._clock.now()
            spans = [(Instant(now - BACK), now)]
        filed: dict[TraceMark, Filed] = {}
        for since, until in spans:
            async for one in self._walk(since, until):
                if one.message_id == name and len(filed) < FOUND_MAX:
                    filed[one.trace.mark] = one
        return Found(tuple(letters), tuple(filed.values()))

    async def _letters_of(self, name: str) -> list[Dossier]:
        return await self._letters(await self._store.read(lambda tx: tx.spool.find_letters(name, FOUND_MAX)))

    async def _letters(self, numbers: list[SpoolId]) -> list[Dossier]:
        dossiers = []
        for number in numbers:
            try:
                dossiers.append(await self._looking.show(number))
            except NotFound:
                continue
        return dossiers

    async def _walk(self, since: Instant, until: Instant) -> AsyncIterator[Filed]:
        """Latest first."""
        mark = TraceMark(Instant(until + 1))
        for _ in range(STEPS_MAX):
            step = await self._store.read(_Walk(since, mark))
            for trace, message_id in step:
                yield Filed(trace, "", message_id, msgspec.json.decode(trace.story))
            if len(step) < _STEP:
                return
            mark = step[-1][0].mark
            await asyncio.sleep(0)


@dataclass(frozen=True, slots=True)
class _Walk:
    since: Instant
    before: TraceMark

    async def __call__(self, tx: ReadTx) -> list[tuple[Trace, str]]:
        return await tx.duties.walk_traces(self.since, self.before, _STEP)


@dataclass(frozen=True, slots=True)
class _Addresses:
    owners: frozenset[AccountId]

    async def __call__(self, tx: ReadTx) -> dict[AccountId, str]:
        found = {}
        for owner in self.owners:
            try:
                found[owner] = str((await tx.directory.get_account(owner)).address)
            except NotFound:
                continue
        return found


def _is_of(one: Filed, number: SpoolId) -> bool:
    """The transaction's number, or that of the message it became."""
    return one.story.get("id") == number or one.trace.message_id == number
