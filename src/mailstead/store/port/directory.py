"""Domains, users, accounts, aliases and access."""

from collections.abc import Collection, Sequence
from typing import Protocol

from mailstead.ground.model.address import Address
from mailstead.ground.model.directory import (
    Access,
    Account,
    AccountKind,
    Alias,
    Domain,
    DomainUse,
    Role,
    Status,
    User,
    UserRole,
)
from mailstead.ground.model.ids import AccountId, AliasId, DomainId, Instant, UserId


class DirectoryReads(Protocol):
    """`get_` raises NotFound, `find_` may give None. Rows with Status.DELETED are never given, but by `get_account`."""

    async def list_domains(self) -> list[Domain]: ...
    async def find_domain(self, name: str) -> Domain | None: ...
    async def get_domain(self, domain: DomainId) -> Domain: ...

    async def list_accounts(self, domain: DomainId | None = None) -> list[Account]: ...
    async def find_account(self, address: Address) -> Account | None: ...
    async def get_account(self, account: AccountId) -> Account: ...
    async def count_accounts(self, domain: DomainId) -> int: ...

    async def list_users(self) -> list[User]: ...
    async def find_user(self, login: str) -> User | None:
        """By folded login."""

    async def list_access(self, user: UserId) -> list[tuple[Account, Role]]:
        """The accounts a user may enter; personal ones first."""

    async def find_admin_account(self) -> Account | None:
        """The account of the first admin, both active: who gets mail for postmaster where nobody else does."""

    async def list_members(self, account: AccountId) -> list[tuple[User, Role]]: ...

    async def list_aliases(self, domain: DomainId | None = None) -> list[Alias]: ...
    async def find_alias(self, address: Address) -> Alias | None: ...

    async def page_users(self, domains: Collection[DomainId] | None, after: str, limit: int) -> list[User]:
        """Up to `limit` past the login `after`, here and below; with their own account in these domains, or all."""

    async def page_accounts(self, domains: Collection[DomainId] | None, after: str, limit: int) -> list[Account]: ...
    async def page_aliases(self, domains: Collection[DomainId] | None, after: str, limit: int) -> list[Alias]: ...

    async def domain_uses(self) -> list[DomainUse]:
        """Of all domains: a long look."""

    async def count_filed(self, since: Instant) -> int:
        """Letters filed since then that are still here."""

    async def list_administered(self, user: UserId) -> list[str]:
        """Names of the domains that a domain-admin looks after."""


class DirectoryWrites(DirectoryReads, Protocol):
    """Inserts raise AlreadyExists, changes and removals NotFound."""

    async def insert_domain(
        self,
        name: str,
        *,
        now: Instant,
        alias_of: DomainId | None = None,
        catchall: str | None = None,
        max_users: int = 0,
        default_quota: int,
    ) -> Domain: ...
    async def update_domain(self, domain: Domain) -> None: ...
    async def set_domain_quota(self, domain: DomainId, quota_bytes: int, quota_messages: int) -> None:
        """Limits for all its accounts together (0: none); counts what they use now. `update_domain` leaves them."""

    async def delete_domain(self, domain: DomainId) -> None:
        """Only one without accounts; Conflict otherwise. Its aliases and alias domains go with it."""

    async def insert_account(
        self, domain: DomainId, address: Address, *, kind: AccountKind, quota_bytes: int, now: Instant
    ) -> Account:
        """The row alone; `folders.create_birth_folders` makes its folders."""

    async def update_account(
        self,
        account: AccountId,
        *,
        status: Status | None = None,
        quota_bytes: int | None = None,
        quota_messages: int | None = None,
    ) -> None: ...
    async def bury_account(self, account: AccountId, now: Instant) -> None:
        """Status DELETED, the address free again, its access gone; a duty removes the mail (`duties.exhume`)."""

    async def insert_user(self, login: str, password_hash: str, *, is_admin: bool, now: Instant) -> User: ...
    async def update_user(
        self,
        user: UserId,
        *,
        password_hash: str | None = None,
        role: UserRole | None = None,
        status: Status | None = None,
    ) -> None: ...
    async def delete_user(self, user: UserId) -> None:
        """With its access."""

    async def set_administered(self, user: UserId, domains: Sequence[DomainId]) -> None: ...

    async def grant(self, access: Access) -> None:
        """Give or change an access."""

    async def revoke(self, user: UserId, account: AccountId) -> None: ...

    async def insert_alias(
        self, domain: DomainId, address: Address, targets: tuple[str, ...], *, now: Instant
    ) -> Alias: ...
    async def update_alias(self, alias: AliasId, targets: tuple[str, ...]) -> None: ...
    async def delete_alias(self, alias: AliasId) -> None: ...
