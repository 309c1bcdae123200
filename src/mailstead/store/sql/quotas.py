"""Accounts and domains near their quotas. Looked up by walking the accounts: an index would cost every delivery."""

from typing import Final

from mailstead.ground.model.ids import AccountId, DomainId
from mailstead.store.port.quotas import Filling
from mailstead.store.sql.accounts import quota_of
from mailstead.store.sql.session import Row, Session

_NEAR: Final = """
       AND (quota_warned > 0
            OR (quota_bytes > 0 AND used_bytes * 10 >= quota_bytes * 8)
            OR (quota_messages > 0 AND used_messages * 10 >= quota_messages * 8))"""

LAST: Final = "SELECT MAX(id) FROM account"

ACCOUNTS: Final = f"""
    SELECT id, address, quota_bytes, quota_messages, used_bytes, used_messages, quota_warned FROM account
     WHERE id > :after AND id <= :upto AND status = 'active'{_NEAR}"""  # noqa: S608 - words of ours

DOMAINS: Final = f"""
    SELECT id, name, quota_bytes, quota_messages, used_bytes, used_messages, quota_warned FROM domain
     WHERE status = 'active'{_NEAR}"""  # noqa: S608 - words of ours

MARK_ACCOUNT: Final = "UPDATE account SET quota_warned = :now WHERE id = :id AND quota_warned = :before"

MARK_DOMAIN: Final = "UPDATE domain SET quota_warned = :now WHERE id = :id AND quota_warned = :before"


class SqlQuotas:
    """Reads and marks over one session."""

    def __init__(self, session: Session) -> None:
        self._session = session

    async def last_account(self) -> int:
        """From the right edge of the key."""
        row = await self._session.row(LAST)
        return int(row[0] or 0) if row else 0

    async def list_filling_accounts(self, after: int, upto: int) -> list[Filling]:
        """One range scan."""
        rows = await self._session.rows(ACCOUNTS, {"after": after, "upto": upto})
        return [_filling(row) for row in rows]

    async def list_filling_domains(self) -> list[Filling]:
        """Domains are few."""
        return [_filling(row) for row in await self._session.rows(DOMAINS)]

    async def mark_account_warned(self, account: AccountId, before: int, now: int) -> bool:
        """The condition sees to it that nobody is told twice."""
        return bool(await self._session.run(MARK_ACCOUNT, {"id": account, "before": before, "now": now}))

    async def mark_domain_warned(self, domain: DomainId, before: int, now: int) -> bool:
        """As for accounts."""
        return bool(await self._session.run(MARK_DOMAIN, {"id": domain, "before": before, "now": now}))


def _filling(row: Row) -> Filling:
    return Filling(row[0], row[1], quota_of(row[2:6]), row[6])
