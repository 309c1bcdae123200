"""What an operator sees of the spool: pages, one letter with its story, counts, lanes, octets."""

import asyncio
from bisect import bisect_right
from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from operator import itemgetter
from typing import Final

from mailstead.ground.model.address import Address
from mailstead.ground.model.audit import Actor, Deed
from mailstead.ground.model.errors import Invalid, NotFound
from mailstead.ground.model.ids import AccountId, Instant, SpoolId
from mailstead.ground.model.spool import QUEUES, SpooledLetter, SpooledRecipient, State
from mailstead.net.clock import Clock
from mailstead.services.spool.filters import EVERYTHING, Filter
from mailstead.services.spool.terms import DAY, HOUR
from mailstead.store.port import ReadTx, Store, Tx
from mailstead.store.port.spool import NO_LETTER, Lane, Share, StoryRow, Wanted

PAGE_MAX: Final = 500
RECIPIENTS_SHOWN: Final = 1000
AGES: Final = (HOUR // 12, HOUR // 4, HOUR, 4 * HOUR, DAY, 3 * DAY)
"""Milliseconds; the last class is everything older."""
_READ_AT_ONCE: Final = 256 * 1024

Mark = tuple[SpoolId, int]


@dataclass(frozen=True, slots=True)
class Entry:
    """Those recipients of a letter that are in one queue: what an operator calls a message in the queue."""

    letter: SpooledLetter
    state: State
    recipients: tuple[SpooledRecipient, ...]


@dataclass(frozen=True, slots=True)
class Page:
    """`after` asks for the next one; None: this is the last."""

    entries: tuple[Entry, ...]
    after: Mark | None


@dataclass(frozen=True, slots=True)
class Dossier:
    """All of a letter, settled ones too."""

    letter: SpooledLetter
    recipients: tuple[SpooledRecipient, ...]
    story: tuple[StoryRow, ...]

    @property
    def entries(self) -> tuple[Entry, ...]:
        """Its recipients by state, in the order of the queues, then how others ended."""
        return tuple(_entries_of(self.letter, self.recipients))


@dataclass(slots=True)
class Tally:
    """`letters` counts a letter once for each queue it is in, `size` too."""

    letters: int = 0
    recipients: int = 0
    size: int = 0
    oldest: Instant | None = None

    def add(self, shares: Sequence[Share]) -> None:
        """What one letter has here."""
        if shares:
            first = shares[0]
            self.letters += 1
            self.recipients += sum(share.count for share in shares)
            self.size += first.size
            self.oldest = first.created_at if self.oldest is None else min(self.oldest, first.created_at)


@dataclass(slots=True)
class Stats:
    """Of each queue, and of all letters together, each counted once."""

    at: Instant
    total: Tally = field(default_factory=Tally)
    queues: dict[State, Tally] = field(default_factory=lambda: {state: Tally() for state in QUEUES})


@dataclass(frozen=True, slots=True)
class Row:
    """Of the matrix: recipients of one destination by age class, the youngest first."""

    destination: str
    counts: tuple[int, ...]

    @property
    def total(self) -> int:
        """Of all ages."""
        return sum(self.counts)


class Looking:
    """Long looks are taken in short reads, others come between."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    async def page(self, wish: Filter, *, after: Mark | None = None, limit: int = 100) -> Page:
        """Up to `limit` recipients, whole letters as far as that goes."""
        if not 0 < limit <= PAGE_MAX:
            raise Invalid(f"a page has 1 to {PAGE_MAX} rows")
        wanted = wish.wanted(self._clock.now())

        async def look(tx: ReadTx) -> list[tuple[SpooledLetter, SpooledRecipient]]:
            return await tx.spool.list_waiting(wanted, after=after, limit=limit + 1)

        pairs = await self._store.read(look)
        has_more = len(pairs) > limit
        if has_more:
            cut = pairs[-1][0].id
            whole = [pair for pair in pairs if pair[0].id != cut]
            pairs = whole or pairs[:-1]
        entries: list[Entry] = []
        for letter, mine in groupby(pairs, key=itemgetter(0)):
            entries += _entries_of(letter, (recipient for _, recipient in mine))
        last = (pairs[-1][0].id, pairs[-1][1].number) if has_more else None
        return Page(tuple(entries), last)

    async def entries(self, wish: Filter) -> AsyncIterator[Entry]:
        """All of them, page after page."""
        after: Mark | None = None
        while True:
            page = await self.page(wish, after=after, limit=PAGE_MAX)
            for entry in page.entries:
                yield entry
            if page.after is None:
                return
            after = page.after

    async def show(self, number: SpoolId) -> Dossier:
        """NotFound."""

        async def look(tx: ReadTx) -> Dossier:
            letter = await tx.spool.get_letter(number)
            recipients = await tx.spool.list_recipients(number, limit=RECIPIENTS_SHOWN)
            return Dossier(letter, tuple(recipients), tuple(await tx.spool.list_story(number)))

        return await self._store.read(look)

    async def stats(self, wish: Filter = EVERYTHING) -> Stats:
        """Counted now."""
        stats = Stats(self._clock.now())
        async for shares in self._survey(wish):
            stats.total.add(shares)
            for state, tally in stats.queues.items():
                tally.add([share for share in shares if share.state is state])
        return stats

    async def shape(self, wish: Filter = EVERYTHING, limit: int = 100) -> list[Row]:
        """Recipients by destination and age, the destinations with most of them first."""
        now = self._clock.now()
        counts: dict[str, list[int]] = {}
        async for shares in self._survey(wish):
            place = bisect_right(AGES, now - shares[0].created_at)
            for share in shares:
                counts.setdefault(share.destination, [0] * (len(AGES) + 1))[place] += share.count
        rows = [Row(name, tuple(numbers)) for name, numbers in counts.items()]
        return sorted(rows, key=lambda row: (-row.total, row.destination))[:limit]

    async def lanes(self, *, only_paused: bool = True) -> list[Lane]:
        """Destinations somebody waits for: those left alone for now, or all of them."""
        now = self._clock.now()
        found = await self._store.read(lambda tx: tx.spool.list_lanes(only_paused=only_paused))
        return [lane for lane in found if not only_paused or lane.paused_until > now]

    async def account_of(self, address: Address) -> AccountId:
        """For a filter; NotFound."""
        account = await self._store.read(lambda tx: tx.directory.find_account(address))
        if account is None:
            raise NotFound(f"there is no account {address}")
        return account.id

    async def open(self, number: SpoolId, *, by: Actor) -> tuple[SpooledLetter, AsyncIterator[bytes]]:
        """The octets as they will leave, but for what signing adds; NotFound once they are gone.

        Who looks into a letter is told in the audit first, so that its people can know.
        """
        letter = await self._store.read(lambda tx: tx.spool.get_letter(number))
        if letter.blob_id is None:
            raise NotFound(f"everything about letter {number} is settled: its octets are gone")
        await self._store.write(_Viewing(letter, by, self._clock.now()))
        return letter, self._octets(letter)

    async def _octets(self, letter: SpooledLetter) -> AsyncIterator[bytes]:
        assert letter.blob_id is not None
        reader = await self._store.blobs.open(letter.blob_id)
        yield letter.prefix
        for offset in range(0, reader.size, _READ_AT_ONCE):
            yield await reader.read(offset, _READ_AT_ONCE)

    async def _survey(self, wish: Filter) -> AsyncIterator[list[Share]]:
        """Letter by letter."""
        wanted, after = wish.wanted(self._clock.now()), NO_LETTER
        while True:
            shares, last = await self._store.read(_Survey(wanted, after))
            for _, mine in groupby(shares, key=lambda share: share.letter_id):
                yield list(mine)
            if last is None:
                return
            after = last
            await asyncio.sleep(0)


@dataclass(frozen=True, slots=True)
class _Viewing:
    """Tells of a look."""

    letter: SpooledLetter
    by: Actor
    now: Instant

    async def __call__(self, tx: Tx) -> None:
        deed = Deed(action="letter.viewed", subject=str(self.letter.id), domain=self.letter.domain)
        await tx.audit.record(self.by, deed, self.now)


@dataclass(frozen=True, slots=True)
class _Survey:
    """One step of counting."""

    wanted: Wanted
    after: SpoolId

    async def __call__(self, tx: ReadTx) -> tuple[list[Share], SpoolId | None]:
        return await tx.spool.survey(self.wanted, after=self.after)


def _entries_of(letter: SpooledLetter, recipients: Iterable[SpooledRecipient]) -> list[Entry]:
    """In the order of the queues."""
    by_state: dict[State, list[SpooledRecipient]] = {}
    for one in recipients:
        by_state.setdefault(one.state, []).append(one)
    return [Entry(letter, state, tuple(by_state[state])) for state in State if state in by_state]
