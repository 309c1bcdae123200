"""What was learned, as this worker remembers it: looked at anew for each letter, read again only where it changed."""

from collections import OrderedDict
from collections.abc import Iterable
from typing import Final

from mailstead.ground.formats.spam.lore import OWN_BITS, SHARED_BITS, Lore
from mailstead.ground.formats.spam.tokens import VERSION
from mailstead.ground.model.ids import AccountId
from mailstead.store.port import ReadTx, Store
from mailstead.store.port.learning import EVERYBODY, LoreMark

SCOPES_MAX: Final = 32
"""Accounts whose weights are remembered: a quarter of a megabyte each."""


class Memory:
    """One for a worker."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._lores: OrderedDict[AccountId, Lore] = OrderedDict()

    async def recall(self, scopes: Iterable[AccountId]) -> dict[AccountId, Lore]:
        """As of now; at most SCOPES_MAX of them. What was never taught weighs nothing and costs no room."""
        wanted = list(dict.fromkeys(scopes))[:SCOPES_MAX]

        async def unit(tx: ReadTx) -> dict[AccountId, tuple[LoreMark, list[tuple[int, bytes]]]]:
            found = {}
            for scope in wanted:
                mark = await tx.learning.mark(scope)
                known = self._lores.get(scope)
                after = known.version if known is not None else 0
                pages = await tx.learning.pages(scope, after=after) if mark.version > after else []
                found[scope] = mark, pages
            return found

        found = await self._store.read(unit)
        return {scope: self._renew(scope, mark, pages) for scope, (mark, pages) in found.items() if _is_of_use(mark)}

    def _renew(self, scope: AccountId, mark: LoreMark, pages: list[tuple[int, bytes]]) -> Lore:
        lore = self._lores.get(scope)
        if lore is None:
            lore = self._lores[scope] = Lore(SHARED_BITS if scope == EVERYBODY else OWN_BITS)
        for number, data in pages:
            lore.turn_page(number, data)
        if mark.version > lore.version:
            lore.version, lore.spam, lore.ham = mark.version, mark.spam, mark.ham
        self._lores.move_to_end(scope)
        while len(self._lores) > SCOPES_MAX:
            self._lores.popitem(last=False)
        return lore


def _is_of_use(mark: LoreMark) -> bool:
    return mark.version > 0 and mark.tokens == VERSION
