"""A letter that has come whole, as filters get to see it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from mailstead.ground.model.envelope import Client, Envelope
from mailstead.ground.model.ids import AccountId
from mailstead.ground.model.opinion import Opinion
from mailstead.ground.model.policy import Policy
from mailstead.services.checks.evidence import Evidence


class Content(Protocol):
    """The letter as it will be stored, without the fields that we put before it."""

    @property
    def size(self) -> int: ...

    async def read(self, offset: int, length: int) -> bytes:
        """Up to `length` bytes from `offset`; shorter only at the end. Ask for at most 256 KiB at once."""


@dataclass(frozen=True, slots=True)
class Octets:
    """A content that is in memory."""

    data: bytes

    @property
    def size(self) -> int:
        """How many."""
        return len(self.data)

    async def read(self, offset: int, length: int) -> bytes:
        """A part of it."""
        return self.data[offset : offset + length]


@dataclass(frozen=True, slots=True, kw_only=True)
class Specimen:
    """Everything a filter may go by. `accounts` has a row for each recipient of the envelope."""

    envelope: Envelope
    client: Client
    evidence: Evidence  # of its origin; without opinions
    field: bytes  # Authentication-Results, as it will stand before the letter
    content: Content
    accounts: tuple[tuple[AccountId, ...], ...]
    policies: Mapping[str, Policy]  # by recipients' domains


class Panel(Protocol):
    """All filters of this worker: see `services.filters`. Never raises; who has no answer says so in `trouble`."""

    async def examine(self, specimen: Specimen) -> tuple[Opinion, ...]: ...


class NoPanel:
    """Where no filter is set up."""

    async def examine(self, _: Specimen) -> tuple[Opinion, ...]:
        """Nothing to say."""
        return ()
