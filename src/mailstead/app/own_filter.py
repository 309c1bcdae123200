"""Our own spam filter, made of the configuration."""

from mailstead.app.config import Config
from mailstead.ground.model.opinion import Opinion
from mailstead.services.checks.specimen import Panel, Specimen
from mailstead.services.filters.own.own import OwnFilter


class WithOwn:
    """A panel that hears our own filter beside those of others."""

    def __init__(self, others: Panel, own: OwnFilter) -> None:
        self._others = others
        self._own = own

    async def examine(self, specimen: Specimen) -> tuple[Opinion, ...]:
        """Others first: they may take their time, ours takes none to speak of."""
        return (*await self._others.examine(specimen), *await self._own.examine(specimen))


def with_own(config: Config, others: Panel) -> Panel:
    """The same with ours, unless the operator does without."""
    return WithOwn(others, OwnFilter()) if config.security.own_filter.enabled else others
