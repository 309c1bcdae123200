"""The spool: letters that wait to leave, their recipients, the lanes they queue in, and their stories.

A lane is all recipients of one destination. Dispatch asks which lanes are due, claims some recipients of one, and
settles them: so a hundred thousand that wait for one dead host cost no more than its one row.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from mailstead.ground.model.ids import AccountId, Instant, SpoolId
from mailstead.ground.model.spool import LastWord, SpooledLetter, SpooledRecipient, State


@dataclass(frozen=True, slots=True)
class Lane:
    """All that waits for one destination. `paused_until`: nobody there is bothered before; `reason` says why."""

    destination: str
    due_at: Instant
    paused_until: Instant = Instant(0)  # noqa: RUF009 - a NewType makes nothing
    failures: int = 0  # attempts in a row that reached nobody
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settlement:
    """What becomes of one recipient that was held by a lease."""

    number: int
    state: State
    due_at: Instant
    last: LastWord | None
    is_try: bool = True  # counts as an attempt
    hold_reason: str = ""


@dataclass(frozen=True, slots=True)
class StoryRow:
    """One chapter: an attempt, a notice, something done by hand. `detail` is JSON."""

    letter_id: SpoolId
    id: int  # from `net.ids`: rises with time
    at: Instant
    kind: str  # "attempt", "notice", "hand", "expired", ...
    detail: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which recipients an operator means. Empty fields do not matter; all that are given must hold."""

    states: tuple[State, ...] = ()
    letter: SpoolId | None = None
    sender: str = ""  # an address, or "@domain"
    recipient: str = ""  # an address, or "@domain"
    destination: str = ""
    account: AccountId | None = None
    created_before: Instant | None = None
    created_after: Instant | None = None


@dataclass(frozen=True, slots=True)
class Cell:
    """How many recipients of one destination and one state were spooled between two moments."""

    destination: str
    state: State
    age: int  # number of the age class, 0 the youngest
    count: int


class SpoolReads(Protocol):
    """`get_` raises NotFound."""

    async def get_letter(self, letter: SpoolId) -> SpooledLetter: ...
    async def list_recipients(self, letter: SpoolId, after: int = -1, limit: int = 1000) -> list[SpooledRecipient]:
        """By number."""

    async def find_letters(self, message_id: str, limit: int = 100) -> list[SpoolId]:
        """Of that Message-ID, latest first."""

    async def list_waiting(
        self, wanted: Wanted, *, after: tuple[SpoolId, int] | None = None, limit: int = 100
    ) -> list[tuple[SpooledLetter, SpooledRecipient]]:
        """Of the four queues, in the order of letters and numbers; go on by giving the last pair seen."""

    async def count_waiting(self, wanted: Wanted) -> dict[State, tuple[int, int]]:
        """Recipients, and the bytes of their letters, by state."""

    async def shape(self, ages: Sequence[Instant], limit: int = 100) -> list[Cell]:
        """Age by destination: `ages` are moments, latest first; the destinations with most recipients."""

    async def due_lanes(self, now: Instant, *, but: Sequence[str] = (), limit: int = 50) -> list[Lane]:
        """Those that may have work now, the longest due first; paused ones are not among them, nor those of `but`."""

    async def list_lanes(self, *, only_paused: bool = False, limit: int = 1000) -> list[Lane]: ...
    async def overdue(self, now: Instant, limit: int = 50) -> list[tuple[SpooledLetter, list[SpooledRecipient]]]:
        """Letters whose senders have to be told something, with those of their waiting recipients that nobody leases:
        they expired, or it is time to warn. They are not changed by this."""

    async def list_story(self, letter: SpoolId, limit: int = 1000) -> list[StoryRow]:
        """In order."""


class SpoolWrites(SpoolReads, Protocol):
    """Within units."""

    async def insert(self, letter: SpooledLetter, recipients: Sequence[SpooledRecipient]) -> frozenset[str]:
        """Spool a letter whose blob is stored. Recipients with a lease are their holder's until they are due, but for
        those of lanes that are paused, which wait with the others there: gives these destinations."""

    async def claim(
        self, destination: str, holder: str, *, now: Instant, until: Instant, limit: int
    ) -> list[tuple[SpooledLetter, list[SpooledRecipient]]]:
        """Lease up to `limit` recipients of a lane that are due, the most urgent first; the lane then knows its next
        time. Empty if none is due or the lane is paused."""

    async def renew(self, held: Sequence[tuple[SpoolId, int]], holder: str, *, until: Instant) -> None:
        """Leases live on."""

    async def settle(
        self, letter: SpoolId, settlements: Sequence[Settlement], holder: str, *, now: Instant
    ) -> list[int]:
        """Give back what was leased; gives the numbers that were still `holder`'s, which alone were changed.

        Once no recipient waits, is held, or has failed, the letter is settled and its blob let go.
        """

    async def move(self, letter: SpoolId, lanes: Mapping[int, str], holder: str, *, now: Instant) -> None:
        """Put what is `holder`'s into other lanes, by number, where it waits as if it had never been leased."""

    async def pause(self, destination: str, *, until: Instant, reason: str, failures: int) -> None:
        """Nobody there is bothered before `until`; 0 lets it go on."""

    async def mark_warned(self, letter: SpoolId, numbers: Sequence[int]) -> None:
        """Their sender knows that it takes long, and is told no more before the end."""

    async def change_state(
        self, held: Sequence[tuple[SpoolId, int]], state: State, *, now: Instant, reason: str = "",
        route: str | None = None,
    ) -> list[tuple[SpoolId, int]]:  # fmt: skip
        """By hand: hold, release (ACTIVE), retry, drop, reroute. Those that a worker leases now are left alone; gives
        those that were changed."""

    async def forget_settled(self, *, failed_before: Instant, settled_before: Instant, limit: int = 500) -> int:
        """Let go of what failed long ago, then of settled letters with their stories; gives how many rows went."""

    async def tell(self, row: StoryRow) -> None:
        """Add a chapter."""
