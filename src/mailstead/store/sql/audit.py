"""The chain of changes. Its head is one row, and whoever writes an entry holds it until the commit."""

from typing import Final

import msgspec

from mailstead.ground.model.audit import Actor, Deed, Entry, Head, Sought, Through, write_deed
from mailstead.ground.model.ids import Instant
from mailstead.store.sql.session import Row, Session

COLUMNS: Final = "number, at, who, through, address, action, subject, domain, before, after, hash"

HEAD: Final = "SELECT number, hash FROM audit_head WHERE one = 1"

HOLD: Final = "SELECT number FROM audit_head WHERE one = 1 {for_update}"

ADVANCE: Final = "UPDATE audit_head SET number = number + 1 WHERE one = 1 RETURNING number, hash"

SEAL: Final = "UPDATE audit_head SET hash = :hash WHERE one = 1"

INSERT: Final = f"""
    INSERT INTO audit ({COLUMNS})
    VALUES (:number, :at, :who, :through, :address, :action, :subject, :domain, :before, :after, :hash)"""  # noqa: S608

LIST: Final = f"""
    SELECT {COLUMNS} FROM audit
     WHERE number < :under AND at >= :since AND at < :until
       AND (:who = '' OR who = :who) AND (:subject = '' OR subject = :subject)
       AND (:action = '' OR action = :action OR (action >= :action_from AND action < :action_to))
       AND (:all_domains = 1 OR domain {{in_words}})
     ORDER BY number DESC LIMIT :limit"""  # noqa: S608

CHAIN: Final = f"SELECT {COLUMNS} FROM audit WHERE number > :after ORDER BY number LIMIT :limit"  # noqa: S608

_LAST: Final = (1 << 63) - 1


class SqlAudit:
    """See the port."""

    def __init__(self, session: Session) -> None:
        self._session = session

    async def head(self) -> Head:
        """One row by its key."""
        row = await self._session.row(HEAD)
        return Head(*row) if row else Head()

    async def list_entries(self, sought: Sought, *, before: int | None = None, limit: int = 100) -> list[Entry]:
        """Down from the end of the primary key."""
        values = {
            "under": _LAST if before is None else before, "limit": limit, "who": sought.who, "subject": sought.subject,
            "since": sought.since or 0, "until": _LAST if sought.until is None else sought.until,
            "action": sought.action, "action_from": f"{sought.action}.", "action_to": f"{sought.action}/",
            "all_domains": int(sought.domains is None),
            "words": msgspec.json.encode(sorted(sought.domains or ())).decode(),
        }  # fmt: skip
        return [_entry_of(row) for row in await self._session.rows(self._session.dialect.fill(LIST), values)]

    async def read_chain(self, after: int, limit: int = 200) -> list[Entry]:
        """Up the primary key."""
        return [_entry_of(row) for row in await self._session.rows(CHAIN, {"after": after, "limit": limit})]

    async def hold(self) -> None:
        """By the row that each change has to have."""
        await self._session.row(self._session.dialect.fill(HOLD))

    async def record(self, actor: Actor, deed: Deed, now: Instant) -> Entry:
        """The head is locked by the first statement; what another has sealed meanwhile is seen by it."""
        row = await self._session.row(ADVANCE)
        assert row is not None
        number, previous = row
        entry = write_deed(number, now, actor, deed, previous)
        values = {
            "number": number, "at": entry.at, "who": actor.name, "through": actor.through.value,
            "address": actor.address, "action": entry.action, "subject": entry.subject, "domain": entry.domain,
            "before": entry.before, "after": entry.after, "hash": entry.hash,
        }  # fmt: skip
        await self._session.run(INSERT, values)
        await self._session.run(SEAL, {"hash": entry.hash})
        return entry


def _entry_of(row: Row) -> Entry:
    number, at, who, through, address, action, subject, domain, before, after, digest = row
    return Entry(
        number=number, at=at, actor=Actor(who, Through(through), address), action=action, subject=subject,
        domain=domain, before=before, after=after, hash=digest,
    )  # fmt: skip
