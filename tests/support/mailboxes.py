"""Units that tests of the store are made of: an account with its folders, a letter filed in one."""

from dataclasses import dataclass

from mailstead.ground.model.address import Address
from mailstead.ground.model.change import Change, ChangeKind
from mailstead.ground.model.directory import AccountKind
from mailstead.ground.model.flags import Flags
from mailstead.ground.model.ids import AccountId, FolderId, Instant, MessageId, ModSeq, Uid
from mailstead.ground.model.message import Message, Rendered
from mailstead.ground.model.uidset import UidSet
from mailstead.store.port import Store, Tx
from mailstead.store.port.blobs import StagedBlob

NOW = Instant(1_800_000_000_000)


@dataclass(frozen=True, slots=True)
class Mailbox:
    """An account and its INBOX."""

    account: AccountId
    inbox: FolderId


async def make_mailbox(store: Store, local: str = "ann", quota_bytes: int = 0) -> Mailbox:
    """With its domain, if that is new."""

    async def unit(tx: Tx) -> Mailbox:
        domain = await tx.directory.find_domain("example.test")
        if domain is None:
            domain = await tx.directory.insert_domain("example.test", now=NOW, default_quota=0)
        address = Address(local, "example.test")
        account = await tx.directory.insert_account(
            domain.id, address, kind=AccountKind.PERSONAL, quota_bytes=quota_bytes, now=NOW
        )
        modseq = (await tx.advance(account.id))[account.id]
        await tx.folders.create_birth_folders(account.id, modseq=modseq, now=NOW)
        inbox = await tx.folders.find_folder(account.id, "INBOX")
        assert inbox is not None
        return Mailbox(account.id, inbox.id)

    return await store.write(unit)


def rendered(text: bytes = b"Subject: hi\r\n\r\n") -> Rendered:
    """Of the sizes that a small letter has."""
    return Rendered(
        version=1,
        envelope=b"(" + b"e" * 300 + b")",
        bodystructure=b"(" + b"s" * 160 + b")",
        body=b"(" + b"b" * 120 + b")",
        parts=b"p" * 24,
        header=text,
        fields=b"f" * 60,
        preview="w" * 120,
        subject_base="hi",
        sent_at=NOW,
        message_id="id@example.test",
    )


@dataclass(frozen=True, slots=True)
class Filed:
    """What a delivery answers."""

    uid: Uid
    modseq: ModSeq


async def file_letter(tx: Tx, mailbox: Mailbox, message_id: int, staged: StagedBlob, computed: Rendered) -> Filed:
    """All statements of a delivery."""
    modseq = (await tx.advance(mailbox.account))[mailbox.account]
    blob, is_new = await tx.blobs.put(staged)
    if is_new:
        await tx.messages.put_rendered(blob, computed)
    message = Message(
        id=MessageId(message_id), account_id=mailbox.account, blob_id=blob, prefix=b"Return-Path: <>\r\n",
        size=staged.size + 17, received_at=NOW,
    )  # fmt: skip
    await tx.messages.insert(message)
    uid, _ = await tx.placements.append(
        mailbox.inbox, message.id, Flags(), size=message.size, internal_date=NOW, modseq=modseq, now=NOW
    )
    await tx.change(Change(mailbox.account, modseq, mailbox.inbox, ChangeKind.APPENDED, UidSet(((uid, uid),))), NOW)
    return Filed(uid, modseq)


async def deliver(store: Store, mailbox: Mailbox, message_id: int, body: bytes) -> Filed:
    """Stage and file a small letter."""
    staged = store.blobs.stage_small(body)
    return await store.write(
        lambda tx: file_letter(tx, mailbox, message_id, staged, rendered()), size=staged.size, incoming=True
    )
