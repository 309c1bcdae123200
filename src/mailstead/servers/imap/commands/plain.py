"""CAPABILITY, NOOP, CHECK, LOGOUT and ID."""

from mailstead.ground.wire.imap import response
from mailstead.ground.wire.imap.command import Id
from mailstead.servers.imap.reply import Reply, bad, ok
from mailstead.servers.imap.session import Session, State


async def capability(session: Session, _command: object) -> Reply:
    """RFC 9051 §6.1.1."""
    await session.services.authenticator.refresh()
    session.send(response.capability(session.capabilities))
    return ok("CAPABILITY completed")


async def append_nothing(_session: Session, _command: object) -> Reply:
    """An APPEND with its messages never comes here: they stream, see `appending`."""
    return bad("A message expected")


async def noop(_session: Session, _command: object) -> Reply:
    """RFC 9051 §6.1.2: the news that every command brings is all there is to it. RFC 3501 §6.4.1: CHECK too."""
    return ok("Completed")


async def logout(session: Session, _command: object) -> Reply:
    """RFC 9051 §6.1.3."""
    session.deselect()
    session.send(response.bye("Logging out"))
    session.state = State.LOGOUT
    return ok("LOGOUT completed")


async def identify(session: Session, _command: Id) -> Reply:
    """RFC 2971: who we are, as far as the configuration tells it."""
    session.send(response.server_id(session.services.settings.vendor))
    return ok("ID completed")
