"""Addresses that mean other addresses."""

import json
from typing import Final

from mailstead.ground.model.address import Address
from mailstead.ground.model.directory import Alias
from mailstead.ground.model.errors import AlreadyExists, NotFound
from mailstead.ground.model.ids import AliasId, DomainId, Instant
from mailstead.store.sql.accounts import KEEP_DOMAIN, stored_address
from mailstead.store.sql.session import Row, Session

LIST: Final = "SELECT id, domain_id, address, targets, created_at FROM alias ORDER BY address_key"

LIST_OF_DOMAIN: Final = """
    SELECT id, domain_id, address, targets, created_at FROM alias WHERE domain_id = :domain ORDER BY address_key"""

FIND: Final = "SELECT id, domain_id, address, targets, created_at FROM alias WHERE address_key = :key"

INSERT: Final = """
    INSERT INTO alias (domain_id, address, address_key, targets, created_at)
    VALUES (:domain, :address, :key, :targets, :now)
        ON CONFLICT (address_key) DO NOTHING
 RETURNING id"""

UPDATE: Final = "UPDATE alias SET targets = :targets WHERE id = :alias"

DELETE: Final = "DELETE FROM alias WHERE id = :alias"


def alias_of(row: Row) -> Alias:
    identity, domain, address, targets, created_at = row
    local, _, name = address.rpartition("@")
    return Alias(
        id=identity, domain_id=domain, address=Address(local, name), targets=tuple(json.loads(targets)),
        created_at=created_at,
    )  # fmt: skip


class SqlAliases:
    """The part of the directory that points elsewhere. An alias may have an address that an account has."""

    def __init__(self, session: Session) -> None:
        self._session = session

    async def list_aliases(self, domain: DomainId | None = None) -> list[Alias]:
        """By address."""
        if domain is None:
            return [alias_of(row) for row in await self._session.rows(LIST)]
        return [alias_of(row) for row in await self._session.rows(LIST_OF_DOMAIN, {"domain": domain})]

    async def find_alias(self, address: Address) -> Alias | None:
        """In whatever case its local part is written."""
        row = await self._session.row(FIND, {"key": address.key})
        return alias_of(row) if row else None

    async def insert_alias(
        self, domain: DomainId, address: Address, targets: tuple[str, ...], *, now: Instant
    ) -> Alias:
        """The domain's row is kept until the commit."""
        if await self._session.row(self._session.dialect.fill(KEEP_DOMAIN), {"domain": domain}) is None:
            raise NotFound(f"domain {domain} is gone")
        values = {
            "domain": domain, "address": stored_address(address), "key": address.key,
            "targets": json.dumps(targets), "now": now,
        }  # fmt: skip
        row = await self._session.row(INSERT, values)
        if row is None:
            raise AlreadyExists(f"alias {address} is there already")
        return Alias(id=row[0], domain_id=domain, address=address, targets=targets, created_at=now)

    async def update_alias(self, alias: AliasId, targets: tuple[str, ...]) -> None:
        """Replace all its targets."""
        if not await self._session.run(UPDATE, {"alias": alias, "targets": json.dumps(targets)}):
            raise NotFound(f"alias {alias} is gone")

    async def delete_alias(self, alias: AliasId) -> None:
        """NotFound."""
        if not await self._session.run(DELETE, {"alias": alias}):
            raise NotFound(f"alias {alias} is gone")
