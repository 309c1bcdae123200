"""What an examination asks for, held in memory."""

from dataclasses import dataclass, field

from mailstead.ground.model.opinion import Opinion
from mailstead.ground.model.policy import Policy
from mailstead.services.checks.specimen import Specimen


@dataclass(frozen=True, slots=True)
class OnePolicy:
    """The same for every domain."""

    policy: Policy

    async def of(self, _domain: str) -> Policy:
        """Whatever the domain."""
        return self.policy


@dataclass(slots=True)
class SetPanel:
    """Says what it was told to say, and remembers what it was shown."""

    opinions: tuple[Opinion, ...] = ()
    shown: list[Specimen] = field(default_factory=list)

    async def examine(self, specimen: Specimen) -> tuple[Opinion, ...]:
        """As set."""
        self.shown.append(specimen)
        return self.opinions
