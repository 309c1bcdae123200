"""What the operations on domains, users and aliases share: the store, the clock, and the rehearsal of a change.

A rehearsal (`dry_run`) runs the very unit that would make the change and lets it fail at its end: its checks are the
real ones.
"""

import difflib
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, replace
from typing import Any, Generic, Protocol, Self, TypeVar

from mailstead.ground.model.address import Address, fold
from mailstead.ground.model.audit import PROGRAM, Actor, Deed, Facts
from mailstead.ground.model.directory import Domain
from mailstead.ground.model.errors import Invalid, MailError, NotFound
from mailstead.net.clock import Clock
from mailstead.services.accounts.passwords import PasswordHasher
from mailstead.store.port import ReadTx, Store, Tx

T = TypeVar("T")


class NoSuchUser(NotFound):
    """No user and no account of that name."""


class Rider(Protocol):
    """Goes along with a change, in its unit: a condition still holds when it is made, its answer is kept with it."""

    async def before(self, tx: Tx) -> None:
        """Raises what stands against it."""

    async def after(self, tx: Tx, value: object) -> None:
        """It gave this value."""


class _Rehearsed(MailError, Generic[T]):  # noqa: N818 - ends a unit that must leave no trace
    def __init__(self, value: T) -> None:
        super().__init__("only a rehearsal")
        self.value = value


@dataclass(frozen=True, slots=True, kw_only=True)
class Directory:
    """Who is here, and the means to change it."""

    store: Store
    hasher: PasswordHasher
    clock: Clock
    default_domain: str
    min_password_length: int = 8
    actor: Actor = PROGRAM
    rider: Rider | None = None

    def by(self, actor: Actor) -> Self:
        """The same in somebody's hands: what they change is told as theirs."""
        return replace(self, actor=actor)

    async def record(
        self, tx: Tx, action: str, subject: str, *, domain: str | None = None,
        before: Facts | None = None, after: Facts | None = None,
    ) -> None:  # fmt: skip
        """Write down what a unit changed, in that unit and as its last statement.

        If no domain is named it is that of the subject, an address. The time is that of writing: it rises with the
        numbers of the entries.
        """
        where = subject.rpartition("@")[2] if domain is None and "@" in subject else domain or ""
        deed = Deed(action=action, subject=subject, domain=where, before=before, after=after)
        await tx.audit.record(self.actor, deed, self.clock.now())

    async def commit(self, unit: Callable[[Tx], Coroutine[Any, Any, T]], *, dry_run: bool = False) -> T:
        """Make a change durable, or only find out what it would give."""
        rider = self.rider

        async def ridden(tx: Tx) -> T:
            if rider is None:
                return await unit(tx)
            await rider.before(tx)
            value = await unit(tx)
            await rider.after(tx, value)
            return value

        if not dry_run:
            return await self.store.write(ridden)

        async def rehearse(tx: Tx) -> T:
            raise _Rehearsed(await unit(tx))

        try:
            return await self.store.write(rehearse)
        except _Rehearsed as rehearsed:
            return rehearsed.value  # type: ignore[no-any-return]

    def address(self, text: str) -> Address:
        """An address as people give it: a bare name belongs to the default domain; Invalid."""
        return Address.parse(text if "@" in text else f"{text}@{self.default_domain}")

    def login(self, text: str) -> str:
        """A login name folded for look-up."""
        return self.address(text).key if "@" in text else fold(text)


async def get_domain(tx: ReadTx | Tx, name: str) -> Domain:
    """A domain of ours by its canonical name; NotFound says how to get it."""
    domain = await tx.directory.find_domain(name)
    if domain is None:
        near = difflib.get_close_matches(name, [other.name for other in await tx.directory.list_domains()], n=1)
        hint = f"did you mean {near[0]}?" if near else f"mailstead domain add {name}"
        raise NotFound(f"there is no domain {name} here ({hint})")
    return domain


async def get_real_domain(tx: ReadTx | Tx, name: str) -> Domain:
    """The same, but one that has its own users; Invalid for an alias of another."""
    domain = await get_domain(tx, name)
    if domain.alias_of is not None:
        target = await tx.directory.get_domain(domain.alias_of)
        raise Invalid(f"{name} is another name of {target.name}; use that one")
    return domain


async def names_of(tx: ReadTx | Tx, address: Address) -> Address:
    """The address under the domain it really belongs to."""
    domain = await tx.directory.find_domain(address.domain)
    if domain is None or domain.alias_of is None:
        return address
    return Address(address.local, (await tx.directory.get_domain(domain.alias_of)).name)
