"""What domains want, by their names; and the template that new ones are copied from."""

from typing import Protocol

from mailstead.ground.model.ids import Instant
from mailstead.ground.model.policy import Policy, Sheet


class PolicyReads(Protocol):
    """Names are canonical, and never those of alias domains."""

    async def mark(self) -> int:
        """It is another number after each change of a policy, of the template or of the domains there are."""

    async def get_policy(self, domain: str) -> Policy:
        """The defaults with version 0 if nobody wrote one down."""

    async def enforces_totp(self) -> bool:
        """Whether any domain has auth.totp_enforced."""

    async def get_template(self) -> Sheet:
        """Of new domains."""


class PolicyWrites(PolicyReads, Protocol):
    """Within units."""

    async def advance(self) -> int:
        """The next mark: the first statement of every unit that changes a policy. It is the version of what it puts."""

    async def put_policy(self, domain: str, policy: Policy, *, version: int, now: Instant) -> Policy:
        """In place of what is there; gives it with version and time."""

    async def put_template(self, sheet: Sheet, *, version: int, now: Instant) -> Sheet:
        """The same for new domains."""
