"""Annotations of folders and of the server (RFC 5464): small values under slash-separated names."""

from dataclasses import dataclass
from typing import NamedTuple, Protocol

from mailstead.ground.model.ids import AccountId, FolderId, UserId


@dataclass(frozen=True, slots=True)
class Shelf:
    """Where annotations hang. Account 0 is the server, folder 0 none in particular."""

    account_id: AccountId
    folder_id: FolderId


class Annotation(NamedTuple):
    """`user` 0: shared, else private to that user. `entry` is in lower case and begins with a slash."""

    folder: int
    user: int
    entry: str
    size: int
    value: bytes


class MetadataReads(Protocol):
    """By entry."""

    async def list_metadata(self, shelf: Shelf, user: UserId, longest: int | None = None) -> list[Annotation]:
        """Shared ones and those of this user; with `longest` values longer than that come empty."""

    async def list_account_metadata(self, account: AccountId, user: UserId, entries: list[str]) -> list[Annotation]:
        """The same of all folders of an account, of these entries only."""

    async def measure_metadata(self, account: AccountId, user: UserId) -> tuple[int, int]:
        """How many annotations this user (0: all together, shared) has in an account, and their bytes."""


class MetadataWrites(MetadataReads, Protocol):
    """The unit has called `advance` for the account, if there is one."""

    async def put_metadata(self, shelf: Shelf, user: UserId, entry: str, value: bytes) -> None:
        """Set or replace."""

    async def copy_metadata(self, source: Shelf, target: Shelf) -> None:
        """All of them, of all users, between folders of one account; what the target has stays."""

    async def drop_metadata(self, shelf: Shelf, user: UserId, entry: str) -> None:
        """Also one that is not there."""
