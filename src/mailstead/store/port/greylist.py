"""Who came when for the first time, and who came again."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from mailstead.ground.model.greylist import Friend, Known, Triplet
from mailstead.ground.model.ids import Instant

WAITING_MAX: Final = 200_000
"""First tries that are remembered: the oldest go for the newest, so that no flood of them grows the store."""
PASSED_MAX: Final = 1_000_000
FRIENDS_MAX: Final = 1_000_000
"""Past these nothing more is learned; who is known stays so."""


@dataclass(frozen=True, slots=True)
class Seen:
    """A triplet at one time, and until when it is worth keeping. Of a first try `forgotten` is when it was last seen in
    a time that counts no longer."""

    triplet: Triplet
    at: Instant
    expires_at: Instant
    forgotten: Instant = Instant(-1)  # noqa: RUF009 - a NewType makes nothing


class GreylistReads(Protocol):
    """Each by its key."""

    async def find_triplet(self, triplet: Triplet) -> Known | None: ...
    async def find_friend(self, domain: str, client: str, sender_domain: str) -> Friend | None: ...

    async def list_triplets(
        self, *, domain: str = "", only_waiting: bool = False, after: int = 0, limit: int = 500
    ) -> list[tuple[int, Triplet, Known]]:
        """By their numbers, which rise with time; go on with the last one."""

    async def list_friends(
        self, *, domain: str = "", after: tuple[str, str, str] = ("", "", ""), limit: int = 500
    ) -> list[tuple[tuple[str, str, str], Friend]]:
        """By domain, client and the sender's domain; go on with the last of these."""


class GreylistWrites(GreylistReads, Protocol):
    """Within units; each takes up to 500."""

    async def note_first(self, seen: Sequence[Seen]) -> None:
        """First tries; of what is there already the earlier time stays, unless it is forgotten."""

    async def note_passed(self, seen: Sequence[Seen]) -> None:
        """They came again: each triplet counts once for the friendship of its client and the sender's domain."""

    async def note_seen(self, seen: Sequence[Seen]) -> None:
        """They came once more: both their triplets and their friendships are kept longer."""

    async def forget_expired(self, *, now: Instant, limit: int = 500) -> int:
        """Drop what is kept no longer; gives how many rows, 0 when done."""

    async def forget(self, *, domain: str, client: str, sender: str, limit: int = 500) -> int:
        """Drop what is known of these, each "" if any is meant; `sender` an address as `sender_key` has it, or
        "@domain". Gives how many rows, 0 when done."""
