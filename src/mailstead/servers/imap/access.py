"""Rights that were given or taken while a session lasts: looked up again before each command that could use them."""

from dataclasses import replace
from typing import Final

from mailstead.ground.model.directory import Role
from mailstead.ground.wire.imap import response
from mailstead.ground.wire.imap.response import Code
from mailstead.servers.imap.session import ACCESS_GOOD_FOR, Session
from mailstead.services.accounts.access import Accounts, list_open

WITHIN: Final = frozenset(
    {
        b"NOOP", b"CHECK", b"FETCH", b"UID FETCH", b"STORE", b"UID STORE", b"SEARCH", b"UID SEARCH",
        b"SORT", b"UID SORT", b"THREAD", b"UID THREAD", b"EXPUNGE", b"UID EXPUNGE", b"CLOSE", b"UNSELECT",
    }
)  # fmt: skip
"""Commands that name no folder: in a folder of the user's own they can touch nothing of others."""


async def renew_access(session: Session, command: bytes = b"") -> bool:
    """Make the session's rights those of this moment. False if it has none left and has said BYE."""
    principal = session.principal
    if principal is None:
        return True
    now = session.services.clock.monotonic()
    if now < session.access_good_until and not _may_touch_others(session, command):
        return True
    session.access_good_until = now + ACCESS_GOOD_FOR
    accounts = await list_open(session.services.folders.store, principal.user)
    if _roles(accounts) == _roles(principal.accounts):
        return True
    if not any(account.id == principal.account.id for account, _ in accounts):
        return _leave(session)
    session.change_access(replace(principal, accounts=accounts))
    return _look_at_selected(session)


def _may_touch_others(session: Session, command: bytes) -> bool:
    if not session.homes.has_foreign:
        return False
    is_at_home = session.selected is None or session.selected.home is session.homes.own
    return command not in WITHIN or not is_at_home or session.notices is not None


def _roles(accounts: Accounts) -> list[tuple[int, Role]]:
    return [(account.id, role) for account, role in accounts]


def _look_at_selected(session: Session) -> bool:
    selected = session.selected
    if selected is None:
        return True
    home = session.homes.of_account(selected.home.account_id)
    if home is None:
        return _leave(session)
    selected.home = home
    if home.role < Role.EDITOR and not selected.is_read_only:
        selected.is_read_only = True
        session.send(response.ok(b"*", "The mailbox may only be read from now on", Code.READ_ONLY))
    return True


def _leave(session: Session) -> bool:
    """RFC 4314 has no word for it: the connection ends, as it does where a login is taken away."""
    session.deselect()
    session.send(response.bye("Access was taken away"))
    session.end()
    return False
