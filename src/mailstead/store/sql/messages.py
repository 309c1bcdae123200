"""Messages and what was computed of them: read in UID order, joined only as far as was asked for."""

from functools import cache, partial
from typing import Final, cast

from mailstead.ground.model.errors import NotFound
from mailstead.ground.model.ids import BlobId, FolderId, MessageId
from mailstead.ground.model.message import Message, Rendered
from mailstead.store.codec import decompress
from mailstead.store.port.messages import Depth, Facts, FetchRow, Load
from mailstead.store.sql.session import Session

ROW: Final = "p.uid, p.bits, p.keywords, p.modseq, p.size, p.internal_date, p.saved_at, p.message_id"

# In the order of FetchRow: which groups bring the column, where it stands, and what stands for it else.
COLUMNS: Final = (
    (Load.MESSAGE, "m.blob_id", "0"),
    (Load.MESSAGE, "m.prefix", "{empty}"),
    (Load.ENVELOPE, "r.envelope", "{empty}"),
    (Load.STRUCTURE, "r.bodystructure", "{empty}"),
    (Load.STRUCTURE, "r.body", "{empty}"),
    (Load.HEADER, "h.header", "{empty}"),
    (Load.HEADER, "h.fields", "{empty}"),
    (Load.PARTS, "r.parts", "{empty}"),
    (Load.PREVIEW, "r.preview", "''"),
    (Load.ORIGIN, "COALESCE(m.origin_id, m.id)", "0"),
)

OF_RENDERED: Final = Load.ENVELOPE | Load.STRUCTURE | Load.PARTS | Load.PREVIEW

FACTS: Final = {
    Depth.ROW: """
    SELECT uid, size, internal_date FROM placement
     WHERE folder_id = :folder AND uid BETWEEN :first AND :last
     ORDER BY uid LIMIT :limit""",
    Depth.RENDERED: """
    SELECT p.uid, p.size, p.internal_date, r.sent_at, r.subject_base
      FROM placement p JOIN message m ON m.id = p.message_id JOIN rendered r ON r.blob_id = m.blob_id
     WHERE p.folder_id = :folder AND p.uid BETWEEN :first AND :last
     ORDER BY p.uid LIMIT :limit""",
    Depth.HEADER: """
    SELECT p.uid, p.size, p.internal_date, r.sent_at, r.subject_base, h.header
      FROM placement p JOIN message m ON m.id = p.message_id JOIN rendered r ON r.blob_id = m.blob_id
      JOIN header h ON h.blob_id = m.blob_id
     WHERE p.folder_id = :folder AND p.uid BETWEEN :first AND :last
     ORDER BY p.uid LIMIT :limit""",
}

BODIES: Final = "SELECT id, data FROM blob WHERE id {in_ids} AND data IS NOT NULL"

GET: Final = "SELECT id, account_id, blob_id, prefix, size, received_at, origin_id FROM message WHERE id = :message"

GET_RENDERED: Final = """
    SELECT r.version, r.envelope, r.bodystructure, r.body, r.parts, h.header, h.fields, r.preview, r.subject_base,
           r.sent_at, r.message_id
      FROM rendered r JOIN header h ON h.blob_id = r.blob_id
     WHERE r.blob_id = :blob"""

INSERT: Final = """
    INSERT INTO message (id, account_id, blob_id, size, received_at, prefix, origin_id)
    VALUES (:id, :account, :blob, :size, :received_at, :prefix, :origin)"""

PUT_RENDERED: Final = """
    INSERT INTO rendered (blob_id, version, sent_at, message_id, subject_base, envelope, bodystructure, body, preview,
                          parts)
    VALUES (:blob, :version, :sent_at, :message_id, :subject_base, :envelope, :bodystructure, :body, :preview, :parts)
        ON CONFLICT (blob_id) DO UPDATE SET
           version = excluded.version, sent_at = excluded.sent_at, message_id = excluded.message_id,
           subject_base = excluded.subject_base, envelope = excluded.envelope, bodystructure = excluded.bodystructure,
           body = excluded.body, preview = excluded.preview, parts = excluded.parts"""

PUT_HEADER: Final = """
    INSERT INTO header (blob_id, fields, header) VALUES (:blob, :fields, :header)
        ON CONFLICT (blob_id) DO UPDATE SET fields = excluded.fields, header = excluded.header"""

_fetch_row = partial(tuple.__new__, FetchRow)


@cache
def fetch_text(load: int) -> str:
    """The text of a FETCH that wants these groups; there are 128. ROW alone joins nothing."""
    wanted = load | Load.MESSAGE if load else load
    columns = ", ".join([ROW, *(column if wanted & group else empty for group, column, empty in COLUMNS)])
    tables = "placement p"
    if wanted & Load.MESSAGE:
        tables += " JOIN message m ON m.id = p.message_id"
    if wanted & OF_RENDERED:
        tables += " JOIN rendered r ON r.blob_id = m.blob_id"
    if wanted & Load.HEADER:
        tables += " JOIN header h ON h.blob_id = m.blob_id"
    where = "p.folder_id = :folder AND p.uid BETWEEN :first AND :last"
    text = f"SELECT {columns} FROM {tables} WHERE {where} ORDER BY p.uid LIMIT :limit"  # noqa: S608 - of constants
    return text.replace("{empty}", "CAST('' AS {blob})")


class SqlMessages:
    """Reads and writes of messages over one session."""

    def __init__(self, session: Session) -> None:
        self._session = session

    async def fetch(self, folder: FolderId, first: int, last: int, load: int, limit: int = 200) -> list[FetchRow]:
        """Rows of a UID range, in order."""
        text = self._session.dialect.fill(fetch_text(load))
        rows = await self._session.rows(text, {"folder": folder, "first": first, "last": last, "limit": limit})
        return cast(list[FetchRow], list(map(_fetch_row, rows)))

    async def facts(self, folder: FolderId, first: int, last: int, depth: int, limit: int = 200) -> list[Facts]:
        """In UID order."""
        values = {"folder": folder, "first": first, "last": last, "limit": limit}
        return [Facts(*row) for row in await self._session.rows(FACTS[depth], values)]

    async def bodies(self, blobs: list[BlobId]) -> dict[BlobId, bytes]:
        """Files are not among them."""
        if not blobs:
            return {}
        rows = await self._session.rows(self._session.dialect.fill(BODIES), {"ids": str(blobs)})
        return {blob: decompress(data) for blob, data in rows}

    async def get_message(self, message: MessageId) -> Message:
        """NotFound."""
        row = await self._session.row(GET, {"message": message})
        if row is None:
            raise NotFound(f"message {message} is gone")
        identity, account, blob, prefix, size, received_at, origin = row
        return Message(
            id=identity, account_id=account, blob_id=blob, prefix=prefix, size=size, received_at=received_at,
            origin_id=origin,
        )  # fmt: skip

    async def get_rendered(self, blob: BlobId) -> Rendered:
        """NotFound."""
        row = await self._session.row(GET_RENDERED, {"blob": blob})
        if row is None:
            raise NotFound(f"nothing was computed of blob {blob}")
        version, envelope, bodystructure, body, parts, header, fields, preview, subject_base, sent_at, message_id = row
        return Rendered(
            version=version, envelope=envelope, bodystructure=bodystructure, body=body, parts=parts, header=header,
            fields=fields, preview=preview, subject_base=subject_base, sent_at=sent_at, message_id=message_id,
        )  # fmt: skip

    async def insert(self, message: Message) -> None:
        """Its placements come after it."""
        values = {
            "id": message.id, "account": message.account_id, "blob": message.blob_id, "size": message.size,
            "received_at": message.received_at, "prefix": message.prefix, "origin": message.origin_id,
        }  # fmt: skip
        await self._session.run(INSERT, values)

    async def put_rendered(self, blob: BlobId, rendered: Rendered) -> None:
        """Two rows: the header block is kept apart."""
        values = {
            "blob": blob, "version": rendered.version, "sent_at": rendered.sent_at,
            "message_id": storable(rendered.message_id), "subject_base": storable(rendered.subject_base),
            "envelope": rendered.envelope, "bodystructure": rendered.bodystructure, "body": rendered.body,
            "preview": storable(rendered.preview), "parts": rendered.parts,
        }  # fmt: skip
        await self._session.run(PUT_RENDERED, values)
        await self._session.run(PUT_HEADER, {"blob": blob, "fields": rendered.fields, "header": rendered.header})


def storable(text: str) -> str:
    """Text from a letter as both engines take it: PostgreSQL has no NUL, neither has lone surrogates."""
    if "\0" in text:
        text = text.replace("\0", "\N{REPLACEMENT CHARACTER}")
    return text if text.isascii() else text.encode("utf-8", "replace").decode()
