"""Filing a letter: the steps inside a unit that every way in shares (SMTP, LMTP, APPEND, import)."""

from dataclasses import dataclass

from mailstead.ground.model.change import Change, ChangeKind
from mailstead.ground.model.flags import Flags
from mailstead.ground.model.ids import AccountId, BlobId, FolderId, Instant, MessageId, ModSeq, Uid
from mailstead.ground.model.message import Message
from mailstead.ground.model.uidset import UidSet
from mailstead.services.folders.incoming import Letter
from mailstead.store.port import Tx


@dataclass(frozen=True, slots=True)
class Appended:
    """APPENDUID (RFC 9051 §7.1) and the message."""

    uidvalidity: int
    uid: Uid
    message_id: MessageId


async def put_letter(tx: Tx, letter: Letter) -> BlobId:
    """Store the bytes and what was computed of them, once for all its placements."""
    blob_id, is_new = await tx.blobs.put(letter.staged)
    if is_new:
        await tx.messages.put_rendered(blob_id, letter.rendered)
    return blob_id


async def place(  # noqa: PLR0913 - the row has these columns
    tx: Tx,
    *,
    account: AccountId,
    folder: FolderId,
    message_id: MessageId,
    blob_id: BlobId,
    prefix: bytes,
    size: int,
    flags: Flags,
    internal_date: Instant,
    now: Instant,
    modseq: ModSeq,
    may_exceed: bool,
    origin_id: MessageId | None = None,
) -> Appended:
    """File one message in one folder of an account that the unit has advanced to `modseq`; `size`: with prefix."""
    await tx.messages.insert(
        Message(
            id=message_id,
            account_id=account,
            blob_id=blob_id,
            prefix=prefix,
            size=size,
            received_at=internal_date,
            origin_id=origin_id,
        )
    )
    uid, uidvalidity = await tx.placements.append(
        folder, message_id, flags, size=size, internal_date=internal_date, modseq=modseq, now=now, may_exceed=may_exceed
    )
    await tx.change(Change(account, modseq, folder, ChangeKind.APPENDED, UidSet(((uid, uid),))), now)
    return Appended(uidvalidity, uid, message_id)
