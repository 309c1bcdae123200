"""All filters of one worker, asked about a letter at the same time."""

import asyncio
from collections.abc import Sequence

from mailstead.ground.model.opinion import Opinion
from mailstead.services.checks.specimen import Specimen
from mailstead.services.filters.watched import WatchedFilter


class FilterPanel:
    """The `Panel` of `services.checks`."""

    def __init__(self, filters: Sequence[WatchedFilter]) -> None:
        self.filters = tuple(filters)

    async def examine(self, specimen: Specimen) -> tuple[Opinion, ...]:
        """In the order of the filters, whoever answers first."""
        wanted = [one for one in self.filters if one.filter.is_wanted(specimen)]
        if not wanted:
            return ()
        if len(wanted) == 1:
            return await wanted[0].ask(specimen)
        async with asyncio.TaskGroup() as together:
            asked = [together.create_task(one.ask(specimen)) for one in wanted]
        return tuple(opinion for task in asked for opinion in task.result())
