"""What domains want."""

from dataclasses import replace
from typing import Final

from mailstead.ground.model.ids import Instant
from mailstead.ground.model.policy import TEMPLATE, Policy, Sheet
from mailstead.ground.model.policy_columns import dump_policy, dump_sheet, load_sheet
from mailstead.store.sql.session import Session

MARK: Final = "SELECT value FROM policy_mark WHERE one = 1"

ADVANCE: Final = "UPDATE policy_mark SET value = value + 1 WHERE one = 1 RETURNING value"

GET: Final = "SELECT version, changed_at, sheet FROM policy WHERE domain = :domain"

# The JSON is as `dump_policy` writes it; the template is no domain.
ENFORCES: Final = """
    SELECT 1 FROM policy WHERE domain <> '_default' AND sheet LIKE '%"auth_totp_enforced": true%' LIMIT 1"""

PUT: Final = """
    INSERT INTO policy (domain, version, changed_at, sheet) VALUES (:domain, :version, :now, :sheet)
        ON CONFLICT (domain)
        DO UPDATE SET version = excluded.version, changed_at = excluded.changed_at, sheet = excluded.sheet"""


class SqlPolicies:
    """See the port."""

    def __init__(self, session: Session) -> None:
        self._session = session

    async def mark(self) -> int:
        """One row by its key."""
        row = await self._session.row(MARK)
        assert row is not None
        return int(row[0])

    async def get_policy(self, domain: str) -> Policy:
        """By the primary key."""
        return (await self._get(domain)).policy

    async def enforces_totp(self) -> bool:
        """Reads every policy: ask no more often than the mark moves."""
        return await self._session.row(ENFORCES) is not None

    async def get_template(self) -> Sheet:
        """Its row comes with the schema."""
        return await self._get(TEMPLATE)

    async def advance(self) -> int:
        """Whoever comes beside waits here, or is run again."""
        row = await self._session.row(ADVANCE)
        assert row is not None
        return int(row[0])

    async def put_policy(self, domain: str, policy: Policy, *, version: int, now: Instant) -> Policy:
        """All columns are written, so that other defaults of a later program change nothing."""
        await self._put(domain, dump_policy(policy), version, now)
        return replace(policy, version=version, changed_at=now)

    async def put_template(self, sheet: Sheet, *, version: int, now: Instant) -> Sheet:
        """The same."""
        await self._put(TEMPLATE, dump_sheet(sheet), version, now)
        return replace(sheet, policy=replace(sheet.policy, version=version, changed_at=now))

    async def _get(self, name: str) -> Sheet:
        row = await self._session.row(GET, {"domain": name})
        if row is None:
            return Sheet()
        version, changed_at, text = row
        sheet = load_sheet(text)
        return replace(sheet, policy=replace(sheet.policy, version=version, changed_at=changed_at))

    async def _put(self, name: str, text: str, version: int, now: Instant) -> None:
        await self._session.run(PUT, {"domain": name, "version": version, "now": now, "sheet": text})
