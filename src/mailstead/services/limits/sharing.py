"""What the nodes of a cluster tell each other of their counts: a row for each name, in the database they share.

A node counts a few by itself, tells of them each second, and asks before it counts more than these; the last few
before a limit are nobody's but those. So n nodes with f free ones each let in no more than (n - 1) * f too many, which
is at most 5 % or one, whichever is more; and a name that comes once in a while costs nobody a question. A database that
does not answer leaves each node to what it knows.
"""

import asyncio
from typing import Final

from mailstead.ground.model.errors import MailError
from mailstead.ground.model.ids import Instant
from mailstead.ground.model.sliding import slide, take_back
from mailstead.net.clock import Clock
from mailstead.net.ledger import Answer, Ledger, Taken
from mailstead.store.port import Lane, ReadTx, Store, Tx
from mailstead.store.port.limits import SharedCount

TELL_EVERY: Final = 1.0
SEEN_EVERY: Final = 20.0
SEEN_FOR: Final = 60_000
"""Milliseconds after which a node counts as gone."""
TOLD_AT_ONCE: Final = 200
UNTOLD_MAX: Final = 100_000
TOLERANCE: Final = 20
"""A twentieth of a limit is what all nodes together may be off."""

Name = tuple[str, int]
"""And its span."""


class Sharing:
    """One for a worker of a cluster."""

    def __init__(self, store: Store, ledger: Ledger, clock: Clock) -> None:
        self._store = store
        self._ledger = ledger
        self._clock = clock
        self._untold: dict[Name, None] = {}
        self._asked: dict[Name, asyncio.Event] = {}
        self._others = 1  # until it is known: a second node may begin at any moment
        self._seen_at = -SEEN_EVERY

    def free(self, limit: int) -> int:
        """How many this node may count before the others hear of them: see the top of this file."""
        return max(limit // TOLERANCE, 1) // self._others

    def touch(self, name: str, span: int) -> None:
        """There is something to tell."""
        if len(self._untold) < UNTOLD_MAX:
            self._untold[name, span] = None

    async def take(self, name: str, span: int, limit: int) -> Taken:
        """Count one more: by ourselves, or by what all nodes know. What is free at each node is kept back for them."""
        free, key = self.free(limit), (name, span)
        while (taken := self._ledger.take(name, span, limit, free=free)).answer is Answer.ASK:
            asked = self._asked.get(key) if free else None
            if asked is None:
                taken = await self._ask_once(key, limit, free)
                break
            await asked.wait()  # its answer leaves some free for us
        if taken.answer is Answer.TAKEN:
            self.touch(name, span)
        return taken

    async def take_exactly(self, name: str, span: int, limit: int) -> Taken:
        """Count one more, and let all nodes know."""
        return await self._ask((name, span), limit, 0)

    async def _ask_once(self, key: Name, limit: int, free: int) -> Taken:
        asked = self._asked[key] = asyncio.Event()
        try:
            taken = await self._ask(key, limit, free)
        finally:
            if self._asked.get(key) is asked:
                del self._asked[key]
            asked.set()
        if taken.answer is Answer.FULL and free:
            return self._ledger.take(*key, limit, free=free)
        return taken

    async def _ask(self, key: Name, limit: int, free: int) -> Taken:
        (name, span), amount, now = key, self._ledger.claim(*key), self._clock.now()

        async def unit(tx: Tx) -> tuple[bool, SharedCount]:
            counts = await _advance(tx, key, amount, now)
            has_room = sum(counts.counts) < limit - free
            if has_room:
                counts = SharedCount(counts.head, (counts.counts[0] + 1, *counts.counts[1:]), counts.version)
            await tx.limits.write_count(_row(key), counts, Instant(now + 2 * span))
            return has_room, counts

        try:
            has_room, told = await self._store.write(unit)
        except MailError:
            self._ledger.keep(name, span, amount)
            return self._ledger.take(name, span, limit)
        self._ledger.settle(name, span, amount, (told.head, told.counts, told.version))
        return Taken(Answer.TAKEN if has_room else Answer.FULL, sum(told.counts))

    async def forget(self, name: str, span: int) -> None:
        """Begin at nothing, on all nodes."""
        now = self._clock.now()

        async def unit(tx: Tx) -> None:
            counts = await _advance(tx, (name, span), 0, now)
            empty = SharedCount(counts.head, (0,) * len(counts.counts), counts.version)
            await tx.limits.write_count(_row((name, span)), empty, Instant(now + 2 * span))

        await self._store.write(unit)

    async def keep_telling(self) -> None:
        """Until cancelled."""
        while True:
            await asyncio.sleep(TELL_EVERY)
            try:
                await self.see()
                await self.tell()
            except MailError:
                continue  # a busy database: with the next turn

    async def see(self) -> None:
        """Who else is here? And so are we."""
        if self._clock.monotonic() - self._seen_at < SEEN_EVERY:
            return
        now, node = self._clock.now(), self._ledger.node

        async def note(tx: Tx) -> None:
            await tx.limits.see_node(node, now)

        async def count(tx: ReadTx) -> int:
            return await tx.limits.count_nodes(Instant(now - SEEN_FOR))

        await self._store.write(note, lane=Lane.BULK)
        self._others = max(await self._store.read(count) - 1, 1)
        self._seen_at = self._clock.monotonic()

    async def tell(self) -> None:
        """What was counted here, and learn what was counted elsewhere."""
        while names := sorted(self._untold)[:TOLD_AT_ONCE]:
            for name in names:
                del self._untold[name]
            claims = {name: amount for name in names if (amount := self._ledger.claim(*name))}
            if claims:
                await self._tell(claims)

    async def _tell(self, claims: dict[Name, int]) -> None:
        now = self._clock.now()

        async def unit(tx: Tx) -> list[tuple[Name, SharedCount]]:
            told = []
            for key in sorted(claims, key=_row):  # in one order, as all who hold several
                counts = await _advance(tx, key, claims[key], now)
                await tx.limits.write_count(_row(key), counts, Instant(now + 2 * key[1]))
                told.append((key, counts))
            return told

        try:
            told = await self._store.write(unit, lane=Lane.BULK)
        except MailError:
            for name, amount in claims.items():
                self._ledger.keep(*name, amount)
            raise
        for name, counts in told:
            self._ledger.settle(*name, claims[name], (counts.head, counts.counts, counts.version))


async def _advance(tx: Tx, key: Name, amount: int, now: Instant) -> SharedCount:
    """What all nodes counted up to now, with so many more (or less) of this one."""
    held = await tx.limits.hold_count(_row(key))
    head, counts = slide(held.head, list(held.counts), now, key[1])
    if amount > 0:
        counts[0] += amount
    else:
        take_back(counts, -amount)
    return SharedCount(head, tuple(counts), held.version + 1)


def _row(key: Name) -> str:
    return f"{key[0]} {key[1]}"
