"""Which accounts a user may enter at this moment, and how the admins of an account let others in."""

from mailstead.ground.model.address import Address, fold
from mailstead.ground.model.audit import Actor, Deed, Through
from mailstead.ground.model.directory import Access, Account, AccountKind, Role, Status, User
from mailstead.ground.model.errors import Denied, NotFound
from mailstead.ground.model.ids import AccountId, Instant
from mailstead.store.port import ReadTx, Store, Tx

Accounts = tuple[tuple[Account, Role], ...]


async def list_open(store: Store, user: User) -> Accounts:
    """As at login: active accounts of active domains; none if the user is gone or not active any longer."""

    async def unit(tx: ReadTx) -> Accounts:
        now = await tx.directory.find_user(user.login)
        if now is None or now.id != user.id or now.status is not Status.ACTIVE:
            return ()
        access = [(a, role) for a, role in await tx.directory.list_access(user.id) if a.status is Status.ACTIVE]
        domains = {account.domain_id for account, _ in access}
        open_ones = {one for one in domains if (await tx.directory.get_domain(one)).status is Status.ACTIVE}
        return tuple((account, role) for account, role in access if account.domain_id in open_ones)

    return await store.read(unit)


async def list_members(store: Store, account: AccountId) -> list[tuple[str, Role]]:
    """Logins and roles, by login."""

    async def unit(tx: ReadTx) -> list[tuple[str, Role]]:
        return [(user.login, role) for user, role in await tx.directory.list_members(account)]

    return await store.read(unit)


async def set_role(
    store: Store,
    admin: User,
    account: AccountId,
    identifier: str,
    role: Role | None,
    *,
    now: Instant,
    address: str = "",
) -> None:
    """Let a user in, or no longer with None, as an admin of the account does at `address`. Denied, NotFound.

    Users of other domains are the same as users who do not exist: nobody learns here who has an account elsewhere.
    """

    async def unit(tx: Tx) -> None:
        found = await tx.directory.get_account(account)
        members = {user.login: (user, had) for user, had in await tx.directory.list_members(account)}
        if members.get(admin.login, (admin, Role.VIEWER))[1] < Role.ADMIN:
            raise Denied("only admins of the account change its rights")
        login = login_of(identifier, found.address.domain)
        if login in members:
            user = members[login][0]
        else:
            user = await _neighbour(tx, login, found.address)
        _check_keeps_an_owner(found, user, role, [had for _, had in members.values()], members.get(login))
        if role is not None:
            await tx.directory.grant(Access(user.id, account, role))
        elif login in members:
            await tx.directory.revoke(user.id, account)
        actor = Actor(admin.login, Through.IMAP, address)
        had = members[login][1] if login in members else None
        await tx.audit.record(actor, access_deed(found, user, had, role), now)

    await store.write(unit)


def access_deed(account: Account, user: User, had: Role | None, has: Role | None) -> Deed:
    """What is told of a change of rights."""
    return Deed(
        action="access.changed",
        subject=str(account.address),
        domain=account.address.domain,
        before={"user": user.login, "role": had.name.lower()} if had else None,
        after={"user": user.login, "role": has.name.lower()} if has else None,
    )


def login_of(identifier: str, domain: str) -> str:
    """A bare name means a user of the account's own domain."""
    return fold(identifier if "@" in identifier else f"{identifier}@{domain}")


async def _neighbour(tx: Tx, login: str, address: Address) -> User:
    user = await tx.directory.find_user(login) if login.rpartition("@")[2] == address.domain else None
    if user is None:
        raise NotFound(f"there is no user {login} in {address.domain}")
    return user


def _check_keeps_an_owner(
    account: Account, user: User, role: Role | None, roles: list[Role], had: tuple[User, Role] | None
) -> None:
    if account.kind is AccountKind.PERSONAL and account.address.key == user.login:
        raise Denied("the rights of the owner stay as they are")
    loses_admin = had is not None and had[1] is Role.ADMIN and role is not Role.ADMIN
    if loses_admin and roles.count(Role.ADMIN) == 1:
        raise Denied("the account would be left without an admin")
