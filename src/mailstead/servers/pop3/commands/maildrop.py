"""STAT, LIST, UIDL, DELE, RSET and QUIT (RFC 1939 §5–§7)."""

from collections.abc import Callable
from typing import Final

from mailstead.ground.model.errors import MailError
from mailstead.ground.wire.pop3.command import Nothing, One
from mailstead.ground.wire.pop3.reply import END, Reply, err, ok
from mailstead.servers.pop3.faults import reply_to
from mailstead.servers.pop3.session import Session

NO_SUCH: Final = err("No such message")
LINES_AT_ONCE: Final = 1000


async def stat(session: Session, _command: Nothing) -> Reply:
    """How many, and how large."""
    return ok(f"{session.drop.count} {session.drop.octets}")


async def list_(session: Session, command: One) -> Reply | None:
    """Sizes. They are those of the messages as stored: a surrogate (RFC 6856 §2.1) may differ."""
    drop = session.drop
    return await _scan(session, command, lambda number: f"{number} {drop.size(number)}")


async def uidl(session: Session, command: One) -> Reply | None:
    """Names that stay."""
    drop = session.drop
    return await _scan(session, command, lambda number: f"{number} {drop.unique_id(number)}")


async def _scan(session: Session, command: One, line: Callable[[int], str]) -> Reply | None:
    drop = session.drop
    if command.number is not None:
        return ok(line(command.number)) if drop.has(command.number) else NO_SUCH
    session.send(ok(f"{drop.count} messages").render())
    lines: list[str] = []
    for number in drop.numbers():
        lines.append(line(number))
        if len(lines) >= LINES_AT_ONCE:
            await session.give(_join(lines))
            lines.clear()
    await session.give(_join(lines) + END)
    return None


def _join(lines: list[str]) -> bytes:
    return "".join(f"{line}\r\n" for line in lines).encode("ascii")


async def dele(session: Session, command: One) -> Reply:
    """Marks; QUIT removes."""
    if command.number is None or not session.drop.has(command.number):
        return NO_SUCH
    if not session.can_write:
        return err("This maildrop may only be read")
    session.drop.delete(command.number)
    return ok("Marked")


async def rset(session: Session, _command: Nothing) -> Reply:
    """Nothing is marked any more."""
    session.drop.restore()
    return ok(f"{session.drop.count} messages ({session.drop.octets} octets)")


async def quit_(session: Session, _command: Nothing) -> Reply:
    """RFC 1939 §6: the UPDATE state, if there is a maildrop."""
    session.is_over = True
    if session.maildrop is None:
        return ok("Bye")
    try:
        await session.maildrop.update()
    except MailError as error:
        return reply_to(error)._replace(text="Some deleted messages were not removed")
    return ok("Bye")
