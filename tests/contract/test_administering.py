"""The directory page by page, held to some domains, on both engines; and who looks after which."""

from mailstead.ground.model.address import Address
from mailstead.ground.model.directory import AccountKind, DomainUse, UserRole
from mailstead.ground.model.ids import DomainId, UserId
from mailstead.store.port import Tx
from tests.support.mailbox import NOW, make_mailbox
from tests.support.stores import AnyStore, Engine


async def furnish(store: AnyStore) -> tuple[DomainId, DomainId, UserId]:
    """Two domains with three people each, and a user without an account."""

    async def unit(tx: Tx) -> tuple[DomainId, DomainId, UserId]:
        ids = []
        for name in ("a.test", "b.test"):
            domain = await tx.directory.insert_domain(name, now=NOW, default_quota=0)
            ids.append(domain.id)
            for local in ("ann", "bob", "Cy"):
                address = Address(local, name)
                await tx.directory.insert_account(domain.id, address, kind=AccountKind.PERSONAL, quota_bytes=0, now=NOW)
                user = await tx.directory.insert_user(address.key, "", is_admin=False, now=NOW)
                await tx.directory.insert_alias(domain.id, Address(f"x{local}", name), (str(address),), now=NOW)
        await tx.directory.insert_user("root", "", is_admin=True, now=NOW)
        return ids[0], ids[1], user.id

    return await store.write(unit)


async def test_pages(engine: Engine) -> None:
    store = await engine.open()
    first, second, _ = await furnish(store)
    a, b = ["ann@a.test", "bob@a.test", "cy@a.test"], ["ann@b.test", "bob@b.test", "cy@b.test"]

    async def users(domains: list[DomainId] | None, after: str, limit: int) -> list[str]:
        return [one.login for one in await store.read(lambda tx: tx.directory.page_users(domains, after, limit))]

    assert await users(None, "", 100) == [*sorted(a + b), "root"]
    assert await users([first], "", 100) == a
    assert await users([first, second], "bob@a.test", 2) == ["bob@b.test", "cy@a.test"]
    assert await users([], "", 100) == []
    accounts = await store.read(lambda tx: tx.directory.page_accounts([second], "ann@b.test", 100))
    assert [one.address.key for one in accounts] == b[1:]
    everything = await store.read(lambda tx: tx.directory.page_accounts(None, "", 4))
    assert [one.address.key for one in everything] == sorted(a + b)[:4]
    aliases = await store.read(lambda tx: tx.directory.page_aliases([first], "", 2))
    assert [one.address.key for one in aliases] == ["xann@a.test", "xbob@a.test"]
    assert len(await store.read(lambda tx: tx.directory.page_aliases(None, "", 100))) == 6


async def test_what_is_gone_is_in_no_page(engine: Engine) -> None:
    store = await engine.open()
    first, _, _ = await furnish(store)

    async def unit(tx: Tx) -> None:
        account = await tx.directory.find_account(Address("ann", "a.test"))
        user = await tx.directory.find_user("bob@a.test")
        assert account is not None
        assert user is not None
        await tx.directory.bury_account(account.id, NOW)
        await tx.directory.delete_user(user.id)

    await store.write(unit)
    users = await store.read(lambda tx: tx.directory.page_users([first], "", 10))
    accounts = await store.read(lambda tx: tx.directory.page_accounts([first], "", 10))
    assert [one.login for one in users] == ["cy@a.test"]
    assert [one.address.key for one in accounts] == ["bob@a.test", "cy@a.test"]


async def test_who_looks_after_what(engine: Engine) -> None:
    store = await engine.open()
    first, second, cy = await furnish(store)

    async def administered() -> list[str]:
        return list(await store.read(lambda tx: tx.directory.list_administered(cy)))

    await store.write(lambda tx: tx.directory.update_user(cy, role=UserRole.DOMAIN_ADMIN))
    await store.write(lambda tx: tx.directory.set_administered(cy, [second, first]))
    assert await administered() == ["a.test", "b.test"]
    user = await store.read(lambda tx: tx.directory.find_user("cy@b.test"))
    assert user is not None
    assert (user.role, user.is_admin) == (UserRole.DOMAIN_ADMIN, False)
    await store.write(lambda tx: tx.directory.set_administered(cy, [first]))
    assert await administered() == ["a.test"]
    other = await store.write(lambda tx: tx.directory.insert_domain("c.test", now=NOW, default_quota=0))
    await store.write(lambda tx: tx.directory.set_administered(cy, [other.id]))
    await store.write(lambda tx: tx.directory.delete_domain(other.id))
    assert await administered() == []


async def test_counts(engine: Engine) -> None:
    store = await engine.open()
    box = await make_mailbox(store)
    await box.append(box.folders["INBOX"], b"hello")
    uses = await store.read(lambda tx: tx.directory.domain_uses())
    (use,) = [one for one in uses if one.accounts]
    account = await store.read(lambda tx: tx.directory.get_account(box.account))
    assert use == DomainUse(use.domain, 1, account.used_bytes, 1)
    assert {type(use.used_bytes), type(use.used_messages)} == {int}
    assert await store.read(lambda tx: tx.directory.count_filed(NOW)) == 0, "no trace was kept of it"
