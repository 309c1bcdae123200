"""The spool: letters that wait to leave, their recipients, the lanes they queue in, and their stories.

A lane is all recipients of one destination. Dispatch asks which lanes are due, claims some recipients of one, and
settles them: so a hundred thousand that wait for one dead host cost no more than its one row.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from mailstead.ground.model.ids import AccountId, Instant, SpoolId
from mailstead.ground.model.spool import QUEUES, LastWord, SpooledLetter, SpooledRecipient, State

NO_LETTER: Final = SpoolId(0)
"""All others come after it."""


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Horizon:
    """Beyond these moments nothing reaches, unless the clock was set back since it was written."""

    now: Instant
    lease: Instant
    deferred: Instant
    pause: Instant


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
    sender: str = ""  # the key of an address, or "@domain", or "<>" for the null reverse-path
    recipient: str = ""  # the key of an address, or "@domain"
    destination: str = ""
    account: AccountId | None = None
    created_before: Instant | None = None
    created_after: Instant | None = None
    hold_reason: str = ""


@dataclass(frozen=True, slots=True)
class Share:
    """The recipients of one letter that share a destination and a state."""

    letter_id: SpoolId
    size: int  # of the letter
    created_at: Instant
    destination: str
    state: State
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

    async def survey(
        self, wanted: Wanted, *, after: SpoolId = NO_LETTER, letters: int = 500
    ) -> tuple[list[Share], SpoolId | None]:
        """What the next open letters past one hold, by destination and state, and the last of them; None: that was all.

        Counting a long queue so, in many short reads, holds up nobody.
        """

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
        """Leases live on; none becomes shorter."""

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

    async def draw_near(self, after: str, horizon: Horizon, limit: int = 500) -> tuple[str, int] | None:
        """In the first lane past `after`, bring to the horizon what lies beyond it; whoever was never tried, and asked
        for no release, to its `now`. Gives the lane, and how many of its recipients it was; None past the last lane."""

    async def mark_warned(self, letter: SpoolId, numbers: Sequence[int]) -> list[int]:
        """Their sender knows that it takes long, and is told no more before the end; gives those not marked before."""

    async def change_state(
        self, held: Sequence[tuple[SpoolId, int]], state: State, *, now: Instant, reason: str = "",
        route: str | None = None, destination: str | None = None, of: Sequence[State] = QUEUES,
    ) -> list[tuple[SpoolId, int]]:  # fmt: skip
        """By hand: hold, release (ACTIVE), retry, drop, reroute. Those that a worker leases now are left alone, and
        those in no state of `of`; gives those that were changed. What is released without a reason keeps the one it was
        held for. With a `route` goes the `destination` they share from then on; the route itself if none is said, which
        does for one without a password."""

    async def prolong(self, letter: SpoolId, expires_at: Instant) -> None:
        """It may be tried until then, and its sender hears no more of delays."""

    async def forget_settled(
        self, *, failed_before: Instant, settled_before: Instant, now: Instant, limit: int = 500
    ) -> int:
        """Let go of what failed long ago, then of settled letters with their stories; gives how many rows went."""

    async def tell(self, row: StoryRow) -> None:
        """Add a chapter."""
