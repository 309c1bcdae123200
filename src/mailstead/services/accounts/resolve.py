"""Which accounts an address means: account, alias, plus-address, domain alias, postmaster, catch-all, in this order."""

from dataclasses import dataclass, field
from typing import Final, Protocol

from mailstead.ground.model.address import Address
from mailstead.ground.model.directory import Account, Domain, Status
from mailstead.ground.model.errors import Invalid
from mailstead.ground.model.verdict import Defer, Reason, Refuse
from mailstead.store.port import ReadTx, Store
from mailstead.store.port.directory import DirectoryReads

DEPTH_MAX: Final = 10
"""Aliases and domain aliases one behind the other."""
TARGETS_MAX: Final = 1000
"""Addresses looked at for one recipient."""


@dataclass(frozen=True, slots=True)
class Target:
    """An account and the tag of the plus-address that led there."""

    account: Account
    tag: str = ""


@dataclass(frozen=True, slots=True)
class Abroad:
    """An address that is not here. `via`: where the mail of its domain, which is ours, is kept; "": a stranger's.
    `is_asked`: that store is asked at RCPT whether it knows the address."""

    address: Address
    via: str = ""
    domain: str = ""  # of ours, that led there
    is_asked: bool = False


@dataclass(frozen=True, slots=True)
class Resolution:
    """Where mail for an address goes: accounts and addresses elsewhere, each once, at least one of both."""

    targets: tuple[Target, ...]
    abroad: tuple[Abroad, ...] = ()


class Reverser(Protocol):
    """Finds the sender abroad behind an address that we made for its bounces: see `forwarding`."""

    async def reverse(self, address: Address) -> Address | None: ...


async def look_up(store: Store, reverser: Reverser, address: Address) -> Resolution | Refuse | Defer:
    """Where mail for an address goes. Busy."""

    async def unit(tx: ReadTx) -> Resolution | Refuse | Defer:
        return await resolve(tx.directory, address)

    found = await store.read(unit)
    if isinstance(found, Refuse) and found.reason is Reason.USER_UNKNOWN:
        original = await reverser.reverse(address)
        if original is not None:
            return Resolution((), (Abroad(original, domain=address.domain),))
    return found


async def resolve(directory: DirectoryReads, address: Address) -> Resolution | Refuse | Defer:
    """Follow an address to where its mail goes. An alias delivers to those of its targets that can be reached, if any
    can."""
    search = _Search(directory)
    verdict = await search.follow(address, ())
    if search.loop:
        return Refuse(Reason.ALIAS_LOOP, search.loop)
    if search.found or search.abroad:
        return Resolution(tuple(search.found.values()), tuple(search.abroad.values()))
    return verdict or Refuse(Reason.USER_UNKNOWN, str(address))


@dataclass(slots=True)
class _Search:
    """What was met on the way of one recipient."""

    directory: DirectoryReads
    found: dict[int, Target] = field(default_factory=dict)
    done: set[str] = field(default_factory=set)
    abroad: dict[str, Abroad] = field(default_factory=dict)
    loop: str = ""

    async def follow(self, address: Address, path: tuple[str, ...]) -> Refuse | Defer | None:
        """Collect the accounts behind an address; gives what stands against it, or None if there are some."""
        domain = await self.directory.find_domain(address.domain)
        if domain is None:
            return self._leave(Abroad(address, domain=path[-1].rpartition("@")[2]) if path else None, address)
        stopped = _judge(domain.status, Reason.DOMAIN_INACTIVE, domain.name)
        if stopped is not None:
            return stopped
        if domain.alias_of is not None:
            other = await self.directory.get_domain(domain.alias_of)
            return await self._follow_further(Address(address.local, other.name), (*path, address.key))
        verdict = await self._look_up_here(address, domain, path)
        if verdict is _NOT_HERE and domain.hand_off:
            return self._leave(Abroad(address, domain.hand_off, domain.name, domain.verify), address)
        if verdict is _NOT_HERE and domain.catchall:
            verdict = await self._follow_text(domain.catchall, domain, (*path, address.key))
        return Refuse(Reason.USER_UNKNOWN, str(address)) if verdict is _NOT_HERE else verdict

    async def _look_up_here(self, address: Address, domain: Domain, path: tuple[str, ...]) -> Refuse | Defer | None:
        """Everything but the catch-all, in order."""
        base, plus, tag = address.local.partition("+")
        verdict = await self._look_up(address, domain, "", path)
        if verdict is _NOT_HERE and plus and base:
            verdict = await self._look_up(Address(base, address.domain), domain, tag, path)
        if verdict is _NOT_HERE and base.lower() == "postmaster":
            verdict = await self._first_admin()
        return verdict

    async def _look_up(
        self, address: Address, domain: Domain, tag: str, path: tuple[str, ...]
    ) -> Refuse | Defer | None:
        """An account or an alias of exactly this address."""
        account = await self.directory.find_account(address)
        if account is not None:
            return self._take(account, tag)
        alias = await self.directory.find_alias(address)
        if alias is None:
            return _NOT_HERE
        verdict: Refuse | Defer | None = Refuse(Reason.USER_UNKNOWN, f"{address} is an alias without targets")
        for index, text in enumerate(alias.targets):
            against = await self._follow_text(text, domain, (*path, address.key))
            verdict = against if index == 0 else verdict or against
        return verdict

    async def _follow_text(self, text: str, domain: Domain, path: tuple[str, ...]) -> Refuse | Defer | None:
        """A target as it was written; without @ it is of the same domain."""
        try:
            address = Address.parse(text if "@" in text else f"{text}@{domain.name}")
        except Invalid as error:
            return Refuse(Reason.RECIPIENT_INVALID, str(error))
        return await self._follow_further(address, path)

    async def _follow_further(self, address: Address, path: tuple[str, ...]) -> Refuse | Defer | None:
        """One step further, unless it leads in a circle or too far."""
        if address.key in path or len(path) > DEPTH_MAX or len(self.done) >= TARGETS_MAX:
            self.loop = " > ".join((*path, address.key))[:500]
            return Refuse(Reason.ALIAS_LOOP, self.loop)
        if address.key in self.done:
            return None
        self.done.add(address.key)
        return await self.follow(address, path)

    async def _first_admin(self) -> Refuse | Defer | None:
        """RFC 5321 §4.5.1: mail to postmaster must reach somebody."""
        account = await self.directory.find_admin_account()
        return self._take(account, "") if account is not None else _NOT_HERE

    def _leave(self, abroad: Abroad | None, address: Address) -> Refuse | None:
        """Elsewhere: only where somebody of ours led there."""
        if abroad is None:
            return Refuse(Reason.RELAY_DENIED, str(address))
        self.abroad.setdefault(abroad.address.key, abroad)
        return None

    def _take(self, account: Account, tag: str) -> Refuse | Defer | None:
        verdict = _judge(account.status, Reason.ACCOUNT_INACTIVE, str(account.address))
        if verdict is None:
            self.found.setdefault(account.id, Target(account, tag))
        return verdict


_NOT_HERE: Final = Refuse(Reason.USER_UNKNOWN, "nothing of this address")
"""Compared by identity: only this answer lets the next way be tried."""


def _judge(status: Status, reason: Reason, evidence: str) -> Refuse | Defer | None:
    """Suspended ones may come back, so their mail waits with its sender."""
    match status:
        case Status.ACTIVE:
            return None
        case Status.SUSPENDED:
            return Defer(reason, evidence)
        case Status.INACTIVE | Status.DELETED:
            return Refuse(reason, evidence)
