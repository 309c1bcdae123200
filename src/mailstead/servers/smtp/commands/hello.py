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
    return session.office.hello_under_tls if session.stream.tls else session.office.hello
