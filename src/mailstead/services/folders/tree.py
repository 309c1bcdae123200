"""The folders of an account as a tree: list, create, rename, delete, subscribe. Each change is one unit."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from mailstead.ground.model.change import Change, ChangeKind
from mailstead.ground.model.errors import AlreadyExists, Denied, Invalid, NotFound
from mailstead.ground.model.folder import INBOX, Folder, SpecialUse
from mailstead.ground.model.ids import AccountId, FolderId, Instant, ModSeq
from mailstead.net.clock import Clock
from mailstead.services.folders.names import is_below, list_parents, normalize_name
from mailstead.store.port import ReadTx, Store, Tx

FOLDERS_MAX: Final = 10_000
"""Folders of one account, and names it may subscribe to."""


@dataclass(frozen=True, slots=True)
class Listing:
    """The folders of an account by name, and the names it subscribed to."""

    folders: tuple[Folder, ...]
    subscribed: frozenset[str]


class FolderTree:
    """Operations on folders themselves. Names come as clients gave them and are normalised here."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    async def list_all(self, account: AccountId) -> Listing:
        """Everything that LIST, LSUB and Mailbox/get need."""

        async def unit(tx: ReadTx) -> Listing:
            folders = await tx.folders.list_folders(account)
            return Listing(tuple(folders), frozenset(await tx.folders.list_subscriptions(account)))

        return await self._store.read(unit)

    async def get(self, account: AccountId, name: str) -> Folder:
        """The folder of that name with its counters; NotFound."""
        wanted = normalize_name(name)

        async def unit(tx: ReadTx) -> Folder | None:
            return await tx.folders.find_folder(account, wanted)

        folder = await self._store.read(unit)
        if folder is None:
            raise NotFound(f"no folder {wanted}")
        return folder

    async def get_some(self, ids: Iterable[FolderId]) -> list[Folder]:
        """Those of these folders that are there, with their counters; ask for at most a few hundred."""

        async def unit(tx: ReadTx) -> list[Folder]:
            found = []
            for folder_id in ids:
                try:
                    found.append(await tx.folders.get_folder(folder_id))
                except NotFound:
                    continue
            return found

        return await self._store.read(unit)

    async def create(self, account: AccountId, name: str, special_use: SpecialUse | None = None) -> Folder:
        """Make a folder, and those above it that are missing (RFC 9051 §6.3.4)."""
        wanted = normalize_name(name)
        if wanted == INBOX:
            raise AlreadyExists("INBOX is always there")
        await self._check_room(account)
        now = self._clock.now()

        async def unit(tx: Tx) -> Folder:
            modseq = (await tx.advance(account))[account]
            await _insert_missing(tx, account, list_parents(wanted), modseq, now)
            return await _insert(tx, account, wanted, special_use, modseq, now)

        return await self._store.write(unit)

    async def rename(self, account: AccountId, old: str, new: str) -> Folder:
        """Give a folder and all below it another name. INBOX is not for this: see `Filing.empty_inbox_into`."""
        source, target = normalize_name(old), normalize_name(new)
        if is_below(target, source):
            raise Invalid("a folder cannot move below itself")
        if target == INBOX:
            raise AlreadyExists("INBOX is always there")
        now = self._clock.now()

        async def unit(tx: Tx) -> Folder:
            modseq = (await tx.advance(account))[account]
            if await tx.folders.find_folder(account, target) is not None:
                raise AlreadyExists(f"there is a folder {target} already")
            if await tx.folders.find_folder(account, source) is None:
                raise NotFound(f"no folder {source}")
            await _insert_missing(tx, account, list_parents(target), modseq, now)
            renamed = await tx.folders.rename_folder(account, source, target, modseq=modseq)
            for folder in renamed:
                await tx.change(Change(account, modseq, folder.id, ChangeKind.FOLDER_RENAMED), now)
            return next(folder for folder in renamed if folder.name == target)

        return await self._store.write(unit)

    async def delete(self, account: AccountId, name: str) -> FolderId:
        """Remove a folder and what is in it; the folders below it stay (RFC 9051 §6.3.5)."""
        wanted = normalize_name(name)
        if wanted == INBOX:
            raise Denied("INBOX cannot be deleted")
        now = self._clock.now()

        async def unit(tx: Tx) -> FolderId:
            modseq = (await tx.advance(account))[account]
            folder = await tx.folders.find_folder(account, wanted)
            if folder is None:
                raise NotFound(f"no folder {wanted}")
            await tx.folders.delete_folder(folder.id, now=now)
            await tx.change(Change(account, modseq, folder.id, ChangeKind.FOLDER_DELETED), now)
            return folder.id

        return await self._store.write(unit)

    async def subscribe(self, account: AccountId, name: str, *, wanted: bool) -> None:
        """Add or remove a name; it may be that of a folder that is not there (RFC 9051 §6.3.7)."""
        clean = normalize_name(name)
        now = self._clock.now()

        async def unit(tx: Tx) -> None:
            modseq = (await tx.advance(account))[account]
            if not wanted:
                await tx.folders.unsubscribe(account, clean)
            elif len(await tx.folders.list_subscriptions(account)) >= FOLDERS_MAX:
                raise Invalid(f"at most {FOLDERS_MAX} subscriptions")
            else:
                await tx.folders.subscribe(account, clean)
            # A name that is no folder here (of a shared account, or gone) is told of as if it were INBOX.
            folder = await tx.folders.find_folder(account, clean) or await tx.folders.find_folder(account, INBOX)
            if folder is not None:
                await tx.change(Change(account, modseq, folder.id, ChangeKind.SUBSCRIPTION), now)

        await self._store.write(unit)

    async def _check_room(self, account: AccountId) -> None:
        if len((await self.list_all(account)).folders) >= FOLDERS_MAX:
            raise Invalid(f"at most {FOLDERS_MAX} folders")


async def _insert(
    tx: Tx, account: AccountId, name: str, special_use: SpecialUse | None, modseq: ModSeq, now: Instant
) -> Folder:
    folder = await tx.folders.insert_folder(account, name, special_use=special_use, modseq=modseq, now=now)
    await tx.change(Change(account, modseq, folder.id, ChangeKind.FOLDER_CREATED), now)
    return folder


async def _insert_missing(tx: Tx, account: AccountId, names: list[str], modseq: ModSeq, now: Instant) -> None:
    for name in names:
        if await tx.folders.find_folder(account, name) is None:
            await _insert(tx, account, name, None, modseq, now)
