"""As whom a user may write: the addresses that mean accounts they may send for, and no others."""

from collections.abc import Mapping
from typing import Final

from mailstead.ground.model.address import Address
from mailstead.ground.model.directory import Account, Domain, Role, Status
from mailstead.ground.model.errors import Invalid
from mailstead.ground.model.ids import AccountId
from mailstead.net.clock import Clock
from mailstead.services.accounts.access import list_open
from mailstead.services.accounts.attempt import Principal
from mailstead.store.port import ReadTx, Store
from mailstead.store.port.directory import DirectoryReads

LOOKUPS_MAX: Final = 200
"""Addresses followed for one sender; an alias that means more is nobody's own."""
FRESH_FOR: Final = 5.0
"""Seconds after which access is read again: a session may last, what was taken from its user may not."""
PROVED_MAX: Final = 100

Owned = Mapping[AccountId, Account]


async def find_owner(directory: DirectoryReads, owned: Owned, address: Address) -> Account | None:
    """The account of `owned` that an address means; None if it means others, others too, or nothing at all.

    An own address, plus-address or address of a domain alias, or an alias that leads to such accounts alone. A
    catch-all makes no address one's own.
    """
    return await _Search(directory, owned).follow(address)


class _Search:
    """What was met on the way of one address."""

    def __init__(self, directory: DirectoryReads, owned: Owned) -> None:
        self._directory = directory
        self._owned = owned
        self._left = LOOKUPS_MAX

    async def follow(self, address: Address) -> Account | None:
        """The account at its end, or the first of several if all are owned."""
        self._left -= 1
        if self._left < 0:
            return None  # too far, or a circle
        domain = await self._directory.find_domain(address.domain)
        if domain is None or domain.status is not Status.ACTIVE:
            return None
        if domain.alias_of is not None:
            other = await self._directory.get_domain(domain.alias_of)
            return await self.follow(Address(address.local, other.name))
        base, plus, _ = address.local.partition("+")
        names = (address, Address(base, address.domain)) if plus and base else (address,)
        for name in names:  # in the order of delivery: an exact address is not one with a tag
            account = await self._directory.find_account(name)
            if account is not None:
                return self._owned.get(account.id)
            alias = await self._directory.find_alias(name)
            if alias is not None:
                return await self._follow_all(alias.targets, domain)
        return None

    async def _follow_all(self, targets: tuple[str, ...], domain: Domain) -> Account | None:
        first: Account | None = None
        for text in targets:
            try:
                address = Address.parse(text if "@" in text else f"{text}@{domain.name}")
            except Invalid:
                return None
            account = await self.follow(address)
            if account is None:
                return None
            first = first or account
        return first


class Rights:
    """Those of one user who has logged in, asked again now and then."""

    def __init__(self, store: Store, clock: Clock, principal: Principal) -> None:
        self._store = store
        self._clock = clock
        self.principal = principal
        self._read_at = clock.monotonic()
        self._take(principal.accounts)

    @property
    def login(self) -> str:
        """Of the user."""
        return self.principal.user.login

    async def account_of(self, sender: Address | None) -> Account | None:
        """In whose name a letter of that envelope sender leaves (None: the null one); None if it may not."""
        if sender is not None:
            return await self.owner_of(sender)
        await self._refresh()
        own = self.principal.account
        return self._owned.get(own.id) or next(iter(self._owned.values()), None)

    async def owner_of(self, address: Address) -> Account | None:
        """The account for which the user may write as this address."""
        await self._refresh()
        key = address.key
        account = self._proved.get(key)
        if account is None:
            account = await self._store.read(self._search(address))
            if account is not None and len(self._proved) < PROVED_MAX:
                self._proved[key] = account
        return account

    async def _refresh(self) -> None:
        now = self._clock.monotonic()
        if now - self._read_at >= FRESH_FOR:
            self._take(await list_open(self._store, self.principal.user))
            self._read_at = now

    def _take(self, accounts: tuple[tuple[Account, Role], ...]) -> None:
        self._owned = {account.id: account for account, role in accounts if role >= Role.SENDER}
        self._proved = {account.address.key: account for account in self._owned.values()}

    def _search(self, address: Address) -> "_FindOwner":
        return _FindOwner(self._owned, address)


class _FindOwner:
    """The read of `owner_of`."""

    def __init__(self, owned: Owned, address: Address) -> None:
        self._owned = owned
        self._address = address

    async def __call__(self, tx: ReadTx) -> Account | None:
        return await find_owner(tx.directory, self._owned, self._address)
