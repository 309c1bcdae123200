"""Commands of two lines: RSET, NOOP, QUIT, VRFY, EXPN, HELP."""

from mailstead.ground.wire.smtp.command import Word
from mailstead.ground.wire.smtp.reply import Reply, Status
from mailstead.servers.smtp.session import Session


async def rset(session: Session, _command: Word) -> Reply:
    """RFC 5321 §4.1.1.5: the transaction goes, the hello stays."""
    session.forget_transaction()
    return Reply(Status.OK)


async def noop(_session: Session, _command: Word) -> Reply:
    """RFC 5321 §4.1.1.9."""
    return Reply(Status.OK)


async def quit_(session: Session, _command: Word) -> Reply:
    """RFC 5321 §4.1.1.10."""
    session.is_over = True
    return Reply(Status.BYE)


async def vrfy(_session: Session, _command: Word) -> Reply:
    """RFC 5321 §7.3: nobody learns here who has an account."""
    return Reply(Status.CANNOT_VERIFY)


async def expn(_session: Session, _command: Word) -> Reply:
    """RFC 5321 §7.3: nor who is behind an alias."""
    return Reply(Status.NOT_IMPLEMENTED)


async def help_(session: Session, _command: Word) -> Reply:
    """RFC 5321 §4.1.1.8."""
    return Reply(Status.HELP, lines=(" ".join(session.office.verbs),))
