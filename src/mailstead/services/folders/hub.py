"""The hub of a worker: keeps the views of open folders at the store's truth and tells sessions that something is new.

A wake brings the events (of this worker's own commits) or only marks an account dirty: then one read brings the delta
of an account for all its sessions. Nobody is waited for.
Wakes come from this worker's commits and from the bus; `look` finds what a lost one should have said.
"""

import asyncio
from collections import OrderedDict, defaultdict
from collections.abc import Iterable
from dataclasses import replace
from typing import Final

from mailstead.ground.model.change import Change, Wake
from mailstead.ground.model.errors import MailError, NotFound
from mailstead.ground.model.folder import Folder
from mailstead.ground.model.ids import AccountId, FolderId, ModSeq
from mailstead.ground.model.uidset import UidSet
from mailstead.services.folders.view import FolderView
from mailstead.services.folders.watching import Ear, OnChanges, OpenAccount, OpenFolder, Watch
from mailstead.store.port import ReadTx, Store
from mailstead.telemetry import incident

CHANGES_AT_ONCE: Final = 500
UIDS_AT_ONCE: Final = 50_000
IDLE_ACCOUNTS_MAX: Final = 256
"""Accounts whose views are kept although nobody has them open, so that opening them again is quick."""
REPLAY_MAX: Final = 5_000
"""An account that nobody watched and that moved on by more units is loaded anew rather than replayed."""
ACCOUNTS_AT_ONCE: Final = 100


class Hub:
    """Shared views by account and folder."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._accounts: dict[AccountId, OpenAccount] = {}
        self._idle: OrderedDict[AccountId, None] = OrderedDict()
        self._dirty: set[AccountId] = set()
        self._worker: asyncio.Task[None] | None = None

    async def open(self, folder: Folder) -> Watch:
        """Hold a folder open, with a view as new as the store; NotFound if it is gone."""
        account = await self._hold(folder.account_id)
        try:
            async with account.lock:
                opened = account.folders.pop(folder.id, None)
                if opened is None:
                    opened = OpenFolder(await self._load(folder.account_id, folder.id))
                account.folders[folder.id] = opened  # at the end: the dictionary's order is that of use
                watch = Watch(self, opened)
                opened.watchers.add(watch)
                try:
                    await self._follow(account)
                except BaseException:
                    opened.watchers.discard(watch)
                    raise
        except BaseException:
            self.released(folder.account_id)
            raise
        if watch.view.is_gone:
            watch.close()
            raise NotFound("the folder is gone")
        return watch

    async def listen(self, account_id: AccountId, on_changes: OnChanges) -> Ear:
        """Hear of everything that happens in an account from now on; NotFound."""
        account = await self._hold(account_id)
        try:
            async with account.lock:
                await self._follow(account)
                ear = Ear(self, account, on_changes)
                account.ears.add(ear)
        except BaseException:
            self.released(account_id)
            raise
        return ear

    def wake(self, wakes: Iterable[Wake]) -> None:
        """Something was committed, here or in another worker. Returns at once; must run on the worker's loop."""
        for wake in wakes:
            account = self._accounts.get(wake.account_id)
            if account is not None and wake.modseq > account.wanted:
                account.wanted = wake.modseq
                if account.watch_count and not _take(account, wake):
                    self._dirty.add(wake.account_id)
        if self._dirty and self._worker is None:
            self._worker = asyncio.get_running_loop().create_task(self._work())

    async def look(self) -> None:
        """Find what lost wakes should have said. Called once a second by whoever runs the worker."""
        watched = [account_id for account_id, account in self._accounts.items() if account.watch_count]
        for start in range(0, len(watched), ACCOUNTS_AT_ONCE):
            try:
                self.wake(await self._read_modseqs(watched[start : start + ACCOUNTS_AT_ONCE]))
            except Exception as error:  # noqa: BLE001 - the next look is a second away
                _note(error)
            await asyncio.sleep(0)

    async def catch_up(self, account_id: AccountId, *, ask: bool = False) -> None:
        """Bring the views of an account to what was said, or, with `ask`, to what the store has now."""
        account = self._accounts.get(account_id)
        if account is None or (not ask and account.wanted <= account.modseq):
            return
        async with account.lock:
            if ask or account.wanted > account.modseq:
                await self._follow(account)

    def released(self, account_id: AccountId) -> None:
        """A hold ended: keep only so many views that nobody looks at."""
        account = self._accounts[account_id]
        account.watch_count -= 1
        account.forget_idle_folders()
        if not account.watch_count:
            self._idle[account_id] = None
        while len(self._idle) > IDLE_ACCOUNTS_MAX:
            del self._accounts[self._idle.popitem(last=False)[0]]

    async def _hold(self, account_id: AccountId) -> OpenAccount:
        if account_id not in self._accounts:
            modseq = await self._read_modseq(account_id)
            self._accounts.setdefault(account_id, OpenAccount(account_id, modseq, modseq))
        account = self._accounts[account_id]
        account.watch_count += 1
        self._idle.pop(account_id, None)
        return account

    async def _work(self) -> None:
        """Follow the dirty accounts one by one."""
        try:
            while self._dirty:
                account_id = self._dirty.pop()
                try:
                    await self.catch_up(account_id)
                except Exception as error:  # noqa: BLE001 - `look` comes back to it within a second
                    _note(error)
        finally:
            self._worker = None

    async def _follow(self, account: OpenAccount) -> None:
        """Apply the account's delta to its views and tell those who watch; the account's lock is held."""
        touched: set[FolderId] = set()
        while True:
            now, oldest, changes = await self._read_delta(account)
            is_far_behind = not account.watch_count and now - account.modseq > REPLAY_MAX
            if oldest > account.modseq or is_far_behind:
                touched |= await self._reload(account)
                account.tell(None)
            else:
                is_last = len(changes) < CHANGES_AT_ONCE
                reached = now if is_last else changes[-1].modseq
                touched |= _apply(account, changes, reached)
                account.modseq = reached
                if changes:
                    account.tell(changes)
                if is_last:
                    break
            await asyncio.sleep(0)
        account.wanted = max(account.wanted, account.modseq)
        for folder_id in touched:
            account.folders[folder_id].announce()

    async def _read_delta(self, account: OpenAccount) -> tuple[ModSeq, ModSeq, list[Change]]:
        async def unit(tx: ReadTx) -> tuple[ModSeq, ModSeq, list[Change]]:
            now = await tx.modseq(account.id)
            if now == account.modseq:
                return now, ModSeq(0), []
            changes = await tx.changes(account.id, account.modseq, CHANGES_AT_ONCE)
            if changes and changes[0].modseq == account.modseq + 1:
                return now, ModSeq(0), changes  # nothing is missing in between: not a look more
            return now, await tx.oldest_change(account.id), changes

        return await self._store.read(unit)

    async def _reload(self, account: OpenAccount) -> set[FolderId]:
        """The events since the views are gone or too many: read the folders anew."""
        account.forget_idle_folders(keep=0)
        modseq = await self._read_modseq(account.id)
        for folder_id, folder in account.folders.items():
            try:
                folder.reset(await self._load(account.id, folder_id))
            except NotFound:
                folder.reset(replace(folder.view, uids=UidSet(), modseq=modseq, is_gone=True))
        account.modseq = modseq
        return set(account.folders)

    async def _load(self, account_id: AccountId, folder_id: FolderId) -> FolderView:
        """Read a folder in chunks. Later chunks may have seen more than the first; following the delta mends that."""

        async def begin(tx: ReadTx) -> FolderView:
            folder = await tx.folders.get_folder(folder_id)
            uids = await tx.placements.uids(folder_id, 1, UIDS_AT_ONCE)
            return FolderView(
                account_id=account_id,
                folder_id=folder_id,
                uidvalidity=folder.uidvalidity,
                uidnext=folder.uidnext,
                modseq=await tx.modseq(account_id),
                uids=uids,
                changed=folder.modseq,
            )

        view = await self._store.read(begin)
        runs, chunk = list(view.uids.runs), view.uids
        while len(chunk) >= UIDS_AT_ONCE:
            await asyncio.sleep(0)
            chunk = await self._read_uids(folder_id, chunk.last + 1)
            runs += chunk.runs
        return replace(view, uids=UidSet.join(runs))

    async def _read_uids(self, folder_id: FolderId, first: int) -> UidSet:
        async def unit(tx: ReadTx) -> UidSet:
            return await tx.placements.uids(folder_id, first, UIDS_AT_ONCE)

        return await self._store.read(unit)

    async def _read_modseqs(self, accounts: list[AccountId]) -> list[Wake]:
        async def unit(tx: ReadTx) -> list[Wake]:
            wakes = []
            for account_id in accounts:
                try:
                    wakes.append(Wake(account_id, await tx.modseq(account_id)))
                except NotFound:
                    continue  # the account was removed for good while a session still had it open
            return wakes

        return await self._store.read(unit)

    async def _read_modseq(self, account_id: AccountId) -> ModSeq:
        async def unit(tx: ReadTx) -> ModSeq:
            return await tx.modseq(account_id)

        return await self._store.read(unit)


def _note(error: Exception) -> None:
    """What the store cannot do for now is its own event; anything else is a fault of ours."""
    if not isinstance(error, MailError):
        incident(error, subsystem="folders")


def _take(account: OpenAccount, wake: Wake) -> bool:
    """Apply the events that a wake of our own commit brings, if they are all there is since; nothing is read then."""
    changes = list(wake.changes)
    expected = range(account.modseq + 1, wake.modseq + 1)
    if account.lock.locked() or len(expected) > len(changes) or {change.modseq for change in changes} != set(expected):
        return False
    touched = _apply(account, changes, wake.modseq)
    account.modseq = wake.modseq
    account.tell(changes)
    for folder_id in touched:
        account.folders[folder_id].announce()
    return True


def _apply(account: OpenAccount, changes: list[Change], reached: ModSeq) -> set[FolderId]:
    """Give each open folder its changes; those that were touched."""
    by_folder: defaultdict[FolderId, list[Change]] = defaultdict(list)
    for change in changes:
        by_folder[change.folder_id].append(change)
    for folder_id, folder in account.folders.items():
        folder.apply(by_folder.get(folder_id, ()), reached)
    return by_folder.keys() & account.folders.keys()
