"""Policies as every worker remembers them. A change holds from the next look on, in all workers and nodes.

Nothing is sent around when a policy changes: who begins a session or a transaction looks at the mark of the store (one
row by its key) and, unless it has moved, goes on with what is remembered.
"""

from typing import Final

from mailstead.ground.model.policy import Policy
from mailstead.store.port import ReadTx, Store

REMEMBERED_MAX: Final = 10_000
"""Domains."""


class View:
    """The policies as of one mark. Keep it for one session or one transaction, which so is judged by one rule."""

    __slots__ = ("_known", "_store", "mark")

    def __init__(self, store: Store, mark: int) -> None:
        self.mark = mark
        self._store = store
        self._known: dict[str, Policy] = {}

    async def of(self, domain: str) -> Policy:
        """Of a domain by its canonical name; what is no domain of ours has the policy that a new one would get.

        A domain that is another's name has that one's.
        """
        policy = self._known.get(domain)
        if policy is None:
            policy = await self._store.read(lambda tx: read_policy(tx, domain))
            if len(self._known) >= REMEMBERED_MAX:
                del self._known[next(iter(self._known))]
            self._known[domain] = policy
        return policy


class Policies:
    """One for each worker."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._view = View(store, -1)

    async def look(self) -> View:
        """As they are now."""

        async def unit(tx: ReadTx) -> int:
            return await tx.policies.mark()

        mark = await self._store.read(unit)
        if mark != self._view.mark:
            self._view = View(self._store, mark)
        return self._view

    async def of(self, domain: str) -> Policy:
        """One alone, as it is now."""
        return await (await self.look()).of(domain)


async def read_policy(tx: ReadTx, name: str) -> Policy:
    """See `View.of`."""
    domain = await tx.directory.find_domain(name) if name else None
    if domain is None:
        return (await tx.policies.get_template()).policy
    if domain.alias_of is not None:
        domain = await tx.directory.get_domain(domain.alias_of)
    return await tx.policies.get_policy(domain.name)
