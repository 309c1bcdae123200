"""Adding, showing, changing and removing users with their personal accounts."""

from dataclasses import dataclass, replace

from mailstead.ground.model.address import Address, canonical_domain
from mailstead.ground.model.audit import facts_of
from mailstead.ground.model.directory import Access, Account, AccountKind, Alias, Domain, Role, Status, User, UserRole
from mailstead.ground.model.errors import AlreadyExists, Conflict, Invalid, NotFound
from mailstead.services.accounts.directory import Directory, NoSuchUser, get_domain, get_real_domain
from mailstead.services.accounts.passwords import check_stored, prepare_password
from mailstead.store.port import ReadTx, Tx

QUOTA_MAX = 1 << 50


@dataclass(frozen=True, slots=True, kw_only=True)
class NewUser:
    """A user to be, with a password or its hash. `quota_bytes` None is the default of the domain."""

    address: str
    password: str | None = None
    password_hash: str | None = None
    verifier: str | None = None  # of the same password, for SCRAM
    quota_bytes: int | None = None
    is_admin: bool = False
    role: UserRole = UserRole.USER
    domains: tuple[str, ...] = ()  # of a domain-admin
    status: Status = Status.ACTIVE


@dataclass(frozen=True, slots=True)
class UserView:
    """A user, the accounts they may enter, and the domains they look after."""

    user: User
    accounts: tuple[tuple[Account, Role], ...]
    domains: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class AccountView:
    """An account and who may enter it."""

    account: Account
    members: tuple[tuple[str, Role], ...]


def check_password(directory: Directory, password: str) -> str:
    """A new password in its prepared form; Invalid says what is wrong with it."""
    prepared = prepare_password(password)
    if len(prepared) < directory.min_password_length:
        raise Invalid(f"the password is shorter than {directory.min_password_length} characters")
    return prepared


async def stored_form(directory: Directory, new: NewUser) -> NewUser:
    """The new user without the clear password: with its hash, and the verifier that only now can be made."""
    if new.password_hash is not None:
        return replace(new, password=None, password_hash=check_stored(new.password_hash))
    if new.password is None:
        raise Invalid("a user needs a password or its hash")
    stored, verifier = await hash_both(directory, check_password(directory, new.password))
    return replace(new, password=None, password_hash=stored, verifier=verifier)


async def hash_both(directory: Directory, password: str) -> tuple[str, str]:
    """Hash and SCRAM verifier of a password."""
    return await directory.hasher.hash(password), await directory.hasher.derive(password)


async def add_user(directory: Directory, new: NewUser, *, dry_run: bool = False) -> Account:
    """Add a user with a personal account and its folders; AlreadyExists, NotFound (the domain), Invalid."""
    address = directory.address(new.address)
    check_quota(new.quota_bytes)
    if dry_run and new.password is not None:
        check_password(directory, new.password)
        stored = replace(new, password_hash="-")  # noqa: S106 - a rehearsal
    else:
        stored = await stored_form(directory, new)
    now = directory.clock.now()

    async def unit(tx: Tx) -> Account:
        domain = await get_real_domain(tx, address.domain)
        await require_free(tx, domain, address)
        if await tx.directory.find_user(address.key) is not None:
            raise AlreadyExists(f"the user {address} is here already")
        account = await open_account(tx, directory, domain, address, AccountKind.PERSONAL, new.quota_bytes)
        user = await tx.directory.insert_user(address.key, stored.password_hash or "", is_admin=new.is_admin, now=now)
        if stored.verifier is not None:
            await tx.credentials.store_verifier(user.id, stored.verifier)
        await tx.directory.grant(Access(user.id, account.id, Role.ADMIN))
        role = UserRole.ADMIN if new.is_admin else new.role
        await _put_role(tx, user, role, new.domains)
        if new.status is not Status.ACTIVE:
            await tx.directory.update_user(user.id, status=new.status)
        more = {"role": role.value, "domains": list(new.domains), "status": new.status.value}
        after = facts_of(user) | more | {"quota_bytes": account.quota_bytes}
        await directory.record(tx, "user.created", user.login, after=after)
        return account

    return await directory.commit(unit, dry_run=dry_run)


async def _put_role(tx: Tx, user: User, role: UserRole | None, domains: tuple[str, ...] | None) -> None:
    """What they may do here; None leaves it as it is. Only a domain-admin has domains, and at least one."""
    has = role or user.role
    names = tuple(await tx.directory.list_administered(user.id)) if domains is None else domains
    if has is UserRole.DOMAIN_ADMIN and not names:
        raise Invalid("say which domains a domain-admin looks after")
    if has is not UserRole.DOMAIN_ADMIN and domains:
        raise Invalid(f"a user with the role {has.value} looks after no domains")
    kept = names if has is UserRole.DOMAIN_ADMIN else ()
    await tx.directory.set_administered(user.id, [(await get_real_domain(tx, canonical_domain(n))).id for n in kept])
    if has is not user.role:
        await tx.directory.update_user(user.id, role=has)


def check_quota(quota: int | None) -> None:
    """Invalid outside of what the store keeps."""
    if quota is not None and not 0 <= quota <= QUOTA_MAX:
        raise Invalid(f"a quota is 0 (none) to {QUOTA_MAX} bytes")


async def require_free(tx: Tx, domain: Domain, address: Address) -> None:
    """The address means nothing yet, and the domain has room for one more."""
    if await tx.directory.find_account(address) is not None:
        raise AlreadyExists(f"the account {address} is here already")
    if await tx.directory.find_alias(address) is not None:
        raise AlreadyExists(f"{address} is an alias (mailstead alias remove {address})")
    if domain.max_users and await tx.directory.count_accounts(domain.id) >= domain.max_users:
        raise Conflict(f"{domain.name} has reached its limit of {domain.max_users} users")


async def open_account(
    tx: Tx, directory: Directory, domain: Domain, address: Address, kind: AccountKind, quota: int | None
) -> Account:
    """The account with the folders it is born with."""
    size = _within(domain, quota)
    now = directory.clock.now()
    account = await tx.directory.insert_account(domain.id, address, kind=kind, quota_bytes=size, now=now)
    modseq = (await tx.advance(account.id))[account.id]
    await tx.folders.create_birth_folders(account.id, modseq=modseq, now=now)
    return account


def _within(domain: Domain, quota: int | None) -> int:
    """What the domain gives, or what was asked for if it allows that; Invalid."""
    most = domain.max_mailbox_size
    if quota is None:
        return min(domain.default_quota or most, most) if most else domain.default_quota
    if most and not 0 < quota <= most:
        raise Invalid(f"{domain.name} allows no account more than {most} bytes")
    return quota


async def get_user(tx: ReadTx | Tx, directory: Directory, name: str) -> User:
    """By login as people give it; NoSuchUser."""
    user = await tx.directory.find_user(directory.login(name))
    if user is None and "@" not in name:
        user = await tx.directory.find_user(directory.address(name).key)
    if user is None:
        raise NoSuchUser(f"there is no user {name}")
    return user


async def list_accounts(directory: Directory, domain: str | None = None) -> list[Account]:
    """Accounts of one domain or of all, by address; NotFound."""

    async def unit(tx: ReadTx) -> list[Account]:
        where = (await get_domain(tx, canonical_domain(domain))).id if domain else None
        return sorted(
            await tx.directory.list_accounts(where), key=lambda account: (account.domain_id, account.address.key)
        )

    return await directory.store.read(unit)


async def view_user(directory: Directory, name: str) -> UserView | AccountView:
    """A user with their accounts, or a shared account with its members; NoSuchUser."""

    async def unit(tx: ReadTx) -> UserView | AccountView:
        try:
            user = await get_user(tx, directory, name)
        except NoSuchUser:
            account = await tx.directory.find_account(directory.address(name))
            if account is None:
                raise
            members = await tx.directory.list_members(account.id)
            return AccountView(account, tuple((member.login, role) for member, role in members))
        return await read_user(tx, user)

    return await directory.store.read(unit)


async def read_user(tx: ReadTx | Tx, user: User) -> UserView:
    """All about one user."""
    access = tuple(await tx.directory.list_access(user.id))
    return UserView(user, access, tuple(await tx.directory.list_administered(user.id)))


async def set_password(directory: Directory, name: str, password: str, *, dry_run: bool = False) -> User:
    """Replace a password; what was remembered of the old one is worthless at once (see `login`)."""
    prepared = check_password(directory, password)
    stored, verifier = ("-", "-") if dry_run else await hash_both(directory, prepared)

    async def unit(tx: Tx) -> User:
        user = await get_user(tx, directory, name)
        await tx.directory.update_user(user.id, password_hash=stored)
        await tx.credentials.store_verifier(user.id, verifier)
        before, after = {"password": "the old one"}, {"password": "a new one"}
        await directory.record(tx, "user.password_changed", user.login, before=before, after=after)
        return user

    return await directory.commit(unit, dry_run=dry_run)


@dataclass(frozen=True, slots=True, kw_only=True)
class UserChange:
    """What changes; None leaves it as it is."""

    quota_bytes: int | None = None
    quota_messages: int | None = None
    status: Status | None = None
    role: UserRole | None = None
    domains: tuple[str, ...] | None = None  # of a domain-admin


async def change_user(
    directory: Directory, name: str, change: UserChange, *, dry_run: bool = False
) -> tuple[str, UserChange]:
    """Change a user and their own account, or a shared account; gives its name and what it was before."""
    check_quota(change.quota_bytes)
    if change.status is Status.DELETED:
        raise Invalid("remove the user instead")

    async def unit(tx: Tx) -> tuple[str, UserChange]:
        user, account = await _of_name(tx, directory, name)
        before = await _change_quota(tx, user, account, change)
        subject = user.login if user is not None else str(account.address) if account is not None else name
        if (change.status, change.role, change.domains) != (None, None, None):
            if user is None:
                raise Invalid(f"{name} is a shared account: it has quotas and members, no status of its own")
            before = await _change_standing(tx, user, change, before)
        await directory.record(tx, "user.changed", subject, before=_said(before), after=_said(change))
        return subject, before

    return await directory.commit(unit, dry_run=dry_run)


async def _change_standing(tx: Tx, user: User, change: UserChange, before: UserChange) -> UserChange:
    domains = tuple(await tx.directory.list_administered(user.id))
    if change.status is not None:
        await tx.directory.update_user(user.id, status=change.status)
    if (change.role, change.domains) != (None, None):
        await _put_role(tx, user, change.role, change.domains)
    return replace(
        before,
        status=user.status if change.status is not None else None,
        role=user.role if change.role is not None else None,
        domains=domains if (change.role, change.domains) != (None, None) else None,
    )


def _said(change: UserChange) -> dict[str, object]:
    return {name: value for name, value in facts_of(change).items() if value is not None}


async def _change_quota(tx: Tx, user: User | None, account: Account | None, change: UserChange) -> UserChange:
    if change.quota_bytes is None and change.quota_messages is None:
        return UserChange()
    if account is None:
        raise NotFound(f"{user.login if user is not None else 'nobody'} has no account of their own")
    if change.quota_bytes is not None:
        _within(await tx.directory.get_domain(account.domain_id), change.quota_bytes)
    await tx.directory.update_account(account.id, quota_bytes=change.quota_bytes, quota_messages=change.quota_messages)
    return UserChange(
        quota_bytes=account.quota_bytes if change.quota_bytes is not None else None,
        quota_messages=account.quota_messages if change.quota_messages is not None else None,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Removed:
    """What a removal took, and the aliases that now lead nowhere."""

    address: str
    messages: int
    used_bytes: int
    stray_aliases: tuple[str, ...] = ()


async def remove_user(directory: Directory, name: str, *, dry_run: bool = False) -> Removed:
    """Remove a user with their account, or a shared account: its mail is deleted in the background; NoSuchUser."""
    now = directory.clock.now()

    async def unit(tx: Tx) -> Removed:
        user, account = await _of_name(tx, directory, name)
        if account is not None:
            await tx.directory.bury_account(account.id, now)
        if user is not None:
            await tx.directory.delete_user(user.id)
        removed = Removed(
            address=str(account.address) if account is not None else user.login if user is not None else name,
            messages=account.used_messages if account else 0,
            used_bytes=account.used_bytes if account else 0,
        )
        before = facts_of(user if user is not None else account)
        await directory.record(tx, "user.removed", removed.address, before=before)
        return removed

    removed = await directory.commit(unit, dry_run=dry_run)
    return replace(removed, stray_aliases=await _aliases_to(directory, removed.address))


async def _aliases_to(directory: Directory, address: str) -> tuple[str, ...]:
    """The aliases that lead to an address."""

    async def unit(tx: ReadTx) -> list[Alias]:
        return await tx.directory.list_aliases()

    key = directory.login(address)
    aliases = await directory.store.read(unit)
    return tuple(
        str(alias.address) for alias in aliases if key in {directory.login(target) for target in alias.targets}
    )


async def _of_name(tx: Tx, directory: Directory, name: str) -> tuple[User | None, Account | None]:
    """The user of that name with their own account, or a shared account without a user."""
    try:
        user = await get_user(tx, directory, name)
    except NoSuchUser:
        account = await tx.directory.find_account(directory.address(name))
        if account is None:
            raise
        return None, account
    access = await tx.directory.list_access(user.id)
    return user, next((account for account, _ in access if account.address.key == user.login), None)
