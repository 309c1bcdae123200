"""HELO, EHLO (RFC 5321 §4.1.1.1) and LHLO (RFC 2033 §4.1)."""

from mailstead.ground.wire.smtp.command import Hello
from mailstead.ground.wire.smtp.reply import Reply, Status
from mailstead.servers.smtp.session import Session


async def helo(session: Session, command: Hello) -> Reply:
    """Without extensions."""
    session.greet(command.name, is_extended=False)
    return Reply(Status.HELLO, session.profile.hostname)


async def ehlo(session: Session, command: Hello) -> Reply:
    """The first line names us, the others what the table of commands offers."""
    session.greet(command.name, is_extended=True)
    mechanisms: tuple[str, ...] = ()
    if (logins := session.office.logins) is not None:
        await logins.authenticator.refresh()
        mechanisms = logins.authenticator.sasl.offered(session.line)
    return session.office.hello(session.stream.tls is not None, mechanisms)
