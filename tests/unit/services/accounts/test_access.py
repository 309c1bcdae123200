"""Who may let whom into an account, and who is in it now."""

import pytest

from mailstead.ground.model.audit import Actor, Through
from mailstead.ground.model.directory import Access, Role, Status, User
from mailstead.ground.model.errors import Denied, NotFound
from mailstead.ground.model.ids import AccountId, Instant
from mailstead.services.accounts.access import list_members, list_open, set_role
from mailstead.services.accounts.directory import Directory
from mailstead.services.accounts.domains import NewDomain, add_domain
from mailstead.services.accounts.shared import add_shared
from mailstead.services.accounts.users import NewUser, UserChange, add_user, change_user, remove_user

NOW = Instant(1_800_000_000_000)


async def user_of(directory: Directory, login: str) -> User:
    user = await directory.store.read(lambda tx: tx.directory.find_user(login))
    assert user is not None
    return user


async def furnish(directory: Directory) -> AccountId:
    """ann and bob, eve of another domain, and team, which ann administers."""
    await add_domain(directory, NewDomain(name="other.example"))
    for address in ("ann@example.com", "bob@example.com", "eve@other.example"):
        await add_user(directory, NewUser(address=address, password="a long password"))
    return (await add_shared(directory, "team@example.com", {"ann": Role.ADMIN}, None)).account.id


async def test_an_admin_lets_others_in(directory: Directory) -> None:
    team = await furnish(directory)
    ann, bob = await user_of(directory, "ann@example.com"), await user_of(directory, "bob@example.com")
    await set_role(directory.store, ann, team, "Bob", Role.SENDER, now=NOW)
    assert await list_members(directory.store, team) == [("ann@example.com", Role.ADMIN), (bob.login, Role.SENDER)]
    with pytest.raises(Denied):
        await set_role(directory.store, bob, team, "bob", Role.ADMIN, now=NOW)
    await set_role(directory.store, ann, team, "bob@example.com", None, now=NOW)
    assert await list_members(directory.store, team) == [("ann@example.com", Role.ADMIN)]


@pytest.mark.parametrize("identifier", ["eve@other.example", "nobody@other.example", "nobody", "anyone", "", "-bob"])
async def test_strangers_are_as_if_they_were_not_there(directory: Directory, identifier: str) -> None:
    team = await furnish(directory)
    ann = await user_of(directory, "ann@example.com")
    for role in (Role.VIEWER, None):
        with pytest.raises(NotFound):
            await set_role(directory.store, ann, team, identifier, role, now=NOW)


async def test_a_stranger_who_is_in_may_be_put_out(directory: Directory) -> None:
    team = await furnish(directory)
    ann, eve = await user_of(directory, "ann@example.com"), await user_of(directory, "eve@other.example")
    await directory.store.write(lambda tx: tx.directory.grant(Access(eve.id, team, Role.VIEWER)))
    await set_role(directory.store, ann, team, eve.login, None, now=NOW)
    assert len(await list_members(directory.store, team)) == 1


async def test_somebody_stays_admin(directory: Directory) -> None:
    team = await furnish(directory)
    ann, bob = await user_of(directory, "ann@example.com"), await user_of(directory, "bob@example.com")
    for role in (None, Role.EDITOR):
        with pytest.raises(Denied, match="without an admin"):
            await set_role(directory.store, ann, team, "ann", role, now=NOW)
    await set_role(directory.store, ann, team, "bob", Role.ADMIN, now=NOW)
    await set_role(directory.store, bob, team, "ann", None, now=NOW)
    own = next(account for account, _ in await list_open(directory.store, ann))
    with pytest.raises(Denied, match="owner"):
        await set_role(directory.store, ann, own.id, "ann", Role.VIEWER, now=NOW)


async def test_who_may_not_log_in_has_nothing_open(directory: Directory) -> None:
    await furnish(directory)
    ann = await user_of(directory, "ann@example.com")
    assert [(str(account.address), role) for account, role in await list_open(directory.store, ann)] == [
        ("ann@example.com", Role.ADMIN),
        ("team@example.com", Role.ADMIN),
    ]
    await change_user(directory, "ann", UserChange(status=Status.SUSPENDED))
    assert await list_open(directory.store, ann) == ()
    await remove_user(directory, "ann")
    assert await list_open(directory.store, ann) == ()


async def test_what_people_change_by_imap_is_told_too(directory: Directory) -> None:
    team = await furnish(directory)
    ann = await user_of(directory, "ann@example.com")
    await set_role(directory.store, ann, team, "bob", Role.SENDER, now=NOW, address="192.0.2.1")
    await set_role(directory.store, ann, team, "bob", None, now=NOW)
    *_, given, taken = await directory.store.read(lambda tx: tx.audit.read_chain(0))
    assert (given.actor, given.action) == (Actor("ann@example.com", Through.IMAP, "192.0.2.1"), "access.changed")
    assert (given.subject, given.domain, given.before) == ("team@example.com", "example.com", "")
    assert given.after == taken.before == '{"role":"sender","user":"bob@example.com"}'
