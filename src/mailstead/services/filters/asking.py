"""What a filter is to the panel that asks it."""

from typing import Protocol

from mailstead.ground.model.opinion import Concern, Opinion
from mailstead.services.checks.specimen import Specimen


class Silent(Exception):  # noqa: N818 - news about another program
    """The filter has no answer. The words say why, for operators."""

    is_down = True  # it may be better to leave it alone for a while


class Unable(Silent):
    """It is well, and says that it cannot judge this letter: strangers who know such letters must not silence it."""

    is_down = False


class Filter(Protocol):
    """One that is configured. `name` is the source of its opinions."""

    @property
    def name(self) -> str: ...

    @property
    def concern(self) -> Concern: ...

    @property
    def place(self) -> str:
        """Where it is, for operators."""

    def is_wanted(self, specimen: Specimen) -> bool:
        """Whether the domain of any recipient wants it asked."""

    async def ask(self, specimen: Specimen) -> tuple[Opinion, ...]:
        """What it thinks; Silent. Its time is kept by who asks."""
