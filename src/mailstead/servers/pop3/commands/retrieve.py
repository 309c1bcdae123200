"""RETR and TOP: a message of any size goes out in pieces, read as the client takes them."""

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from typing import Final

from mailstead.ground.model.errors import NotFound
from mailstead.ground.model.ids import BlobId
from mailstead.ground.wire.pop3 import command as wire
from mailstead.ground.wire.pop3.content import Stuffer, Top
from mailstead.ground.wire.pop3.reply import Code, Reply, err, ok
from mailstead.ground.wire.pop3.surrogate import Surrogate
from mailstead.servers.pop3.commands.maildrop import NO_SUCH
from mailstead.servers.pop3.session import Session
from mailstead.services.folders.reading import INLINE_MAX, FetchRow

PIECE: Final = 128 * 1024
GONE: Final = err("That message was removed meanwhile", Code.PERMANENT)


async def retr(session: Session, command: wire.One) -> Reply | None:
    """RFC 1939 §5."""
    return NO_SUCH if command.number is None else await _send(session, command.number, None)


async def top(session: Session, command: wire.Top) -> Reply | None:
    """RFC 1939 §7."""
    return await _send(session, command.number, Top(command.lines))


async def _send(session: Session, number: int, cutter: Top | None) -> Reply | None:
    if not session.drop.has(number):
        return NO_SUCH
    row = await session.drop.find(number)
    if row is None:
        return GONE
    async with aclosing(_pieces(session, row)) as pieces:
        try:
            first = await anext(pieces)  # a failure here can still be told
        except NotFound:
            return GONE
        session.is_inside_reply = True
        session.send(ok(f"{row.size} octets" if cutter is None else "The top of it").render())
        await _send_pieces(session, first, pieces, cutter)
        session.is_inside_reply = False
    return None


async def _send_pieces(session: Session, first: bytes, rest: AsyncIterator[bytes], cutter: Top | None) -> None:
    stuffer, surrogate = Stuffer(), None if session.utf8 else Surrogate()
    await _give(session, first, surrogate, cutter, stuffer)
    async for piece in rest:
        if cutter is not None and cutter.is_done:
            break
        await _give(session, piece, surrogate, cutter, stuffer)
    if surrogate is not None and (held := surrogate.finish()):
        await _give(session, held, None, cutter, stuffer)
    await session.give(stuffer.finish())


async def _give(
    session: Session, piece: bytes, surrogate: Surrogate | None, cutter: Top | None, stuffer: Stuffer
) -> None:
    if surrogate is not None:
        piece = surrogate.feed(piece)
    if cutter is not None:
        piece = b"" if cutter.is_done else cutter.feed(piece)
    await session.give(stuffer.feed(piece))


async def _pieces(session: Session, row: FetchRow) -> AsyncGenerator[bytes, None]:
    """The message from its prefix to its end; the first piece is there only if the blob is."""
    reading = session.services.folders.reading
    blob, size = BlobId(row.blob_id), row.size - len(row.prefix)
    if size <= INLINE_MAX:
        bodies = await reading.bodies([row])
        if blob not in bodies:
            raise NotFound("the message is gone")
        yield row.prefix + bodies[blob]
        return
    reader = await reading.open(blob)
    yield row.prefix
    offset = 0
    while offset < size:
        piece = await reader.read(offset, min(PIECE, size - offset))
        if not piece:
            raise EOFError("the blob is shorter than its row says")
        offset += len(piece)
        yield piece
