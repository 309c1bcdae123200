"""What `store.blobs` asks of the rows when it opens a blob."""

from collections.abc import Awaitable, Callable
from typing import Final

from mailstead.ground.model.ids import BlobId
from mailstead.store.sql.session import Session

BlobRow = tuple[int, bytes | None]
"""Size of the uncompressed bytes; the compressed ones, or None if they are a file."""

BlobLookup = Callable[[BlobId], Awaitable[BlobRow | None]]

_FIND: Final = "SELECT size, data FROM blob WHERE id = :blob"


async def find_blob(session: Session, blob: BlobId) -> BlobRow | None:
    """The row of a blob."""
    row = await session.row(_FIND, {"blob": blob})
    return (row[0], row[1]) if row else None
