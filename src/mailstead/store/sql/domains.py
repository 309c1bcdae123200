"""Domains of ours and the domains that are only other names for them."""

from typing import Final

from mailstead.ground.model.directory import Domain, Status
from mailstead.ground.model.errors import AlreadyExists, Conflict, NotFound
from mailstead.ground.model.ids import DomainId, Instant
from mailstead.store.sql.accounts import quota_of
from mailstead.store.sql.blocks import drop_scope
from mailstead.store.sql.policies import ADVANCE
from mailstead.store.sql.session import Row, Session

LIST: Final = """
    SELECT id, name, status, alias_of, catchall, max_users, default_quota, created_at,
           hand_off, verify, max_mailbox_size, backup_mx, quota_bytes, quota_messages, used_bytes, used_messages
      FROM domain ORDER BY name"""

FIND: Final = """
    SELECT id, name, status, alias_of, catchall, max_users, default_quota, created_at,
           hand_off, verify, max_mailbox_size, backup_mx, quota_bytes, quota_messages, used_bytes, used_messages
      FROM domain WHERE name = :name"""

GET: Final = """
    SELECT id, name, status, alias_of, catchall, max_users, default_quota, created_at,
           hand_off, verify, max_mailbox_size, backup_mx, quota_bytes, quota_messages, used_bytes, used_messages
      FROM domain WHERE id = :domain"""

KEEP: Final = "SELECT id FROM domain WHERE id = :domain {share}"

INSERT: Final = """
    INSERT INTO domain (name, status, alias_of, catchall, max_users, default_quota, created_at)
    VALUES (:name, 'active', :alias_of, :catchall, :max_users, :default_quota, :now)
        ON CONFLICT (name) DO NOTHING
 RETURNING id"""

UPDATE: Final = """
    UPDATE domain SET status = :status, alias_of = :alias_of, catchall = :catchall, max_users = :max_users,
                      default_quota = :default_quota, hand_off = :hand_off, verify = :verify,
                      max_mailbox_size = :max_mailbox_size, backup_mx = :backup_mx
     WHERE id = :domain"""

KEEP_ALONE: Final = "SELECT id FROM domain WHERE id = :domain {for_update}"

HOLD_ACCOUNTS: Final = "SELECT id FROM account WHERE domain_id = :domain ORDER BY id {for_update}"

SET_QUOTA: Final = """
    UPDATE domain
       SET quota_bytes = :quota_bytes, quota_messages = :quota_messages,
           used_bytes = (SELECT CAST(COALESCE(SUM(a.used_bytes), 0) AS {bigint})
                           FROM account a WHERE a.domain_id = domain.id),
           used_messages = (SELECT CAST(COALESCE(SUM(a.used_messages), 0) AS {bigint})
                              FROM account a WHERE a.domain_id = domain.id)
     WHERE id = :domain"""

DELETE: Final = "DELETE FROM domain WHERE id = :domain RETURNING name"

COUNT_ACCOUNTS: Final = "SELECT count(*) FROM account WHERE domain_id = :domain AND status <> 'deleted'"

DELETE_ALIASES: Final = """
    DELETE FROM alias
     WHERE domain_id = :domain OR domain_id IN (SELECT d.id FROM domain d WHERE d.alias_of = :domain)"""

DELETE_KEYS: Final = """
    DELETE FROM signing_key
     WHERE domain = :name OR domain IN (SELECT d.name FROM domain d WHERE d.alias_of = :domain)"""

DELETE_POLICY: Final = "DELETE FROM policy WHERE domain = :name"

DELETE_ALIAS_DOMAINS: Final = "DELETE FROM domain WHERE alias_of = :domain"


def _domain_of(row: Row) -> Domain:
    identity, name, status, alias_of, catchall, max_users, default_quota, created_at, hand_off, verify, *rest = row
    max_mailbox_size, backup_mx, *quota = rest
    return Domain(
        id=identity, name=name, status=Status(status), alias_of=alias_of, catchall=catchall,
        max_users=max_users, default_quota=default_quota, created_at=created_at, hand_off=hand_off,
        verify=bool(verify), max_mailbox_size=max_mailbox_size, backup_mx=backup_mx, quota=quota_of(tuple(quota)),
    )  # fmt: skip


class SqlDomains:
    """The part of the directory that names domains. Names come canonical (`canonical_domain`)."""

    def __init__(self, session: Session) -> None:
        self._session = session

    async def list_domains(self) -> list[Domain]:
        """By name."""
        return [_domain_of(row) for row in await self._session.rows(LIST)]

    async def find_domain(self, name: str) -> Domain | None:
        """By its canonical name."""
        row = await self._session.row(FIND, {"name": name})
        return _domain_of(row) if row else None

    async def get_domain(self, domain: DomainId) -> Domain:
        """NotFound."""
        row = await self._session.row(GET, {"domain": domain})
        if row is None:
            raise NotFound(f"domain {domain} is gone")
        return _domain_of(row)

    async def insert_domain(
        self, name: str, *, now: Instant, alias_of: DomainId | None = None, catchall: str | None = None,
        max_users: int = 0, default_quota: int,
    ) -> Domain:  # fmt: skip
        """The domain it is an alias of is kept until the commit."""
        await self._keep(alias_of)
        values = {
            "name": name, "alias_of": alias_of, "catchall": catchall, "max_users": max_users,
            "default_quota": default_quota, "now": now,
        }  # fmt: skip
        row = await self._session.row(INSERT, values)
        if row is None:
            raise AlreadyExists(f"domain {name} is there already")
        await self._session.row(ADVANCE)
        return Domain(
            id=row[0], name=name, alias_of=alias_of, catchall=catchall,
            max_users=max_users, default_quota=default_quota, created_at=now,
        )  # fmt: skip

    async def update_domain(self, domain: Domain) -> None:
        """All but its name and its age."""
        await self._keep(domain.alias_of)
        values = {
            "domain": domain.id, "status": domain.status.value, "alias_of": domain.alias_of,
            "catchall": domain.catchall, "max_users": domain.max_users, "default_quota": domain.default_quota,
            "hand_off": domain.hand_off, "verify": int(domain.verify),
            "max_mailbox_size": domain.max_mailbox_size, "backup_mx": domain.backup_mx,
        }  # fmt: skip
        if not await self._session.run(UPDATE, values):
            raise NotFound(f"domain {domain.name} is gone")
        await self._session.row(ADVANCE)

    async def set_domain_quota(self, domain: DomainId, quota_bytes: int, quota_messages: int) -> None:
        """Its accounts stand still meanwhile, so that the use counted from here on is the true one."""
        values = {"domain": domain, "quota_bytes": quota_bytes, "quota_messages": quota_messages}
        fill = self._session.dialect.fill
        if await self._session.row(fill(KEEP_ALONE), values) is None:
            raise NotFound(f"domain {domain} is gone")
        await self._session.rows(fill(HOLD_ACCOUNTS), values)
        await self._session.run(fill(SET_QUOTA), values)

    async def _keep(self, domain: DomainId | None) -> None:
        if domain is not None and await self._session.row(self._session.dialect.fill(KEEP), {"domain": domain}) is None:
            raise NotFound(f"domain {domain} is gone")

    async def delete_domain(self, domain: DomainId) -> None:
        """The row goes first: an account being inserted beside it has kept it, and is counted after."""
        values = {"domain": domain}
        gone = await self._session.row(DELETE, values)
        if gone is None:
            raise NotFound(f"domain {domain} is gone")
        row = await self._session.row(COUNT_ACCOUNTS, values)
        if row and row[0]:
            raise Conflict(f"the domain still has {row[0]} accounts")
        await self._session.run(DELETE_ALIASES, values)
        await self._session.run("DELETE FROM administered WHERE domain_id = :domain", values)
        await self._session.run(DELETE_KEYS, {**values, "name": gone[0]})
        await self._session.run(DELETE_POLICY, {"name": gone[0]})
        await drop_scope(self._session, gone[0])
        await self._session.row(ADVANCE)
        await self._session.run(DELETE_ALIAS_DOMAINS, values)
