"""Guards of sending: counts in windows, limits, pauses, suppressed recipients, rules to hold by."""

from collections.abc import Sequence
from typing import Final, Protocol

from mailstead.ground.model.address import Address
from mailstead.ground.model.guards import Breaker, Counted, HoldRule, Limits, Subject, Suppression
from mailstead.ground.model.ids import AccountId, Instant
from mailstead.ground.model.rate import Period, Window

RULES_MAX: Final = 1000
RULES_VERSION: Final = "rules"
"""The mark that each change of the rules counts up."""


class GuardReads(Protocol):
    """What is not there is an empty value."""

    async def read_window(self, subject: Subject, counted: Counted, period: Period) -> Window: ...
    async def read_limits(self, subject: Subject) -> Limits: ...
    async def list_limits(self, limit: int = 1000) -> list[tuple[Subject, Limits]]:
        """By scope and name."""

    async def count_strangers(self, account: AccountId, addresses: Sequence[Address]) -> int:
        """How many of these (each given once) the account has never written to."""

    async def read_breakers(self, subjects: Sequence[Subject]) -> list[Breaker]:
        """Of these, open or not."""

    async def list_breakers(self, limit: int = 1000) -> list[Breaker]:
        """Latest end first."""

    async def list_unreleased(self, now: Instant, limit: int = 50) -> list[Breaker]:
        """Those whose pause is over, and what they held was not let go yet."""

    async def find_suppressions(self, domain: str, addresses: Sequence[Address], now: Instant) -> list[Suppression]:
        """Of these recipients, the ones that hold now."""

    async def list_suppressions(
        self, now: Instant, *, domain: str = "", after: tuple[str, str] = ("", ""), limit: int = 500
    ) -> list[Suppression]:
        """By domain and key of the address; go on by giving the last pair seen."""

    async def list_rules(self) -> list[HoldRule]:
        """By id; at most RULES_MAX."""

    async def read_mark(self, name: str) -> int:
        """A number kept under a name; 0 if there is none."""


class GuardWrites(GuardReads, Protocol):
    """Within units. Take windows in the order of their subjects: that is how deadlocks are avoided."""

    async def hold_window(self, subject: Subject, counted: Counted, period: Period, now: Instant) -> Window:
        """Lock a count, made if need be."""

    async def write_window(self, subject: Subject, counted: Counted, period: Period, window: Window) -> None:
        """One that is held."""

    async def clear_windows(self, subject: Subject, counted: Sequence[Counted]) -> None:
        """What was counted so far counts no longer."""

    async def write_limits(self, subject: Subject, limits: Limits) -> None:
        """In place of those before; what is None is forgotten."""

    async def note_acquaintances(self, account: AccountId, addresses: Sequence[Address], now: Instant) -> None:
        """The account writes to them; those it knew stay as they are."""

    async def write_breaker(self, breaker: Breaker) -> None: ...
    async def write_suppression(self, suppression: Suppression) -> None:
        """In place of the one before."""

    async def delete_suppression(self, domain: str, address: Address) -> Suppression:
        """NotFound."""

    async def insert_rule(self, rule: HoldRule) -> HoldRule:
        """With its id; LimitReached past RULES_MAX."""

    async def delete_rule(self, rule: int) -> HoldRule:
        """NotFound."""

    async def keep_mark(self, name: str, fresh: int) -> int:
        """The number of that name, which is `fresh` if there was none."""

    async def forget_stale(self, *, counts_before: Instant, now: Instant, limit: int = 500) -> int:
        """Drop counts that nobody touched since, and suppressions that ran out; gives how many rows went, 0 when
        done."""
