"""Messages and what was computed of them at arrival."""

from typing import NamedTuple, Protocol

from mailstead.ground.model.ids import BlobId, FolderId, MessageId
from mailstead.ground.model.message import Message, Rendered


class FetchRow(NamedTuple):
    """One row of a FETCH: the placement, and of the rest what was asked for (else empty)."""

    uid: int
    bits: int
    keywords: str
    modseq: int
    size: int
    internal_date: int
    saved_at: int
    message_id: int
    blob_id: int = 0
    prefix: bytes = b""
    envelope: bytes = b""
    bodystructure: bytes = b""
    body: bytes = b""
    header: bytes = b""
    fields: bytes = b""
    parts: bytes = b""
    preview: str = ""
    origin_id: int = 0


class Load:
    """Which groups of columns a FETCH wants, as bits to be joined."""

    ROW = 0  # the placement alone; blob_id and prefix stay empty
    MESSAGE = 1  # blob_id, prefix
    ENVELOPE = 2
    STRUCTURE = 4  # bodystructure, body
    HEADER = 8  # header, fields
    PARTS = 16
    PREVIEW = 32
    ORIGIN = 64  # the message that this one is a copy of, or itself


class Facts(NamedTuple):
    """What SORT and THREAD compare; how much of it is filled follows from `Depth`."""

    uid: int
    size: int
    internal_date: int
    sent_at: int | None = None
    subject_base: str = ""
    header: bytes = b""


class Depth:
    """How far to read for `Facts`."""

    ROW = 0  # uid, size, internal_date
    RENDERED = 1  # sent_at, subject_base too
    HEADER = 2  # all


class MessageReads(Protocol):
    """Everything is read in UID order."""

    async def facts(self, folder: FolderId, first: int, last: int, depth: int, limit: int = 200) -> list[Facts]:
        """Of a UID range."""

    async def fetch(self, folder: FolderId, first: int, last: int, load: int, limit: int = 200) -> list[FetchRow]:
        """Rows of a UID range with the groups of `load`. Any group but ROW brings MESSAGE with it."""

    async def bodies(self, blobs: list[BlobId]) -> dict[BlobId, bytes]:
        """The whole uncompressed bytes of those blobs that live in the database, at most 200 asked at once.

        The others are read through `store.blobs.open`.
        """

    async def get_message(self, message: MessageId) -> Message: ...
    async def get_rendered(self, blob: BlobId) -> Rendered: ...


class MessageWrites(MessageReads, Protocol):
    """Part of a unit that has called `advance`."""

    async def insert(self, message: Message) -> None: ...

    async def put_rendered(self, blob: BlobId, rendered: Rendered) -> None:
        """Store what was computed of a blob; replaces what an older render version left."""
