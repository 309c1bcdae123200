"""What is said of a client and a sender, as every worker asks it. A change holds from the next question on, in all
workers and nodes: each one looks at the mark of the lists (one row by its key) and, unless it has moved, goes on with
what it remembers.
"""

from collections import OrderedDict
from collections.abc import Sequence
from typing import Final

from mailstead.ground.model.address import Address
from mailstead.ground.model.blocks import NOTHING_SAID, Entry, Standing, keys_of, weigh
from mailstead.net.clock import Clock
from mailstead.store.port import ReadTx, Store

REMEMBERED_MAX: Final = 20_000
"""Pairs of a client and a sender, of which hardly any has an entry."""

Pair = tuple[str, str]


class Blocks:
    """One for each worker."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._mark = -1
        self._known: OrderedDict[Pair, Sequence[Entry]] = OrderedDict()

    async def standing(self, ip: str, sender: Address | None = None) -> Standing:
        """Of a client alone, or with the sender that it gives."""
        pair = (ip, sender.key if sender is not None else "")
        entries = await self._entries(pair, sender)
        return weigh(entries, keys_of(ip, sender), self._clock.now()) if entries else NOTHING_SAID

    async def is_allowed(self, ip: str, sender: Address | None = None, *, domain: str = "") -> bool:
        """Whether the allow list lets it past limits, lists and greylisting: for all our domains, or for this one."""
        return (await self.standing(ip, sender)).is_allowed(domain)

    async def is_blocked(self, ip: str, sender: Address | None = None, *, domain: str = "") -> bool:
        """Whether it is not heard."""
        return bool((await self.standing(ip, sender)).objection(domain))

    async def _entries(self, pair: Pair, sender: Address | None) -> Sequence[Entry]:
        async def unit(tx: ReadTx) -> tuple[int, Sequence[Entry]]:
            mark = await tx.blocks.mark()
            known = self._known.get(pair) if mark == self._mark else None
            return mark, known if known is not None else await tx.blocks.find(keys_of(pair[0], sender))

        mark, entries = await self._store.read(unit)
        if mark > self._mark:
            self._known.clear()
            self._mark = mark
        if mark == self._mark:  # else somebody looked again meanwhile, and knows better
            self._remember(pair, entries)
        return entries

    def _remember(self, pair: Pair, entries: Sequence[Entry]) -> None:
        self._known[pair] = entries
        self._known.move_to_end(pair)
        if len(self._known) > REMEMBERED_MAX:
            self._known.popitem(last=False)
