"""Domains, users, shared accounts and aliases: what is allowed, what is refused, and what a rehearsal leaves behind."""

import pytest

from mailstead.ground.model.address import Address
from mailstead.ground.model.directory import AccountKind, Role, Status, UserRole
from mailstead.ground.model.errors import AlreadyExists, Conflict, Invalid, NotFound
from mailstead.ground.model.folder import BIRTH_FOLDERS
from mailstead.services.accounts.aliases import add_alias, list_aliases, remove_alias
from mailstead.services.accounts.directory import Directory, NoSuchUser
from mailstead.services.accounts.domains import (
    NewDomain,
    add_domain,
    ensure_domain,
    list_domains,
    remove_domain,
    view_domain,
)
from mailstead.services.accounts.imports import check_rows, import_rows
from mailstead.services.accounts.shared import add_shared, share
from mailstead.services.accounts.users import (
    AccountView,
    NewUser,
    UserChange,
    UserView,
    add_user,
    change_user,
    list_accounts,
    remove_user,
    set_password,
    view_user,
)


async def user(directory: Directory, address: str, password: str = "long enough") -> None:
    await add_user(directory, NewUser(address=address, password=password))


async def test_a_domain_comes_and_goes(directory: Directory) -> None:
    domain = await add_domain(directory, NewDomain(name="Bücher.Example.", max_users=5, default_quota=1000))
    assert domain.name == "xn--bcher-kva.example"
    assert [one.name for one in await list_domains(directory)] == ["example.com", "xn--bcher-kva.example"]
    view = await view_domain(directory, "bücher.example")
    assert (view.domain.max_users, view.users, view.aliases) == (5, 0, 0)
    await remove_domain(directory, "bücher.example")
    with pytest.raises(NotFound, match="mailstead domain add"):
        await view_domain(directory, "bücher.example")


async def test_a_domain_twice(directory: Directory) -> None:
    with pytest.raises(AlreadyExists, match=r"example\.com is here already"):
        await add_domain(directory, NewDomain(name="EXAMPLE.com"))
    assert (await ensure_domain(directory, "example.com")).name == "example.com"
    assert (await ensure_domain(directory, "other.example")).name == "other.example"


async def test_a_near_miss_is_named(directory: Directory) -> None:
    with pytest.raises(NotFound, match=r"did you mean example\.com\?"):
        await view_domain(directory, "exmaple.com")


async def test_another_name_of_a_domain(directory: Directory) -> None:
    await add_domain(directory, NewDomain(name="example.net", alias_of="example.com"))
    assert (await view_domain(directory, "example.net")).alias_of == "example.com"
    with pytest.raises(Invalid, match=r"another name of example\.com"):
        await add_domain(directory, NewDomain(name="example.org", alias_of="example.net"))
    with pytest.raises(NotFound):
        await add_domain(directory, NewDomain(name="example.org", alias_of="nowhere.example"))
    with pytest.raises(Invalid, match=r"use that one"):
        await user(directory, "ann@example.net")
    with pytest.raises(Conflict, match=r"example\.net are other names"):
        await remove_domain(directory, "example.com")
    await remove_domain(directory, "example.net")


async def test_a_domain_with_users_stays(directory: Directory) -> None:
    await user(directory, "ann@example.com")
    with pytest.raises(Conflict, match="still has 1 accounts"):
        await remove_domain(directory, "example.com")
    await remove_user(directory, "ann@example.com")
    await remove_domain(directory, "example.com")


async def test_a_user_is_born_with_folders_and_rights(directory: Directory) -> None:
    account = await add_user(directory, NewUser(address="Ann@Example.com", password="long enough", is_admin=True))
    assert str(account.address) == "Ann@example.com"
    assert account.quota_bytes == 1 << 30
    folders = await directory.store.read(lambda tx: tx.folders.list_folders(account.id))
    assert {folder.name for folder in folders} == {name for name, _ in BIRTH_FOLDERS}
    view = await view_user(directory, "ann@example.com")
    assert isinstance(view, UserView)
    assert view.user.login == "ann@example.com"
    assert view.user.is_admin
    assert [(str(mine.address), role) for mine, role in view.accounts] == [("Ann@example.com", Role.ADMIN)]


async def test_a_bare_name_belongs_to_the_default_domain(directory: Directory) -> None:
    await user(directory, "alice")
    view = await view_user(directory, "alice")
    assert isinstance(view, UserView)
    assert view.user.login == "alice@example.com"


async def test_users_that_cannot_be(directory: Directory) -> None:
    await user(directory, "ann@example.com")
    await add_alias(directory, "info@example.com", ["ann@example.com"])
    with pytest.raises(AlreadyExists, match="the account ANN@example"):
        await user(directory, "ANN@example.com")
    with pytest.raises(AlreadyExists, match="is an alias"):
        await user(directory, "info@example.com")
    with pytest.raises(NotFound, match="no domain"):
        await user(directory, "ann@nowhere.test")
    with pytest.raises(Invalid, match="shorter than 8"):
        await user(directory, "bob@example.com", "short")
    with pytest.raises(Invalid, match=r"not a valid|invalid local part"):
        await user(directory, "a b@example.com")
    with pytest.raises(Invalid, match="is not taken"):
        await add_user(directory, NewUser(address="bob@example.com", password_hash="{PLAIN}x"))
    with pytest.raises(Invalid, match="needs a password"):
        await add_user(directory, NewUser(address="bob@example.com"))
    with pytest.raises(Invalid, match="a quota is"):
        await add_user(directory, NewUser(address="bob@example.com", password="long enough", quota_bytes=-1))
    assert len(await list_accounts(directory)) == 1


async def test_a_full_domain(directory: Directory) -> None:
    await add_domain(directory, NewDomain(name="small.example", max_users=1))
    await user(directory, "a@small.example")
    with pytest.raises(Conflict, match="limit of 1 users"):
        await user(directory, "b@small.example")


async def test_a_rehearsal_checks_everything_and_leaves_nothing(directory: Directory) -> None:
    new = NewUser(address="ann@example.com", password="long enough")
    account = await add_user(directory, new, dry_run=True)
    assert str(account.address) == "ann@example.com"
    assert await list_accounts(directory) == []
    await add_user(directory, new)
    with pytest.raises(AlreadyExists):
        await add_user(directory, new, dry_run=True)
    assert (await remove_user(directory, "ann", dry_run=True)).address == "ann@example.com"
    await add_alias(directory, "x@example.com", ["ann"], dry_run=True)
    await remove_domain(directory, (await add_domain(directory, NewDomain(name="a.example"))).name, dry_run=True)
    await set_password(directory, "ann", "another one", dry_run=True)
    assert await list_aliases(directory) == []
    assert [domain.name for domain in await list_domains(directory)] == ["a.example", "example.com"]
    view = await view_user(directory, "ann")
    assert isinstance(view, UserView)
    assert view.user.password_hash.endswith("long enough")


async def test_changes_tell_what_was_before(directory: Directory) -> None:
    await user(directory, "ann")
    change = UserChange(quota_bytes=5, status=Status.SUSPENDED, role=UserRole.ADMIN)
    _, before = await change_user(directory, "ann", change)
    assert before == UserChange(quota_bytes=1 << 30, status=Status.ACTIVE, role=UserRole.USER, domains=())
    view = await view_user(directory, "ann")
    assert isinstance(view, UserView)
    assert (view.user.status, view.user.is_admin, view.accounts[0][0].quota_bytes) == (Status.SUSPENDED, True, 5)
    with pytest.raises(NoSuchUser):
        await change_user(directory, "nobody", change)
    with pytest.raises(Invalid):
        await change_user(directory, "ann", UserChange(status=Status.DELETED))


async def test_a_removed_user_is_gone_and_the_address_free(directory: Directory) -> None:
    await user(directory, "ann")
    await add_alias(directory, "info", ["ann@example.com", "x@elsewhere.test"])
    gone = await remove_user(directory, "ann@example.com")
    assert (gone.address, gone.stray_aliases) == ("ann@example.com", ("info@example.com",))
    with pytest.raises(NoSuchUser):
        await view_user(directory, "ann")
    with pytest.raises(NoSuchUser):
        await set_password(directory, "ann", "long enough")
    await user(directory, "ann")


async def test_shared_accounts(directory: Directory) -> None:
    await user(directory, "ann")
    await user(directory, "bob")
    await add_shared(directory, "team@example.com", {"ann": Role.ADMIN, "bob@example.com": Role.VIEWER}, None)
    view = await view_user(directory, "team@example.com")
    assert isinstance(view, AccountView)
    assert view.account.kind is AccountKind.SHARED
    assert sorted(view.members) == [("ann@example.com", Role.ADMIN), ("bob@example.com", Role.VIEWER)]
    assert await share(directory, "team", "bob", Role.EDITOR) is Role.VIEWER
    assert await share(directory, "team", "bob", None) is Role.EDITOR
    with pytest.raises(NotFound, match="has no access"):
        await share(directory, "team", "bob", None)
    with pytest.raises(Invalid, match="their own account"):
        await share(directory, "ann", "ann", None)
    with pytest.raises(NoSuchUser):
        await add_shared(directory, "all@example.com", {"nobody": Role.ADMIN}, None)
    with pytest.raises(AlreadyExists):
        await add_shared(directory, "team@example.com", {}, None)
    assert len(await list_accounts(directory)) == 3
    await remove_user(directory, "team@example.com")
    assert [str(account.address) for account in await list_accounts(directory)] == [
        "ann@example.com",
        "bob@example.com",
    ]


async def test_an_alias_comes_and_goes(directory: Directory) -> None:
    await user(directory, "ann")
    alias = await add_alias(directory, "info", ["ann", "Ann@example.com", "bob@elsewhere.test"])
    assert alias.targets == ("ann@example.com", "Ann@example.com", "bob@elsewhere.test")
    assert [str(one.address) for one in await list_aliases(directory, "example.com")] == ["info@example.com"]
    assert (await remove_alias(directory, "INFO@example.com")).targets == alias.targets
    with pytest.raises(NotFound, match="no alias info"):
        await remove_alias(directory, "info")


async def test_aliases_that_cannot_be(directory: Directory) -> None:
    await user(directory, "ann")
    with pytest.raises(NotFound, match=r"no nobody@example\.com here"):
        await add_alias(directory, "info", ["nobody"])
    with pytest.raises(AlreadyExists, match="is an account"):
        await add_alias(directory, "ann", ["x@elsewhere.test"])
    with pytest.raises(NotFound, match="no domain"):
        await add_alias(directory, "info@nowhere.test", ["ann"])
    with pytest.raises(Invalid, match=r"leads in a circle: me@example\.com → me@example.com"):
        await add_alias(directory, "me", ["me"])
    await add_alias(directory, "a", ["ann"])
    with pytest.raises(AlreadyExists, match="alias already"):
        await add_alias(directory, "a", ["ann"])
    with pytest.raises(Invalid, match="leads to 1 to"):
        await add_alias(directory, "b", [])


async def test_aliases_never_lead_in_a_circle(directory: Directory) -> None:
    await user(directory, "ann")
    await add_domain(directory, NewDomain(name="example.net", alias_of="example.com"))
    await add_alias(directory, "c", ["ann"])
    await add_alias(directory, "b", ["c@example.net"])
    await remove_alias(directory, "c")
    with pytest.raises(Invalid, match=r"c@example\.com → b@example\.com → c@example\.com"):
        await add_alias(directory, "c", ["b"])
    before = "ann"
    for number in range(10):
        await add_alias(directory, f"n{number}", [before])
        before = f"n{number}"
    with pytest.raises(Invalid, match="more than 10 aliases in a row"):
        await add_alias(directory, "last", [before])


async def test_rows_are_checked_before_any_is_added(directory: Directory) -> None:
    await user(directory, "ann")
    await add_alias(directory, "info", ["ann"])
    await add_domain(directory, NewDomain(name="small.example", max_users=1))
    rows = [
        NewUser(address="ann@example.com", password="long enough"),
        NewUser(address="bob@example.com", password="short"),
        NewUser(address="info@example.com", password="long enough"),
        NewUser(address="eve@nowhere.test", password="long enough"),
        NewUser(address="a@small.example", password="long enough"),
        NewUser(address="b@small.example", password="long enough"),
        NewUser(address="A@small.example", password="long enough"),
        NewUser(address="dan@example.com"),
        NewUser(address="dan@example.com", password="long enough", password_hash="$6$"),
        NewUser(address="no address", password="long enough"),
        NewUser(address="fay@example.com", password_hash="{PLAIN}x"),
    ]
    problems, present = await check_rows(directory, rows)
    assert present == {0}
    assert [(problem.row, problem.what.split("; ")[0]) for problem in problems] == [
        (1, "the password is shorter than 8 characters"),
        (2, "info@example.com is an alias or a shared account"),
        (3, "there is no domain nowhere.test here (mailstead domain add nowhere.test)"),
        (5, "small.example has reached its limit of 1 users"),
        (6, "A@small.example stands before this row too"),
        (7, "has neither password nor hash"),
        (8, "has a password and a hash: give one of them"),
        (9, "'no address@example.com' has an invalid local part"),
        (10, "a hash of scheme {PLAIN} is not taken"),
    ]
    assert len(await list_accounts(directory)) == 1


async def test_an_import_can_be_repeated(directory: Directory) -> None:
    rows = [NewUser(address=f"u{number}@example.com", password="long enough") for number in range(3)]
    assert [step async for step in import_rows(directory, rows[:2])] == [(0, True), (1, True)]
    assert [step async for step in import_rows(directory, rows)] == [(0, False), (1, False), (2, True)]
    assert [account.address for account in await list_accounts(directory)] == [
        Address(f"u{number}", "example.com") for number in range(3)
    ]
