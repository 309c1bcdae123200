"""Leases, clean-up, traces and refusals."""

from dataclasses import dataclass
from typing import Protocol

from mailstead.ground.model.ids import AccountId, BlobId, Instant


@dataclass(frozen=True, slots=True)
class TraceMark:
    """A place in the order of all traces; one with a moment alone comes before those of that moment."""

    at: Instant
    account_id: int = 0
    message_id: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Trace:
    """The story of a filed letter in one row: `story` is JSON written by `telemetry.trace`."""

    at: Instant
    account_id: AccountId
    message_id: int
    session: str
    story: bytes

    @property
    def mark(self) -> TraceMark:
        """Its place among all others."""
        return TraceMark(self.at, self.account_id, self.message_id)


@dataclass(frozen=True, slots=True)
class Reaped:
    """One step of `reap_blobs`.

    How many marks it went through (0 when done), and those of its blobs that were files.
    """

    count: int
    files: list[BlobId]


class DutyReads(Protocol):
    """Read by commands."""

    async def list_traces(self, account: AccountId, limit: int = 100) -> list[Trace]: ...
    async def walk_traces(self, since: Instant, before: TraceMark, limit: int = 500) -> list[tuple[Trace, str]]:
        """Of all accounts from a mark backwards in time, each with the Message-ID of its letter ("" once that is gone);
        go on by giving the mark of the last one."""


class DutyWrites(DutyReads, Protocol):
    """Work that one worker at a time does, each step at most 500 rows."""

    async def claim(self, duty: str, holder: str, *, now: Instant, until: Instant) -> bool:
        """Take or keep the lease of a duty; False if another holds it and it has not run out."""

    async def give_back(self, duty: str, holder: str) -> None: ...

    async def exhume(self, *, now: Instant, limit: int = 500) -> int:
        """Remove up to `limit` rows of deleted folders and buried accounts, and at their end these themselves;
        gives how many rows went, 0 when done."""

    async def reap_blobs(self, *, unused_since: Instant, limit: int = 100) -> Reaped:
        """Delete rows of blobs marked unused before `unused_since`, but for those in use again."""

    async def forget_changes(self, *, before: Instant, limit: int = 500) -> int:
        """Drop events older than `before`, some accounts a step; gives how many rows it went through, 0 when done."""

    async def forget_traces(self, *, before: Instant, limit: int = 500) -> int:
        """Drop traces and refusals older than `before`; gives how many went, 0 when done."""

    async def insert_trace(self, trace: Trace) -> None: ...
