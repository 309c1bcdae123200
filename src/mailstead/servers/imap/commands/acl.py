"""SETACL, DELETEACL, GETACL, LISTRIGHTS and MYRIGHTS (RFC 4314 §3). An account has one list for all its folders."""

from mailstead.ground.model.directory import Role
from mailstead.ground.model.errors import NotFound
from mailstead.ground.wire.imap import response
from mailstead.ground.wire.imap.response import Code
from mailstead.ground.wire.imap.sharing import DeleteAcl, GetAcl, ListRights, MyRights, SetAcl
from mailstead.ground.wire.imap.string import render_astring
from mailstead.servers.imap.homes import Home
from mailstead.servers.imap.reply import Refusal, Reply, no, ok
from mailstead.servers.imap.rights import RIGHTS, grantable, nearest_role, render_rights
from mailstead.servers.imap.session import Session
from mailstead.services.accounts.access import list_members, login_of, set_role

NO_SUCH_USER = no("No such user in the domain of this account", Code.CANNOT)


async def set_acl(session: Session, command: SetAcl) -> Reply:
    """RFC 4314 §3.1: rights come as roles, so what is asked for becomes the greatest role that is within it."""
    home = await _open(session, command.folder)
    home.require_admin()
    rights = command.rights
    if command.op:
        had = await _rights_of(session, home, command.identifier)
        rights = had | rights if command.op == "+" else had - rights
    role = nearest_role(rights)
    if role is None and rights:
        return no("Rights are given as lr (viewer), + swikxte (editor), + p (sender), + a (admin)", Code.CANNOT)
    await _change(session, home, command.identifier, role)
    return ok(f"SETACL completed: {role.name.lower() if role is not None else 'no access'}")


async def delete_acl(session: Session, command: DeleteAcl) -> Reply:
    """RFC 4314 §3.2."""
    home = await _open(session, command.folder)
    home.require_admin()
    await _change(session, home, command.identifier, None)
    return ok("DELETEACL completed")


async def get_acl(session: Session, command: GetAcl) -> Reply:
    """RFC 4314 §3.3."""
    home = await _open(session, command.folder)
    home.require_admin()
    members = await list_members(session.services.folders.store, home.account_id)
    pairs = [b"%b %b" % (_word(login), _word(render_rights(role))) for login, role in members]
    session.send(b"* ACL %b\r\n" % b" ".join([_folder(session, command.folder), *pairs]))
    return ok("GETACL completed")


async def list_rights(session: Session, command: ListRights) -> Reply:
    """RFC 4314 §3.4: says nothing of whether there is such a user."""
    home = await _open(session, command.folder)
    home.require_admin()
    words = [_folder(session, command.folder), _word(command.identifier), b'""', *map(_word, grantable())]
    session.send(b"* LISTRIGHTS %b\r\n" % b" ".join(words))
    return ok("LISTRIGHTS completed")


async def my_rights(session: Session, command: MyRights) -> Reply:
    """RFC 4314 §3.5."""
    home = await _open(session, command.folder)
    session.send(render_my_rights(command.folder, home.role, utf8=session.utf8))
    return ok("MYRIGHTS completed")


def render_my_rights(name: str, role: Role, *, utf8: bool) -> bytes:
    """RFC 4314 §3.8, also for LIST RETURN (MYRIGHTS)."""
    return b"* MYRIGHTS %b %b\r\n" % (response.folder_name(name, utf8=utf8), _word(render_rights(role)))


async def _open(session: Session, name: str) -> Home:
    """The account of a folder that is there."""
    home, inner = session.homes.find(name)
    await session.services.folders.tree.get(home.account_id, inner)
    return home


async def _rights_of(session: Session, home: Home, identifier: str) -> frozenset[str]:
    members = await list_members(session.services.folders.store, home.account_id)
    login = login_of(identifier, home.address.rpartition("@")[2])
    return next((RIGHTS[role] for name, role in members if name == login), frozenset())


async def _change(session: Session, home: Home, identifier: str, role: Role | None) -> None:
    principal = session.principal
    assert principal is not None
    try:
        store, now = session.services.folders.store, session.services.clock.now()
        address = session.stream.peer_ip
        await set_role(store, principal.user, home.account_id, identifier, role, now=now, address=address)
    except NotFound:
        raise Refusal(NO_SUCH_USER) from None


def _word(text: str) -> bytes:
    return render_astring(text.encode())


def _folder(session: Session, name: str) -> bytes:
    return response.folder_name(name, utf8=session.utf8)
