"""An account to test with: letters are filed by the same steps as in services, with bodies as short as a test likes."""

import hashlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from itertools import count
from typing import Any, TypeVar

from mailstead.ground.model.address import Address
from mailstead.ground.model.change import Change, ChangeKind
from mailstead.ground.model.directory import Account, AccountKind
from mailstead.ground.model.flags import Flag, FlagOp, Flags
from mailstead.ground.model.folder import Folder
from mailstead.ground.model.ids import AccountId, BlobId, FolderId, Instant, MessageId, ModSeq
from mailstead.ground.model.message import Message, Rendered
from mailstead.ground.model.uidset import UidSet
from mailstead.store.codec import compress
from mailstead.store.port.blobs import StagedBlob
from mailstead.store.port.placements import Copied, FlagRow
from tests.support.stores import AnyStore

T = TypeVar("T")

NO_FLAGS = Flags()

NOW = Instant(1_790_000_000_000)
PREFIX = b"Return-Path: <>\r\n"


def rendered(body: bytes, version: int = 1) -> Rendered:
    """Columns that can be told apart."""
    return Rendered(
        version=version, envelope=b"ENV " + body, bodystructure=b"STRUCTURE", body=b"BODY", parts=b"PARTS",
        header=b"Subject: " + body + b"\r\n\r\n", fields=b"FIELDS", preview="Übersicht", subject_base="subject",
        sent_at=NOW, message_id="id@example.test",
    )  # fmt: skip


def staged(identity: int, body: bytes, *, is_file: bool = False) -> StagedBlob:
    return StagedBlob(
        id=BlobId(identity),
        hash=hashlib.sha256(body).digest(),
        size=len(body),
        data=None if is_file else compress(body),
    )


@dataclass
class Mailbox:
    """One account of a store; every call is one unit at a time that rises by a second."""

    store: AnyStore
    account: AccountId
    folders: dict[str, FolderId] = field(default_factory=dict)
    ids: Any = field(default_factory=lambda: count(1000))
    clock: Any = field(default_factory=lambda: count(NOW, 1000))

    def now(self) -> Instant:
        return Instant(next(self.clock))

    async def advanced(self, step: Callable[[Any, ModSeq], Awaitable[T]]) -> T:
        """Run a step in a unit that has advanced the account."""

        async def unit(tx: Any) -> T:
            modseqs = await tx.advance(self.account)
            return await step(tx, modseqs[self.account])

        return await self.store.write(unit)

    async def append(
        self,
        folder: FolderId,
        body: bytes = b"x",
        flags: Flags = NO_FLAGS,
        *,
        may_exceed: bool = True,
        is_file: bool = False,
    ) -> int:
        """File one letter; gives its UID."""
        blob, message, now = staged(next(self.ids), body, is_file=is_file), MessageId(next(self.ids)), self.now()
        size = len(PREFIX) + len(body)

        async def step(tx: Any, modseq: ModSeq) -> int:
            blob_id, is_new = await tx.blobs.put(blob)
            if is_new:
                await tx.messages.put_rendered(blob_id, rendered(body))
            await tx.messages.insert(
                Message(id=message, account_id=self.account, blob_id=blob_id, prefix=PREFIX, size=size, received_at=now)
            )
            uid, _ = await tx.placements.append(
                folder, message, flags, size=size, internal_date=now, modseq=modseq, now=now, may_exceed=may_exceed
            )
            await tx.change(Change(self.account, modseq, folder, ChangeKind.APPENDED, UidSet.of([uid])), now)
            return int(uid)

        return await self.advanced(step)

    async def store_flags(
        self, folder: FolderId, uids: UidSet, op: FlagOp, flags: Flags, unchanged_since: int | None = None
    ) -> tuple[list[FlagRow], UidSet]:
        now = self.now()

        async def step(tx: Any, modseq: ModSeq) -> tuple[list[FlagRow], UidSet]:
            rows, refused = await tx.placements.store_flags(
                folder, uids, op, flags, modseq=modseq, unchanged_since=unchanged_since
            )
            if rows:
                changed = UidSet.of(row.uid for row in rows)
                await tx.change(Change(self.account, modseq, folder, ChangeKind.FLAGS, changed), now)
            return rows, refused

        return await self.advanced(step)

    async def copy(self, source: FolderId, uids: UidSet, target: FolderId) -> Copied:
        now = self.now()

        async def step(tx: Any, modseq: ModSeq) -> Copied:
            copied = await tx.placements.copy(source, uids, target, modseq=modseq, now=now)
            if copied.targets:
                await tx.change(Change(self.account, modseq, target, ChangeKind.APPENDED, copied.targets), now)
            return copied

        return await self.advanced(step)

    async def expunge(self, folder: FolderId, uids: UidSet, *, only_deleted: bool = False) -> UidSet:
        now = self.now()

        async def step(tx: Any, modseq: ModSeq) -> UidSet:
            gone = await tx.placements.expunge(folder, uids, only_deleted=only_deleted, now=now)
            if gone:
                await tx.change(Change(self.account, modseq, folder, ChangeKind.EXPUNGED, gone), now)
            return gone

        return await self.advanced(step)

    async def create(self, name: str) -> FolderId:
        now = self.now()

        async def step(tx: Any, modseq: ModSeq) -> FolderId:
            folder = await tx.folders.insert_folder(self.account, name, modseq=modseq, now=now)
            await tx.change(Change(self.account, modseq, folder.id, ChangeKind.FOLDER_CREATED), now)
            return FolderId(folder.id)

        return await self.advanced(step)

    async def rename(self, old: str, new: str) -> list[Folder]:
        now = self.now()

        async def step(tx: Any, modseq: ModSeq) -> list[Folder]:
            renamed = await tx.folders.rename_folder(self.account, old, new, modseq=modseq)
            for folder in renamed:
                await tx.change(Change(self.account, modseq, folder.id, ChangeKind.FOLDER_RENAMED), now)
            return list(renamed)

        return await self.advanced(step)

    async def delete(self, folder: FolderId) -> int:
        now = self.now()

        async def step(tx: Any, modseq: ModSeq) -> int:
            messages = await tx.folders.delete_folder(folder, now=now)
            await tx.change(Change(self.account, modseq, folder, ChangeKind.FOLDER_DELETED), now)
            return int(messages)

        return await self.advanced(step)

    async def folder(self, folder: FolderId) -> Folder:
        return await self.store.read(lambda tx: tx.folders.get_folder(folder))

    async def account_row(self) -> Account:
        return await self.store.read(lambda tx: tx.directory.get_account(self.account))

    async def flags(self, folder: FolderId) -> dict[int, tuple[int, str]]:
        rows = await self.store.read(lambda tx: tx.placements.list_flags(folder, 1, 0xFFFFFFFF, 10_000))
        return {row.uid: (row.bits, row.keywords) for row in rows}


async def make_mailbox(store: AnyStore, address: str = "ada@example.test", quota: int = 0) -> Mailbox:
    """A new account with its birth folders, in a domain made if need be."""

    async def unit(tx: Any) -> tuple[AccountId, dict[str, FolderId]]:
        where = Address.parse(address)
        domain = await tx.directory.find_domain(where.domain)
        if domain is None:
            domain = await tx.directory.insert_domain(where.domain, now=NOW, default_quota=0)
        account = await tx.directory.insert_account(
            domain.id, where, kind=AccountKind.PERSONAL, quota_bytes=quota, now=NOW
        )
        modseq = (await tx.advance(account.id))[account.id]
        await tx.folders.create_birth_folders(account.id, modseq=modseq, now=NOW)
        folders = await tx.folders.list_folders(account.id)
        return account.id, {folder.name: folder.id for folder in folders}

    account, folders = await store.write(unit)
    start = account * 1_000_000
    return Mailbox(store, account, folders, count(start))


SEEN = Flags(Flag.SEEN)
DELETED = Flags(Flag.DELETED)
