"""The hooks there are, as a worker remembers them; a change holds from the next look on, in all workers and nodes."""

from mailstead.ground.model.errors import Busy
from mailstead.ground.model.hook import Hook, Stage
from mailstead.store.port import ReadTx, Store


class HookBook:
    """One for a worker. Who begins a transaction looks, and who has a letter to be judged."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._mark = -1
        self._hooks: tuple[Hook, ...] = ()

    async def look(self) -> None:
        """The mark of the store is one row by its key. While the store is busy, what was known holds."""

        async def unit(tx: ReadTx) -> tuple[int, list[Hook] | None]:
            mark = await tx.policies.mark()
            return mark, None if mark == self._mark else await tx.hooks.list_hooks()

        try:
            self._mark, found = await self._store.read(unit)
        except Busy:
            return
        if found is not None:
            self._hooks = tuple(found)

    def of(self, stage: Stage) -> tuple[Hook, ...]:
        """As of the last look."""
        return tuple(hook for hook in self._hooks if stage in hook.stages)
