"""Hooks, made of the configuration and put together for one worker."""

from mailstead.app.config import Config
from mailstead.app.duties import Duty
from mailstead.ground.model.hook import Hook, Stage
from mailstead.net.clock import Clock
from mailstead.net.guarded import GuardedClient
from mailstead.services.checks.specimen import Panel
from mailstead.services.hooks.book import HookBook
from mailstead.services.hooks.calling import Caller
from mailstead.services.hooks.herald import Herald
from mailstead.services.hooks.panel import HookPanel
from mailstead.services.hooks.steps import HookSteps
from mailstead.services.hooks.trying import try_hook
from mailstead.store.port import Store


class HookRooms:
    """All that has to do with hooks."""

    def __init__(self, config: Config, store: Store, clock: Clock, client: GuardedClient) -> None:
        self._clock = clock
        self._book = HookBook(store)
        self._caller = Caller(client, clock, f"https://{config.server.hostname}")
        self._herald = Herald(store, self._book, self._caller, clock)
        self.steps = HookSteps(self._book, self._caller)

    def panel_around(self, filters: Panel) -> HookPanel:
        """Hooks are asked before the filters, and after them."""
        return HookPanel(filters, self._book, self._caller, self._clock)

    def duties(self) -> tuple[Duty, ...]:
        """What one worker of all does."""
        return (Duty("hooks", 1.0, self._herald.run),)

    async def try_hook(self, hook: Hook, stage: Stage) -> dict[str, object]:
        """For `hook test`."""
        return await try_hook(self._caller, self._clock, hook, stage)
