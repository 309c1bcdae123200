"""COMPRESS DEFLATE (RFC 4978): from the line after this one, both ways."""

from mailstead.ground.wire.imap import response
from mailstead.ground.wire.imap.command import Compress
from mailstead.ground.wire.imap.response import Code
from mailstead.net.deflate import DeflatedStream
from mailstead.servers.imap.commands.authenticate import ANSWERED
from mailstead.servers.imap.reply import Reply, bad, no
from mailstead.servers.imap.session import Session


async def compress(session: Session, command: Compress) -> Reply:
    """RFC 4978 §3: the answer itself goes out as it is; what came behind the command is compressed already."""
    if command.mechanism != "DEFLATE":
        return bad("Only DEFLATE is known")
    if is_compressed(session):
        return no("Compression is active already", Code.COMPRESSIONACTIVE)
    session.send(response.ok(session.tag, "Compression begins"))
    await session.flush()
    session.stream = DeflatedStream(session.stream, session.receiver.clear())
    return ANSWERED


def is_compressed(session: Session) -> bool:
    """True once COMPRESS was answered."""
    return isinstance(session.stream, DeflatedStream)
