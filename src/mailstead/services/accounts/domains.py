"""Adding, showing and removing mail domains."""

from dataclasses import dataclass, replace
from typing import Final

from mailstead.ground.model.address import Address, canonical_domain
from mailstead.ground.model.audit import facts_of
from mailstead.ground.model.directory import AccountKind, Domain, DomainUse
from mailstead.ground.model.errors import AlreadyExists, Conflict, Invalid
from mailstead.ground.model.ids import Instant
from mailstead.ground.model.policy import Identity, Sheet
from mailstead.ground.model.route import parse_route, shown_route
from mailstead.services.accounts.directory import Directory, get_domain, get_real_domain
from mailstead.store.port import ReadTx, Tx

MAX_USERS_MAX = 10_000_000
LIMIT_MAX = 1 << 50
NOBODY: Final = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class NewDomain:
    """What an administrator may say of a new domain; None: as the template has it."""

    name: str
    alias_of: str | None = None
    catchall: str | None = None
    max_users: int | None = None
    default_quota: int | None = None
    hand_off: str = ""
    verify: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class DomainView:
    """A domain and what it holds."""

    domain: Domain
    alias_of: str | None
    users: int
    shared: int
    aliases: int
    used_bytes: int
    used_messages: int


async def add_domain(directory: Directory, new: NewDomain, *, dry_run: bool = False) -> Domain:
    """Add a domain; AlreadyExists, NotFound (the other domain), Invalid."""

    async def unit(tx: Tx) -> Domain:
        return await put_domain(tx, directory, new)

    return await directory.commit(unit, dry_run=dry_run)


async def put_domain(tx: Tx, directory: Directory, new: NewDomain, sheet: Sheet | None = None) -> Domain:
    """The row of a new domain and its policy, copies of the template or of this sheet; errors as `add_domain`."""
    made = await _insert(tx, new, directory.clock.now(), sheet)
    after = facts_of(made) | {"alias_of": new.alias_of}
    await directory.record(tx, "domain.created", made.name, domain=made.name, after=after)
    return made


async def _insert(tx: Tx, new: NewDomain, now: Instant, sheet: Sheet | None) -> Domain:
    name = canonical_domain(new.name)
    version = await tx.policies.advance()
    if await tx.directory.find_domain(name) is not None:
        raise AlreadyExists(f"the domain {name} is here already")
    sheet = sheet or await tx.policies.get_template()
    identity = _identity_of(new, sheet.identity)
    hand_off = read_hand_off(new.hand_off)
    if hand_off and (new.catchall or new.alias_of):
        raise Invalid("what is handed off is neither caught here nor of another name")
    if new.alias_of:
        target = await get_real_domain(tx, canonical_domain(new.alias_of))
        if new.catchall:
            raise Invalid(f"{name} is another name of {target.name}: set the catch-all there")
        return await tx.directory.insert_domain(
            name, now=now, alias_of=target.id, max_users=identity.max_users, default_quota=identity.default_quota
        )
    row = await tx.directory.insert_domain(name, now=now, default_quota=identity.default_quota)
    domain = replace(identity.put_in(row), hand_off=hand_off, verify=new.verify)
    await tx.directory.update_domain(domain)
    await tx.policies.put_policy(name, sheet.policy, version=version, now=now)
    return domain


def _identity_of(new: NewDomain, origin: Identity) -> Identity:
    """What was said goes before what is copied."""
    max_users = origin.max_users if new.max_users is None else new.max_users
    default_quota = origin.default_quota if new.default_quota is None else new.default_quota
    if not 0 <= max_users <= MAX_USERS_MAX or default_quota < 0:
        raise Invalid("limits are zero (none) or more")
    catchall = str(Address.parse(new.catchall)) if new.catchall else origin.catchall_email
    return replace(origin, max_users=max_users, default_quota=default_quota, catchall_email=catchall)


async def ensure_domain(directory: Directory, name: str) -> Domain:
    """The domain, added if it is not there yet: for a server without a configuration file."""

    async def look(tx: ReadTx) -> Domain | None:
        return await tx.directory.find_domain(canonical_domain(name))

    found = await directory.store.read(look)
    if found is not None:
        return found
    try:
        return await add_domain(directory, NewDomain(name=name))
    except AlreadyExists:  # another worker was quicker
        return await directory.store.read(lambda tx: get_domain(tx, canonical_domain(name)))


async def list_domains(directory: Directory) -> list[Domain]:
    """All, by name."""

    async def unit(tx: ReadTx) -> list[Domain]:
        return sorted(await tx.directory.list_domains(), key=lambda domain: domain.name)

    return await directory.store.read(unit)


async def list_uses(directory: Directory, since: Instant) -> tuple[list[DomainUse], int]:
    """What the accounts of each domain hold, and how many letters were filed since then: long looks."""
    uses = await directory.store.read(lambda tx: tx.directory.domain_uses())
    return uses, await directory.store.read(lambda tx: tx.directory.count_filed(since))


async def view_domain(directory: Directory, name: str) -> DomainView:
    """One domain with its counts; NotFound."""

    async def unit(tx: ReadTx) -> DomainView:
        domain = await get_domain(tx, canonical_domain(name))
        accounts = await tx.directory.list_accounts(domain.id)
        target = await tx.directory.get_domain(domain.alias_of) if domain.alias_of is not None else None
        personal = sum(account.kind is AccountKind.PERSONAL for account in accounts)
        return DomainView(
            domain=domain,
            alias_of=target.name if target else None,
            users=personal,
            shared=len(accounts) - personal,
            aliases=len(await tx.directory.list_aliases(domain.id)),
            used_bytes=sum(account.used_bytes for account in accounts),
            used_messages=sum(account.used_messages for account in accounts),
        )

    return await directory.store.read(unit)


@dataclass(frozen=True, slots=True, kw_only=True)
class DomainChange:
    """What changes; None leaves it as it is. The totals are for all accounts of the domain together; 0: no limit."""

    default_quota: int | None = None
    total_bytes: int | None = None
    total_messages: int | None = None
    hand_off: str | None = None  # "" or "none": its mail is kept here
    verify: bool | None = None

    @property
    def limits(self) -> tuple[int | None, ...]:
        """What is a number."""
        return self.default_quota, self.total_bytes, self.total_messages


async def change_domain(
    directory: Directory, name: str, change: DomainChange, *, dry_run: bool = False
) -> DomainChange:
    """Change the limits of a domain; gives what they were; NotFound, Invalid."""
    if any(value is not None and not 0 <= value <= LIMIT_MAX for value in change.limits):
        raise Invalid(f"limits are 0 (none) to {LIMIT_MAX}")
    hand_off = None if change.hand_off is None else read_hand_off(change.hand_off)

    async def unit(tx: Tx) -> DomainChange:
        domain = await get_real_domain(tx, canonical_domain(name))
        quota = domain.quota
        if (change.default_quota, hand_off, change.verify) != (None, None, None):
            await tx.directory.update_domain(
                replace(
                    domain,
                    default_quota=domain.default_quota if change.default_quota is None else change.default_quota,
                    hand_off=domain.hand_off if hand_off is None else hand_off,
                    verify=domain.verify if change.verify is None else change.verify,
                )
            )
        if hand_off is not None and domain.hand_off:  # who waits for the store that was need not wait any more
            await tx.spool.pause(shown_route(domain.hand_off), until=Instant(0), reason="", failures=0)
        if change.total_bytes is not None or change.total_messages is not None:
            total = quota.limit_bytes if change.total_bytes is None else change.total_bytes
            messages = quota.limit_messages if change.total_messages is None else change.total_messages
            await tx.directory.set_domain_quota(domain.id, total, messages)
        before, after = facts_of(domain), facts_of(await tx.directory.get_domain(domain.id))
        await directory.record(tx, "domain.changed", domain.name, domain=domain.name, before=before, after=after)
        return DomainChange(
            default_quota=None if change.default_quota is None else domain.default_quota,
            total_bytes=None if change.total_bytes is None else quota.limit_bytes,
            total_messages=None if change.total_messages is None else quota.limit_messages,
            hand_off=None if hand_off is None else domain.hand_off,
            verify=None if change.verify is None else domain.verify,
        )

    return await directory.commit(unit, dry_run=dry_run)


def read_hand_off(text: str) -> str:
    """The store that keeps the mail of a domain, as a route; "" or `none`: this one does. Invalid."""
    if text in ("", NOBODY):
        return ""
    route = parse_route(text)
    if route.is_direct or route.login:
        raise Invalid("mail is handed off to a host, which knows us by our address: lmtp://HOST:24")
    return text


async def remove_domain(directory: Directory, name: str, *, dry_run: bool = False) -> DomainView:
    """Remove a domain without accounts, with its aliases; Conflict names what is still in it."""
    view = await view_domain(directory, name)

    async def unit(tx: Tx) -> None:
        domain = await get_domain(tx, view.domain.name)
        count = await tx.directory.count_accounts(domain.id)
        if count:
            raise Conflict(
                f"{domain.name} still has {count} accounts: remove them first (mailstead user list {domain.name})"
            )
        others = [other.name for other in await tx.directory.list_domains() if other.alias_of == domain.id]
        if others:
            raise Conflict(f"{', '.join(others)} are other names of {domain.name}: remove them first")
        await tx.directory.delete_domain(domain.id)
        await directory.record(tx, "domain.removed", domain.name, domain=domain.name, before=facts_of(domain))

    await directory.commit(unit, dry_run=dry_run)
    return view
