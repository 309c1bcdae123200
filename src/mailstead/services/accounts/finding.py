"""Whose login name it is: by full address, by a bare name of the default domain, by another name of a domain."""

from typing import Final

from mailstead.ground.model.address import Address, fold
from mailstead.ground.model.directory import Account, Role, Status, User
from mailstead.ground.model.errors import Invalid
from mailstead.store.port import ReadTx

NAME_MAX: Final = 320
Accounts = tuple[tuple[Account, Role], ...]


class Finder:
    """Reads of the directory that every login begins with."""

    def __init__(self, default_domain: str) -> None:
        self._default_domain = default_domain

    async def find(self, tx: ReadTx, name: str) -> tuple[User | None, Accounts]:
        """The user of a login name, and the accounts that are open now."""
        for login in await self._candidates(tx, name):
            user = await tx.directory.find_user(login)
            if user is not None:
                return user, await self.open_accounts(tx, user)
        return None, ()

    async def open_accounts(self, tx: ReadTx, user: User) -> Accounts:
        """What a user may enter now: accounts and domains that are active."""
        access = [(a, role) for a, role in await tx.directory.list_access(user.id) if a.status is Status.ACTIVE]
        domains = [await tx.directory.get_domain(domain) for domain in {account.domain_id for account, _ in access}]
        active = {domain.id for domain in domains if domain.status is Status.ACTIVE}
        return tuple((account, role) for account, role in access if account.domain_id in active)

    async def means(self, tx: ReadTx, name: str, user: User) -> bool:
        """Whether a name is one of this user."""
        return user.login in await self._candidates(tx, name)

    def counted(self, name: str) -> str:
        """The name under which failures of nobody are counted."""
        folded = fold(name[:NAME_MAX])
        return folded if "@" in folded else f"{folded}@{self._default_domain}"

    async def _candidates(self, tx: ReadTx, name: str) -> list[str]:
        """The logins a name may mean, the likeliest first."""
        if len(name) > NAME_MAX:
            return []
        if "@" not in name:
            return [fold(name), f"{fold(name)}@{self._default_domain}"]
        try:
            address = Address.parse(name)
        except Invalid:
            return []
        found = [address.key]
        domain = await tx.directory.find_domain(address.domain)
        if domain is not None and domain.alias_of is not None:
            target = await tx.directory.get_domain(domain.alias_of)
            found.append(Address(address.local, target.name).key)
        return found


def own_account(user: User, accounts: Accounts) -> Account:
    """The account whose address is the login; else the first, which is a personal one if there is any."""
    return next((account for account, _ in accounts if account.address.key == user.login), accounts[0][0])
