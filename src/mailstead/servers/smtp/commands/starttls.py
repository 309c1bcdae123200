"""STARTTLS (RFC 3207)."""

from collections.abc import Sequence

from mailstead.ground.wire.smtp.command import Word
from mailstead.ground.wire.smtp.reply import Reply, Status
from mailstead.servers.smtp.session import Session


async def starttls(session: Session, _command: Word) -> Sequence[Reply]:
    """What came behind the command in plain text is dropped unread, and all that was said before is forgotten."""
    if session.profile.tls is None:
        return (Reply(Status.NOT_IMPLEMENTED),)
    if session.stream.tls is not None:
        return (Reply(Status.TLS_ACTIVE),)
    session.send(Reply(Status.READY_FOR_TLS))
    session.flush()
    session.receiver.clear()
    await session.stream.start_tls(session.profile.tls(), session.limits.tls_timeout)
    session.start_over()
    return ()
