"""The directory: domains, accounts, users, access and aliases."""

from dataclasses import replace
from typing import Any

import pytest

from mailstead.ground.model.address import Address
from mailstead.ground.model.directory import Access, Account, AccountKind, Domain, Role, Status, User, UserRole
from mailstead.ground.model.errors import AlreadyExists, Conflict, MailError, NotFound
from mailstead.ground.model.ids import AccountId, AliasId, DomainId, UserId
from tests.support.mailbox import NOW, make_mailbox
from tests.support.stores import AnyStore


async def write(store: AnyStore, port: str, call: str, *args: Any, **kwargs: Any) -> Any:
    return await store.write(lambda tx: getattr(getattr(tx, port), call)(*args, **kwargs))


async def read(store: AnyStore, call: str, *args: Any) -> Any:
    return await store.read(lambda tx: getattr(tx.directory, call)(*args))


@pytest.fixture
async def domain(store: AnyStore) -> Domain:
    made: Domain = await write(store, "directory", "insert_domain", "example.test", now=NOW, default_quota=5)
    return made


async def add_account(store: AnyStore, domain: Domain, local: str, kind: AccountKind = AccountKind.PERSONAL) -> Account:
    address = Address(local, domain.name)
    made: Account = await write(
        store, "directory", "insert_account", domain.id, address, kind=kind, quota_bytes=7, now=NOW
    )
    return made


async def add_user(store: AnyStore, login: str) -> User:
    made: User = await write(store, "directory", "insert_user", login, "hash", is_admin=False, now=NOW)
    return made


async def refused(error: type[MailError], store: AnyStore, call: str, *args: Any, **kwargs: Any) -> None:
    with pytest.raises(error):
        await write(store, "directory", call, *args, **kwargs)


async def test_domains(store: AnyStore, domain: Domain) -> None:
    assert domain == Domain(id=domain.id, name="example.test", default_quota=5, created_at=NOW)
    other = await write(
        store, "directory", "insert_domain", "b.test", now=NOW, default_quota=0,
        alias_of=domain.id, catchall="all@example.test", max_users=3,
    )  # fmt: skip
    assert (other.alias_of, other.catchall, other.max_users) == (domain.id, "all@example.test", 3)
    assert await read(store, "list_domains") == [other, domain]
    assert await read(store, "find_domain", "example.test") == domain
    assert await read(store, "find_domain", "nope.test") is None
    assert await read(store, "get_domain", other.id) == other
    changed = replace(other, status=Status.SUSPENDED, catchall=None, alias_of=None, max_users=0, default_quota=9)
    await write(store, "directory", "update_domain", changed)
    assert await read(store, "get_domain", other.id) == changed


async def test_domains_refused(store: AnyStore, domain: Domain) -> None:
    await refused(AlreadyExists, store, "insert_domain", "example.test", now=NOW, default_quota=0)
    await refused(NotFound, store, "insert_domain", "c.test", now=NOW, default_quota=0, alias_of=DomainId(99))
    await refused(NotFound, store, "update_domain", replace(domain, id=DomainId(99)))
    await refused(NotFound, store, "update_domain", replace(domain, alias_of=DomainId(99)))
    await refused(NotFound, store, "delete_domain", DomainId(99))
    with pytest.raises(NotFound):
        await read(store, "get_domain", DomainId(99))


async def test_delete_domain_takes_its_names_along(store: AnyStore, domain: Domain) -> None:
    other = await write(store, "directory", "insert_domain", "b.test", now=NOW, default_quota=0, alias_of=domain.id)
    keep = await write(store, "directory", "insert_domain", "c.test", now=NOW, default_quota=0)
    for place in (domain, other, keep):
        await write(store, "directory", "insert_alias", place.id, Address("x", place.name), ("y@z.test",), now=NOW)
    await write(store, "directory", "delete_domain", domain.id)
    assert [left.name for left in await read(store, "list_domains")] == ["c.test"]
    assert [str(alias.address) for alias in await read(store, "list_aliases")] == ["x@c.test"]


async def test_a_domain_with_accounts_stays(store: AnyStore, domain: Domain) -> None:
    account = await add_account(store, domain, "ada")
    await refused(Conflict, store, "delete_domain", domain.id)
    assert await read(store, "find_domain", "example.test") == domain
    await write(store, "directory", "bury_account", account.id, NOW)
    await write(store, "directory", "delete_domain", domain.id)
    assert await read(store, "list_domains") == []


async def test_accounts(store: AnyStore, domain: Domain) -> None:
    account = await add_account(store, domain, "Ada.Lovelace")
    assert account == Account(
        id=account.id,
        domain_id=domain.id,
        address=Address("Ada.Lovelace", "example.test"),
        quota_bytes=7,
        created_at=NOW,
    )
    assert await read(store, "get_account", account.id) == account
    assert await read(store, "find_account", Address("aDA.lovelace", "example.test")) == account
    assert await read(store, "find_account", Address("ada", "example.test")) is None
    quoted = await add_account(store, domain, "a@b c", AccountKind.SHARED)
    assert (await read(store, "get_account", quoted.id)).address == Address("a@b c", "example.test")
    assert [found.id for found in await read(store, "list_accounts")] == [quoted.id, account.id]
    assert await read(store, "list_accounts", DomainId(99)) == []
    assert len(await read(store, "list_accounts", domain.id)) == await read(store, "count_accounts", domain.id) == 2


async def test_accounts_refused(store: AnyStore, domain: Domain) -> None:
    await add_account(store, domain, "ada")
    with pytest.raises(AlreadyExists):
        await add_account(store, domain, "ADA")
    with pytest.raises(NotFound):
        await add_account(store, replace(domain, id=DomainId(99)), "bob")
    await refused(NotFound, store, "update_account", AccountId(99), quota_bytes=1)
    await refused(NotFound, store, "bury_account", AccountId(99), NOW)
    with pytest.raises(NotFound):
        await read(store, "get_account", AccountId(99))


async def test_update_account(store: AnyStore, domain: Domain) -> None:
    account = await add_account(store, domain, "ada")
    await write(store, "directory", "update_account", account.id, quota_bytes=0)
    await write(store, "directory", "update_account", account.id, status=Status.INACTIVE)
    assert await read(store, "get_account", account.id) == replace(account, quota_bytes=0, status=Status.INACTIVE)
    assert await read(store, "find_account", account.address) is not None


async def test_bury_account_frees_the_address(store: AnyStore) -> None:
    box = await make_mailbox(store)
    await box.append(box.folders["INBOX"])
    user = await add_user(store, "ada@example.test")
    await write(store, "directory", "grant", Access(user.id, box.account, Role.ADMIN))
    address = (await box.account_row()).address
    await write(store, "directory", "bury_account", box.account, NOW)

    assert await read(store, "find_account", address) is None
    assert await read(store, "list_accounts") == []
    assert (await read(store, "get_account", box.account)).status is Status.DELETED
    assert await read(store, "list_access", user.id) == []
    assert await store.read(lambda tx: tx.folders.list_folders(box.account)) == []
    assert await store.read(lambda tx: tx.folders.list_subscriptions(box.account)) == []
    for call in (lambda tx: tx.modseq(box.account), lambda tx: tx.oldest_change(box.account)):
        with pytest.raises(NotFound):
            await store.read(call)
    with pytest.raises(NotFound):
        await store.write(lambda tx: tx.advance(box.account))
    await refused(NotFound, store, "bury_account", box.account, NOW)
    await refused(NotFound, store, "update_account", box.account, status=Status.ACTIVE)
    await refused(NotFound, store, "grant", Access(user.id, box.account, Role.ADMIN))
    assert (await make_mailbox(store)).account != box.account


async def test_users(store: AnyStore) -> None:
    ada = await add_user(store, "Ada@Example.TEST")
    assert ada == User(id=ada.id, login="ada@example.test", password_hash="hash", created_at=NOW)
    assert await read(store, "find_user", "ADA@example.test") == ada
    assert await read(store, "find_user", "bob") is None
    bob = await write(store, "directory", "insert_user", "bob", "", is_admin=True, now=NOW)
    assert await read(store, "list_users") == [ada, bob]
    await write(store, "directory", "update_user", ada.id, password_hash="new")
    await write(store, "directory", "update_user", ada.id, role=UserRole.ADMIN)
    await write(store, "directory", "update_user", ada.id, status=Status.SUSPENDED)
    changed = replace(ada, password_hash="new", role=UserRole.ADMIN, status=Status.SUSPENDED)
    assert await read(store, "find_user", "ada@example.test") == changed
    await write(store, "directory", "update_user", ada.id, role=UserRole.USER)
    assert await read(store, "find_user", "ada@example.test") == replace(changed, role=UserRole.USER)
    await write(store, "directory", "delete_user", ada.id)
    assert await read(store, "list_users") == [bob]
    await refused(AlreadyExists, store, "insert_user", "BOB", "", is_admin=False, now=NOW)
    await refused(NotFound, store, "update_user", ada.id, role=UserRole.ADMIN)
    await refused(NotFound, store, "delete_user", ada.id)


async def test_access(store: AnyStore, domain: Domain) -> None:
    ada, bob = await add_user(store, "ada"), await add_user(store, "bob")
    team = await add_account(store, domain, "a-team", AccountKind.SHARED)
    own = await add_account(store, domain, "own")
    await write(store, "directory", "grant", Access(ada.id, team.id, Role.VIEWER))
    await write(store, "directory", "grant", Access(ada.id, own.id, Role.ADMIN))
    await write(store, "directory", "grant", Access(bob.id, team.id, Role.SENDER))
    await write(store, "directory", "grant", Access(ada.id, team.id, Role.EDITOR))
    assert await read(store, "list_access", ada.id) == [(own, Role.ADMIN), (team, Role.EDITOR)]
    assert await read(store, "list_members", team.id) == [(ada, Role.EDITOR), (bob, Role.SENDER)]
    await write(store, "directory", "revoke", ada.id, team.id)
    await refused(NotFound, store, "revoke", ada.id, team.id)
    await write(store, "directory", "delete_user", bob.id)
    assert await read(store, "list_members", team.id) == []
    await refused(NotFound, store, "grant", Access(UserId(99), team.id, Role.VIEWER))
    await refused(NotFound, store, "grant", Access(ada.id, AccountId(99), Role.VIEWER))


async def test_the_account_for_postmaster(store: AnyStore, domain: Domain) -> None:
    assert await read(store, "find_admin_account") is None
    ada, bob = await add_user(store, "ada"), await add_user(store, "bob")
    own, other = await add_account(store, domain, "own"), await add_account(store, domain, "other")
    await write(store, "directory", "grant", Access(ada.id, own.id, Role.ADMIN))
    await write(store, "directory", "grant", Access(bob.id, other.id, Role.ADMIN))
    assert await read(store, "find_admin_account") is None
    for user in (bob, ada):
        await write(store, "directory", "update_user", user.id, role=UserRole.ADMIN)
    assert await read(store, "find_admin_account") == own
    await write(store, "directory", "update_account", own.id, status=Status.SUSPENDED)
    assert await read(store, "find_admin_account") == other
    await write(store, "directory", "update_user", bob.id, status=Status.INACTIVE)
    assert await read(store, "find_admin_account") is None


async def test_aliases(store: AnyStore, domain: Domain) -> None:
    targets = ("ada@example.test", '"odd one"@b.test', "ö@b.test")
    alias = await write(
        store, "directory", "insert_alias", domain.id, Address("Sales", "example.test"), targets, now=NOW
    )
    assert (alias.targets, alias.created_at) == (targets, NOW)
    assert await read(store, "find_alias", Address("sALES", "example.test")) == alias
    assert await read(store, "list_aliases") == await read(store, "list_aliases", domain.id) == [alias]
    assert await read(store, "list_aliases", DomainId(99)) == []
    await write(store, "directory", "update_alias", alias.id, ("x@y.test",))
    assert await read(store, "find_alias", alias.address) == replace(alias, targets=("x@y.test",))
    await refused(AlreadyExists, store, "insert_alias", domain.id, Address("sales", "example.test"), (), now=NOW)
    await refused(NotFound, store, "insert_alias", DomainId(99), Address("b", "example.test"), (), now=NOW)
    await write(store, "directory", "delete_alias", alias.id)
    assert await read(store, "find_alias", alias.address) is None
    await refused(NotFound, store, "update_alias", AliasId(99), ())
    await refused(NotFound, store, "delete_alias", AliasId(99))


async def test_ids_are_never_given_twice(store: AnyStore, domain: Domain) -> None:
    """A client that remembers the id of a user who is gone must not meet another one behind it."""
    first = await add_user(store, "ada")
    await write(store, "directory", "delete_user", first.id)
    assert (await add_user(store, "bob")).id > first.id
