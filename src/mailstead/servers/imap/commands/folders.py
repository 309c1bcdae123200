"""CREATE, DELETE, RENAME, SUBSCRIBE, UNSUBSCRIBE and NAMESPACE (RFC 9051 §6.3)."""

from mailstead.ground.model.folder import INBOX, SEPARATOR
from mailstead.ground.wire.imap.command import Create, Delete, Rename, Subscribe
from mailstead.ground.wire.imap.response import Code
from mailstead.ground.wire.imap.resync import code_mailboxid
from mailstead.servers.imap.homes import SHARED, USERS
from mailstead.servers.imap.reply import Reply, no, ok
from mailstead.servers.imap.session import Session
from mailstead.services.folders.filing import Place
from mailstead.services.folders.metadata import Shelf, copy_annotations
from mailstead.services.folders.names import normalize_name


async def create(session: Session, command: Create) -> Reply:
    """RFC 9051 §6.3.4, with RFC 6154 §3: a special use belongs to one folder of an account."""
    home, name = session.homes.find_new(command.folder)
    home.require_editor()
    tree = session.services.folders.tree
    if len(command.special_use) > 1:
        return no("A mailbox has one special use here", Code.USEATTR)
    use = command.special_use[0] if command.special_use else None
    if use is not None:
        listing = await tree.list_all(home.account_id)
        if any(folder.special_use is use for folder in listing.folders):
            return no("Another mailbox has this use", Code.USEATTR)
    folder = await tree.create(home.account_id, name, use)
    return ok("CREATE completed", code_mailboxid(folder.id))  # RFC 8474 §4.1


async def delete(session: Session, command: Delete) -> Reply:
    """RFC 9051 §6.3.5. A session that has it selected sees its messages expunged."""
    home, name = session.homes.find(command.folder)
    home.require_editor()
    await session.services.folders.tree.delete(home.account_id, name)
    return ok("DELETE completed")


async def rename(session: Session, command: Rename) -> Reply:
    """RFC 9051 §6.3.6. INBOX stays, and its messages move."""
    home, old = session.homes.find(command.old)
    target_home, new = session.homes.find_new(command.new)
    home.require_editor()
    if target_home is not home:
        return no("A mailbox stays in its account", Code.CANNOT)
    folders = session.services.folders
    if normalize_name(old) != INBOX:
        await folders.tree.rename(home.account_id, old, new)
        return ok("RENAME completed")
    inbox = await folders.tree.get(home.account_id, INBOX)
    target = await folders.tree.create(home.account_id, new)
    await copy_annotations(folders.store, Shelf(inbox.account_id, inbox.id), Shelf(target.account_id, target.id))
    watch = await folders.hub.open(inbox)
    try:
        async for _ in folders.filing.move(Place.of(inbox), watch.view.uids, Place.of(target)):
            pass
    finally:
        watch.close()
    return ok("RENAME completed")


async def subscribe(session: Session, command: Subscribe) -> Reply:
    """RFC 9051 §6.3.7, §6.3.8: names are kept with the user's own account, those of shared accounts too."""
    home, name = session.homes.find(command.folder)
    full = home.prefix + normalize_name(name)
    await session.services.folders.tree.subscribe(session.homes.own.account_id, full, wanted=command.on)
    return ok("Completed")


async def namespace(session: Session, _command: object) -> Reply:
    """RFC 2342 §5: one personal namespace, and those of other users and of shared accounts for who has any."""
    roots = session.homes.roots()
    others, shared = (_namespace(root) if root in roots else b"NIL" for root in (USERS, SHARED))
    session.send(b"* NAMESPACE %b %b %b\r\n" % (_namespace(""), others, shared))
    return ok("NAMESPACE completed")


def _namespace(root: str) -> bytes:
    prefix = f"{root}{SEPARATOR}" if root else ""
    return f'(("{prefix}" "{SEPARATOR}"))'.encode()
