"""Annotations of folders and of the server (RFC 5464), within limits of size and number."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from mailstead.ground.model.change import Change, ChangeKind
from mailstead.ground.model.errors import Invalid
from mailstead.ground.model.ids import AccountId, FolderId, Instant, UserId
from mailstead.store.port import ReadTx, Store, Tx
from mailstead.store.port.metadata import Annotation, Shelf

__all__ = ["SERVER", "SHARED_BY_ALL", "VALUE_MAX", "Annotation", "Shelf", "TooManyAnnotations", "Wanted"]

VALUE_MAX: Final = 32 * 1024
"""Bytes of one value; the RFC asks for 1024 at least."""
OF_FOLDER_MAX: Final = 100
"""Annotations of one folder by one user, or shared; the RFC asks for 10 at least."""
OF_ACCOUNT_MAX: Final = 20_000
BYTES_OF_ACCOUNT_MAX: Final = 8 << 20
PRIVATE: Final = "/private"
NOBODY: Final = UserId(0)
"""Whose annotations are shared."""
SERVER: Final = Shelf(AccountId(0), FolderId(0))
SHARED_BY_ALL: Final = "/shared"


class TooManyAnnotations(Invalid):
    """One more would pass a limit of number or of all bytes together."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Entries, and how far below them. `depth` None is without end; values past `max_size` are not given."""

    entries: tuple[str, ...]
    depth: int | None = 0
    max_size: int | None = None

    def matches(self, entry: str) -> bool:
        """RFC 5464 §4.2.2."""
        return any(entry == top or self._is_below(entry, top) for top in self.entries)

    def _is_below(self, entry: str, top: str) -> bool:
        if self.depth == 0 or not entry.startswith(top + "/"):
            return False
        return self.depth is None or entry.count("/") - top.count("/") <= self.depth


def is_visible(note: Annotation) -> bool:
    """A private entry belongs to a user, a shared one to none."""
    return note.entry.startswith(PRIVATE) == bool(note.user)


async def read_annotations(store: Store, shelf: Shelf, user: UserId, wanted: Wanted) -> list[Annotation]:
    """Those that match, in order; those longer than `wanted.max_size` without their values."""

    async def unit(tx: ReadTx) -> list[Annotation]:
        return await tx.metadata.list_metadata(shelf, user, wanted.max_size)

    return [note for note in await store.read(unit) if is_visible(note) and wanted.matches(note.entry)]


async def read_of_account(
    store: Store, account: AccountId, user: UserId, entries: Sequence[str]
) -> dict[int, dict[str, bytes]]:
    """By folder and entry, of all folders of an account at once (RFC 9590)."""

    async def unit(tx: ReadTx) -> list[Annotation]:
        return await tx.metadata.list_account_metadata(account, user, list(entries))

    found: dict[int, dict[str, bytes]] = {}
    for note in filter(is_visible, await store.read(unit)):
        found.setdefault(note.folder, {})[note.entry] = note.value
    return found


async def write_annotations(
    store: Store, shelf: Shelf, user: UserId, values: Sequence[tuple[str, bytes | None]], now: Instant
) -> None:
    """All of them or none; TooManyAnnotations, NotFound. The caller has looked at each value's size."""

    async def unit(tx: Tx) -> None:
        if shelf.account_id:
            modseq = (await tx.advance(shelf.account_id))[shelf.account_id]
            await tx.folders.touch_folder(shelf.folder_id, modseq=modseq)
            await tx.change(Change(shelf.account_id, modseq, shelf.folder_id, ChangeKind.ANNOTATED), now)
        for entry, value in values:
            owner = user if entry.startswith(PRIVATE) else NOBODY
            if value is None:
                await tx.metadata.drop_metadata(shelf, owner, entry)
            else:
                await tx.metadata.put_metadata(shelf, owner, entry, value)
        for owner in (user, NOBODY):
            await _check_limits(tx, shelf, owner)

    await store.write(unit)


async def copy_annotations(store: Store, source: Shelf, target: Shelf) -> None:
    """RFC 5464 §4.1: those of INBOX stay and go with its messages when it is renamed."""

    async def unit(tx: Tx) -> None:
        await tx.advance(source.account_id)
        await tx.metadata.copy_metadata(source, target)

    await store.write(unit)


async def _check_limits(tx: Tx, shelf: Shelf, owner: UserId) -> None:
    """Looked at after the change: what is too much undoes the unit."""
    notes = await tx.metadata.list_metadata(shelf, owner, 0)
    if sum(note.user == owner for note in notes) > OF_FOLDER_MAX:
        raise TooManyAnnotations(f"at most {OF_FOLDER_MAX} annotations of a folder")
    count, size = await tx.metadata.measure_metadata(shelf.account_id, owner)
    if count > OF_ACCOUNT_MAX or size > BYTES_OF_ACCOUNT_MAX:
        raise TooManyAnnotations("too many annotations in this account")
