"""GETQUOTA, GETQUOTAROOT and SETQUOTA (RFC 9208). Each account is one quota root, called by its address."""

from typing import Final

from mailstead.ground.model.address import fold
from mailstead.ground.model.ids import AccountId
from mailstead.ground.model.quota import Quota
from mailstead.ground.wire.imap import response
from mailstead.ground.wire.imap.response import Code
from mailstead.ground.wire.imap.sharing import GetQuota, GetQuotaRoot, SetQuota
from mailstead.ground.wire.imap.string import render_astring
from mailstead.servers.imap.reply import Refusal, Reply, no, ok
from mailstead.servers.imap.session import Session
from mailstead.services.accounts.quotas import BYTES_MAX, find_account, read_quota, set_quota

UNIT: Final = 1024
"""RFC 9208 §5.1: STORAGE counts in units of 1024 octets."""
NO_SUCH_ROOT: Final = no("No such quota root", Code.NONEXISTENT)


async def get_quota(session: Session, command: GetQuota) -> Reply:
    """RFC 9208 §4.1.1: the same answer for a root that is not there and for one that is not this user's."""
    account = await _find_root(session, command.root)
    await _tell(session, command.root, account)
    return ok("GETQUOTA completed")


async def get_quota_root(session: Session, command: GetQuotaRoot) -> Reply:
    """RFC 9208 §4.1.2: the folder need not be there."""
    home, _ = session.homes.find(command.folder)
    name = response.folder_name(command.folder, utf8=session.utf8)
    session.send(b"* QUOTAROOT %b %b\r\n" % (name, _word(home.address)))
    await _tell(session, home.address, home.account_id)
    return ok("GETQUOTAROOT completed")


async def set_quota_limits(session: Session, command: SetQuota) -> Reply:
    """RFC 9208 §4.1.3: for administrators of the server; resources that are not named lose their limits."""
    principal = session.principal
    assert principal is not None
    if not principal.user.is_admin:
        return no("Only administrators set quotas", Code.NOPERM)
    limits = dict(command.limits)
    if limits.keys() - {"STORAGE", "MESSAGE"} or limits.get("STORAGE", 0) > BYTES_MAX // UNIT:
        return no("There are limits for STORAGE and MESSAGE", Code.CANNOT)
    account = await _find_root(session, command.root)
    await set_quota(
        session.services.folders.store,
        account,
        limit_bytes=limits.get("STORAGE", 0) * UNIT,
        limit_messages=limits.get("MESSAGE", 0),
    )
    await _tell(session, command.root, account)
    return ok("SETQUOTA completed")


async def _find_root(session: Session, root: str) -> AccountId:
    wanted = fold(root)
    for home in session.homes.all:
        if fold(home.address) == wanted:
            return home.account_id
    principal = session.principal
    if principal is not None and principal.user.is_admin:
        account = await find_account(session.services.folders.store, root)
        if account is not None:
            return account.id
    raise Refusal(NO_SUCH_ROOT)


async def _tell(session: Session, root: str, account: AccountId) -> None:
    quota = await read_quota(session.services.folders.store, account)
    session.send(b"* QUOTA %b (%b)\r\n" % (_word(root), render_resources(quota)))


def render_resources(quota: Quota) -> bytes:
    """RFC 9208 §4.2.1: what is not limited is not named. Use is rounded up, so that little is never nothing."""
    parts = []
    if quota.limit_bytes:
        parts.append(b"STORAGE %d %d" % (-(-quota.used_bytes // UNIT), quota.limit_bytes // UNIT))
    if quota.limit_messages:
        parts.append(b"MESSAGE %d %d" % (quota.used_messages, quota.limit_messages))
    return b" ".join(parts)


def _word(text: str) -> bytes:
    return render_astring(text.encode())
