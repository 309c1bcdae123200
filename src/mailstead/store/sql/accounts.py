"""Accounts: rows of the directory, and the one counter that puts all units of an account in order."""

from typing import Final

from mailstead.ground.model.address import Address
from mailstead.ground.model.directory import Account, AccountKind, Status
from mailstead.ground.model.errors import AlreadyExists, NotFound
from mailstead.ground.model.ids import AccountId, DomainId, Instant, ModSeq
from mailstead.ground.model.quota import NO_QUOTA, Quota
from mailstead.store.sql.session import Row, Session

ADVANCE: Final = """
    UPDATE account SET modseq = modseq + 1
     WHERE id = :account AND status <> 'deleted'
 RETURNING modseq"""

MODSEQ: Final = "SELECT modseq FROM account WHERE id = :account AND status <> 'deleted'"

COLUMNS: Final = """a.id, a.domain_id, a.address, a.kind, a.status, a.quota_bytes, a.quota_messages, a.used_bytes,
           a.used_messages, a.created_at,
           (SELECT d.id FROM domain d WHERE d.id = a.domain_id AND (d.quota_bytes > 0 OR d.quota_messages > 0))"""
"""The last: the domain, if it has a quota. SQLite takes 5 times as long for a join of the two."""

DOMAIN_QUOTA: Final = "SELECT quota_bytes, quota_messages, used_bytes, used_messages FROM domain WHERE id = :domain"

_SELECT: Final = f"""
    SELECT {COLUMNS}
      FROM account a"""  # noqa: S608 - names of ours

GET: Final = _SELECT + " WHERE a.id = :account"

FIND: Final = _SELECT + " WHERE a.address_key = :key AND a.status <> 'deleted'"

LIST: Final = _SELECT + " WHERE a.status <> 'deleted' ORDER BY a.address_key"

LIST_OF_DOMAIN: Final = _SELECT + " WHERE a.domain_id = :domain AND a.status <> 'deleted' ORDER BY a.address_key"

COUNT: Final = "SELECT count(*) FROM account WHERE domain_id = :domain AND status <> 'deleted'"

KEEP_DOMAIN: Final = "SELECT id FROM domain WHERE id = :domain {share}"

INSERT: Final = """
    INSERT INTO account (domain_id, address, address_key, kind, status, quota_bytes, changes_since, created_at)
    VALUES (:domain, :address, :key, :kind, 'active', :quota, :now, :now)
        ON CONFLICT (address_key) DO NOTHING
 RETURNING id"""

UPDATE: Final = """
    UPDATE account SET status = COALESCE(:status, status), quota_bytes = COALESCE(:quota, quota_bytes),
                       quota_messages = COALESCE(:quota_messages, quota_messages)
     WHERE id = :account AND status <> 'deleted'"""

BURY: Final = "UPDATE account SET status = 'deleted', address_key = NULL WHERE id = :account AND status <> 'deleted'"

REMOVE_FOLDERS: Final = (
    "UPDATE folder SET name = NULL, removed_at = :now WHERE account_id = :account AND removed_at IS NULL"
)


async def advance(session: Session, *accounts: AccountId) -> dict[AccountId, ModSeq]:
    """Lock accounts in ascending id, so that no two units wait for each other, and give each its next modseq."""
    modseqs = {}
    for account in accounts if len(accounts) == 1 else sorted(set(accounts)):
        row = await session.row(ADVANCE, {"account": account})
        if row is None:
            raise NotFound(f"account {account} is gone")
        modseqs[account] = ModSeq(row[0])
    return modseqs


async def modseq(session: Session, account: AccountId) -> ModSeq:
    """The counter as it stands."""
    row = await session.row(MODSEQ, {"account": account})
    if row is None:
        raise NotFound(f"account {account} is gone")
    return ModSeq(row[0])


async def read_accounts(session: Session, rows: list[Row]) -> list[Account]:
    """From COLUMNS, each limited domain looked up once."""
    quotas = dict.fromkeys((row[10] for row in rows if row[10] is not None), NO_QUOTA)
    for domain in quotas:
        found = await session.row(DOMAIN_QUOTA, {"domain": domain})
        quotas[domain] = quota_of(found) if found else NO_QUOTA
    return [_account_of(row, quotas.get(row[10], NO_QUOTA)) for row in rows]


async def read_account(session: Session, row: Row | None) -> Account | None:
    """The same of one row."""
    if row is None:
        return None
    return _account_of(row, NO_QUOTA) if row[10] is None else (await read_accounts(session, [row]))[0]


def _account_of(row: Row, domain_quota: Quota) -> Account:
    local, _, domain = row[2].rpartition("@")
    return Account(
        id=row[0],
        domain_id=row[1],
        address=Address(local, domain),
        kind=AccountKind(row[3]),
        status=Status(row[4]),
        quota_bytes=row[5],
        quota_messages=row[6],
        used_bytes=row[7],
        used_messages=row[8],
        created_at=row[9],
        domain_quota=domain_quota,
    )


def quota_of(row: Row) -> Quota:
    """From the four columns of a domain."""
    limit_bytes, limit_messages, used_bytes, used_messages = row
    return Quota(
        limit_bytes=limit_bytes, limit_messages=limit_messages, used_bytes=used_bytes, used_messages=used_messages
    )


def stored_address(address: Address) -> str:
    """Unquoted; a domain has no @, so the last one parts them."""
    return f"{address.local}@{address.domain}"


class SqlAccounts:
    """The part of the directory that has mail."""

    def __init__(self, session: Session) -> None:
        self._session = session

    async def list_accounts(self, domain: DomainId | None = None) -> list[Account]:
        """By address."""
        if domain is None:
            return await read_accounts(self._session, await self._session.rows(LIST))
        return await read_accounts(self._session, await self._session.rows(LIST_OF_DOMAIN, {"domain": domain}))

    async def find_account(self, address: Address) -> Account | None:
        """In whatever case its local part is written."""
        return await read_account(self._session, await self._session.row(FIND, {"key": address.key}))

    async def get_account(self, account: AccountId) -> Account:
        """A buried one too, until all of it is gone."""
        found = await read_account(self._session, await self._session.row(GET, {"account": account}))
        if found is None:
            raise NotFound(f"account {account} is gone")
        return found

    async def count_accounts(self, domain: DomainId) -> int:
        """Buried ones do not count."""
        row = await self._session.row(COUNT, {"domain": domain})
        return int(row[0]) if row else 0

    async def insert_account(
        self, domain: DomainId, address: Address, *, kind: AccountKind, quota_bytes: int, now: Instant
    ) -> Account:
        """The domain's row is kept until the commit, so that nobody deletes it meanwhile."""
        if await self._session.row(self._session.dialect.fill(KEEP_DOMAIN), {"domain": domain}) is None:
            raise NotFound(f"domain {domain} is gone")
        values = {
            "domain": domain, "address": stored_address(address), "key": address.key,
            "kind": kind.value, "quota": quota_bytes, "now": now,
        }  # fmt: skip
        row = await self._session.row(INSERT, values)
        if row is None:
            raise AlreadyExists(f"{address} is there already")
        return Account(id=row[0], domain_id=domain, address=address, kind=kind, quota_bytes=quota_bytes, created_at=now)

    async def update_account(
        self,
        account: AccountId,
        *,
        status: Status | None = None,
        quota_bytes: int | None = None,
        quota_messages: int | None = None,
    ) -> None:
        """What is None stays."""
        values = {
            "account": account, "status": status.value if status else None,
            "quota": quota_bytes, "quota_messages": quota_messages,
        }  # fmt: skip
        if not await self._session.run(UPDATE, values):
            raise NotFound(f"account {account} is gone")

    async def bury_account(self, account: AccountId, now: Instant) -> None:
        """Quick however much mail it has: marks only."""
        if not await self._session.run(BURY, {"account": account}):
            raise NotFound(f"account {account} is gone")
        await self._session.run(REMOVE_FOLDERS, {"account": account, "now": now})
        await self._session.run("DELETE FROM subscription WHERE account_id = :account", {"account": account})
        await self._session.run("DELETE FROM access WHERE account_id = :account", {"account": account})
