"""Blocks that failed logins brought about, and the counts that nodes share."""

from collections.abc import Sequence
from typing import Final

import msgspec

from mailstead.ground.model.block import LoginBlock
from mailstead.ground.model.ids import Instant
from mailstead.ground.model.policy import RateLimit
from mailstead.ground.model.policy_columns import load_rate_limit
from mailstead.store.port.limits import SharedCount
from mailstead.store.sql.session import Row, Session

BLOCK: Final = "subject, domain, began_at, until, failures"

FIND: Final = f"""
    SELECT {BLOCK} FROM login_block
     WHERE subject {{in_words}} AND domain = :domain AND until > :now ORDER BY until DESC LIMIT 1"""  # noqa: S608 - words of ours, here and below

BLOCKS: Final = f"""
    SELECT {BLOCK} FROM login_block WHERE until > :now ORDER BY until DESC, subject, domain LIMIT :limit"""  # noqa: S608

PUT: Final = f"""
    INSERT INTO login_block ({BLOCK}) VALUES (:subject, :domain, :began_at, :until, :failures)
        ON CONFLICT (subject, domain)
        DO UPDATE SET began_at = excluded.began_at, until = excluded.until, failures = excluded.failures"""  # noqa: S608

DROP: Final = f"DELETE FROM login_block WHERE subject = :subject RETURNING {BLOCK}"  # noqa: S608
DROP_OF: Final = f"DELETE FROM login_block WHERE subject = :subject AND domain = :domain RETURNING {BLOCK}"  # noqa: S608

RATES: Final = """
    SELECT d.name, p.sheet FROM domain d LEFT JOIN policy p ON p.domain = d.name
     WHERE d.alias_of IS NULL AND d.name > :after ORDER BY d.name LIMIT :limit"""

# Made or touched: either way the row is locked, and what it holds is the latest.
HOLD: Final = """
    INSERT INTO limit_count (name, head, counts, version, until) VALUES (:name, 0, '[]', 0, 0)
        ON CONFLICT (name) DO UPDATE SET version = limit_count.version
 RETURNING head, counts, version"""

WRITE: Final = """
    UPDATE limit_count SET head = :head, counts = :counts, version = :version, until = :until WHERE name = :name"""

SEE: Final = """
    INSERT INTO limit_node (name, seen_at) VALUES (:name, :now)
        ON CONFLICT (name) DO UPDATE SET seen_at = excluded.seen_at"""

NODES: Final = "SELECT COUNT(*) FROM limit_node WHERE seen_at >= :since"
LOST_NODES: Final = "DELETE FROM limit_node WHERE seen_at < :before"
NODE_KEPT: Final = 86_400_000

OVER_BLOCKS: Final = "SELECT subject, domain FROM login_block WHERE until <= :now ORDER BY until LIMIT :limit"
FORGET_BLOCK: Final = "DELETE FROM login_block WHERE subject = :subject AND domain = :domain AND until <= :now"
OVER_COUNTS: Final = "SELECT name FROM limit_count WHERE until <= :now ORDER BY until LIMIT :limit"
FORGET_COUNT: Final = "DELETE FROM limit_count WHERE name = :name AND until <= :now"


class SqlLimits:
    """See the port."""

    def __init__(self, session: Session) -> None:
        self._session = session

    async def find_block(self, subjects: Sequence[str], domain: str, now: Instant) -> LoginBlock | None:
        """By the key."""
        words = msgspec.json.encode(list(subjects)).decode()
        values = {"words": words, "domain": domain, "now": now}
        row = await self._session.row(self._session.dialect.fill(FIND), values)
        return _block(row) if row else None

    async def list_blocks(self, now: Instant, limit: int = 1000) -> list[LoginBlock]:
        """By one index."""
        return [_block(row) for row in await self._session.rows(BLOCKS, {"now": now, "limit": limit})]

    async def list_rates(self, after: str, limit: int = 100) -> list[tuple[str, RateLimit]]:
        """Of each policy these columns alone are read."""
        rows = await self._session.rows(RATES, {"after": after, "limit": limit})
        return [(name, load_rate_limit(sheet or "{}")) for name, sheet in rows]

    async def count_nodes(self, since: Instant) -> int:
        """They are few."""
        row = await self._session.row(NODES, {"since": since})
        return int(row[0]) if row else 0

    async def put_block(self, block: LoginBlock) -> None:
        """The later one holds."""
        values = {
            "subject": block.subject, "domain": block.domain, "began_at": block.began_at, "until": block.until,
            "failures": block.failures,
        }  # fmt: skip
        await self._session.run(PUT, values)

    async def drop_block(self, subject: str, domain: str | None, now: Instant) -> list[LoginBlock]:
        """Those that have run out go as well, unmentioned."""
        if domain is None:
            rows = await self._session.rows(DROP, {"subject": subject})
        else:
            rows = await self._session.rows(DROP_OF, {"subject": subject, "domain": domain})
        return [block for block in map(_block, rows) if block.until > now]

    async def hold_count(self, name: str) -> SharedCount:
        """Nothing at all, if nobody counted yet."""
        row = await self._session.row(HOLD, {"name": name})
        assert row is not None
        return SharedCount(row[0], tuple(msgspec.json.decode(row[1], type=list[int])), row[2])

    async def write_count(self, name: str, count: SharedCount, until: Instant) -> None:
        """By the key."""
        counts = msgspec.json.encode(count.counts).decode()
        values = {"name": name, "head": count.head, "counts": counts, "version": count.version, "until": until}
        await self._session.run(WRITE, values)

    async def see_node(self, name: str, now: Instant) -> None:
        """Those that were not seen for a day are forgotten."""
        await self._session.run(SEE, {"name": name, "now": now})
        await self._session.run(LOST_NODES, {"before": now - NODE_KEPT})

    async def forget(self, now: Instant, limit: int = 500) -> int:
        """By their indexes."""
        blocks = await self._session.rows(OVER_BLOCKS, {"now": now, "limit": limit})
        await self._session.run_many(
            FORGET_BLOCK, [{"subject": subject, "domain": domain, "now": now} for subject, domain in blocks]
        )
        counts = await self._session.rows(OVER_COUNTS, {"now": now, "limit": limit})
        await self._session.run_many(FORGET_COUNT, [{"name": name, "now": now} for (name,) in counts])
        return len(blocks) + len(counts)


def _block(row: Row) -> LoginBlock:
    subject, domain, began_at, until, failures = row
    return LoginBlock(subject=subject, domain=domain, began_at=began_at, until=until, failures=failures)
