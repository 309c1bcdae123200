"""The directory as the API shows it: page by page, within the domains that somebody may see."""

from collections.abc import Collection, Sequence
from typing import Final

from mailstead.ground.model.directory import Account, Alias, DomainUse, User
from mailstead.ground.model.ids import DomainId, Instant, UserId
from mailstead.store.sql.accounts import COLUMNS as ACCOUNT
from mailstead.store.sql.accounts import read_accounts
from mailstead.store.sql.aliases import alias_of
from mailstead.store.sql.session import Session
from mailstead.store.sql.users import user_of

PAGE_USERS: Final = """
    SELECT id, login, password_hash, role, status, created_at
      FROM mail_user WHERE login > :after AND status <> 'deleted' ORDER BY login LIMIT :limit"""

PAGE_USERS_OF: Final = """
    SELECT u.id, u.login, u.password_hash, u.role, u.status, u.created_at
      FROM account a JOIN mail_user u ON u.login = a.address_key
     WHERE a.domain_id {in_ids} AND a.address_key > :after AND a.status <> 'deleted' AND u.status <> 'deleted'
     ORDER BY a.address_key LIMIT :limit"""

PAGE_ACCOUNTS: Final = f"""
    SELECT {ACCOUNT} FROM account a
     WHERE a.address_key > :after AND a.status <> 'deleted' ORDER BY a.address_key LIMIT :limit"""  # noqa: S608

PAGE_ACCOUNTS_OF: Final = f"""
    SELECT {ACCOUNT} FROM account a
     WHERE a.domain_id {{in_ids}} AND a.address_key > :after AND a.status <> 'deleted'
     ORDER BY a.address_key LIMIT :limit"""  # noqa: S608

PAGE_ALIASES: Final = """
    SELECT id, domain_id, address, targets, created_at FROM alias
     WHERE address_key > :after ORDER BY address_key LIMIT :limit"""

PAGE_ALIASES_OF: Final = """
    SELECT id, domain_id, address, targets, created_at FROM alias
     WHERE domain_id {in_ids} AND address_key > :after ORDER BY address_key LIMIT :limit"""

USES: Final = """
    SELECT d.name, count(a.id), COALESCE(sum(a.used_bytes), 0), COALESCE(sum(a.used_messages), 0)
      FROM domain d LEFT JOIN account a ON a.domain_id = d.id AND a.status <> 'deleted'
     GROUP BY d.name ORDER BY d.name"""

COUNT_FILED: Final = "SELECT count(*) FROM trace WHERE at >= :since"

ADMINISTERED: Final = """
    SELECT d.name FROM administered m JOIN domain d ON d.id = m.domain_id WHERE m.user_id = :user ORDER BY d.name"""

FORGET: Final = "DELETE FROM administered WHERE user_id = :user"

ADMINISTER: Final = "INSERT INTO administered (user_id, domain_id) VALUES (:user, :domain)"


class SqlAdministering:
    """The part of the directory for those who look after it."""

    def __init__(self, session: Session) -> None:
        self._session = session

    async def page_users(self, domains: Collection[DomainId] | None, after: str, limit: int) -> list[User]:
        """By login."""
        return [user_of(row) for row in await self._page(PAGE_USERS, PAGE_USERS_OF, domains, after, limit)]

    async def page_accounts(self, domains: Collection[DomainId] | None, after: str, limit: int) -> list[Account]:
        """By address."""
        rows = await self._page(PAGE_ACCOUNTS, PAGE_ACCOUNTS_OF, domains, after, limit)
        return await read_accounts(self._session, rows)

    async def page_aliases(self, domains: Collection[DomainId] | None, after: str, limit: int) -> list[Alias]:
        """By address."""
        return [alias_of(row) for row in await self._page(PAGE_ALIASES, PAGE_ALIASES_OF, domains, after, limit)]

    async def _page(
        self, whole: str, part: str, domains: Collection[DomainId] | None, after: str, limit: int
    ) -> list[tuple[object, ...]]:
        values = {"after": after, "limit": limit}
        if domains is None:
            return await self._session.rows(whole, values)
        return await self._session.rows(self._session.dialect.fill(part), values | {"ids": str(sorted(domains))})

    async def domain_uses(self) -> list[DomainUse]:
        """One pass over the accounts. PostgreSQL sums whole numbers as decimal ones."""
        return [DomainUse(name, *map(int, counts)) for name, *counts in await self._session.rows(USES)]

    async def count_filed(self, since: Instant) -> int:
        """By the index of their times."""
        row = await self._session.row(COUNT_FILED, {"since": since})
        return row[0] if row else 0

    async def list_administered(self, user: UserId) -> list[str]:
        """Few."""
        return [row[0] for row in await self._session.rows(ADMINISTERED, {"user": user})]

    async def set_administered(self, user: UserId, domains: Sequence[DomainId]) -> None:
        """In place of those before."""
        await self._session.run(FORGET, {"user": user})
        await self._session.run_many(ADMINISTER, [{"user": user, "domain": one} for one in domains])
