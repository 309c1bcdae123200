"""NOTIFY (RFC 5465): from now on the client hears of these events, also between commands."""

from typing import Final

from mailstead.ground.wire.imap import response
from mailstead.ground.wire.imap.command import MailEvent, Notify
from mailstead.ground.wire.imap.response import Code
from mailstead.servers.imap.commands.notices import open_notifier
from mailstead.servers.imap.reply import Reply, no, ok
from mailstead.servers.imap.session import Session
from mailstead.servers.imap.wishes import Wishes

ACCOUNTS_MAX: Final = 200
"""Of one user, that a session may listen to."""


async def notify(session: Session, command: Notify) -> Reply:
    """RFC 5465 §3.1: SET implies a NOOP, by the rules that were in force until now."""
    if command.unknown:
        return no("There are no such events here", response.code_badevent(event.value for event in MailEvent))
    if len(session.homes.all) > ACCOUNTS_MAX:
        return no("These are too many accounts to listen to", Code.NOTIFICATIONOVERFLOW)
    if session.selected is not None and command.groups is not None:
        await session.selected.sync(session.give, session.services.folders.reading, may_expunge=True, ask=True)
    notifier = await open_notifier(session, Wishes(command.groups or ()))
    if session.notices is not None:
        session.notices.close()
    session.notices = notifier
    if command.wants_status:
        await notifier.tell_all_status()
    return ok("NOTIFY completed")
