"""Accounts that many share, and who may enter an account in which role."""

from mailstead.ground.model.audit import facts_of
from mailstead.ground.model.directory import Access, AccountKind, Role
from mailstead.ground.model.errors import Invalid, NotFound
from mailstead.services.accounts.access import access_deed
from mailstead.services.accounts.directory import Directory, get_real_domain
from mailstead.services.accounts.users import AccountView, check_quota, get_user, open_account, require_free
from mailstead.store.port import Tx


async def add_shared(
    directory: Directory, address_text: str, members: dict[str, Role], quota: int | None, *, dry_run: bool = False
) -> AccountView:
    """Add an account that many share; its members exist; AlreadyExists, NotFound, Invalid."""
    address = directory.address(address_text)
    check_quota(quota)

    async def unit(tx: Tx) -> AccountView:
        domain = await get_real_domain(tx, address.domain)
        await require_free(tx, domain, address)
        account = await open_account(tx, directory, domain, address, AccountKind.SHARED, quota)
        for name, role in members.items():
            user = await get_user(tx, directory, name)
            await tx.directory.grant(Access(user.id, account.id, role))
        entered = {name: role.name.lower() for name, role in members.items()}
        after = facts_of(account) | {"members": entered}
        await directory.record(tx, "account.created", str(account.address), after=after)
        return AccountView(account, tuple(members.items()))

    return await directory.commit(unit, dry_run=dry_run)


async def share(
    directory: Directory, address_text: str, name: str, role: Role | None, *, dry_run: bool = False
) -> Role | None:
    """Give a user a role in an account, or take it away with None; the role they had before."""
    address = directory.address(address_text)

    async def unit(tx: Tx) -> Role | None:
        account = await tx.directory.find_account(address)
        if account is None:
            raise NotFound(f"there is no account {address}")
        user = await get_user(tx, directory, name)
        before = {member.id: had for member, had in await tx.directory.list_members(account.id)}
        if account.kind is AccountKind.PERSONAL and account.address.key == user.login:
            raise Invalid(f"{address} is their own account")
        if role is not None:
            await tx.directory.grant(Access(user.id, account.id, role))
        elif user.id not in before:
            raise NotFound(f"{user.login} has no access to {address}")
        else:
            await tx.directory.revoke(user.id, account.id)
        deed = access_deed(account, user, before.get(user.id), role)
        await tx.audit.record(directory.actor, deed, directory.clock.now())
        return before.get(user.id)

    return await directory.commit(unit, dry_run=dry_run)
