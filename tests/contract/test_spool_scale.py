"""A hundred thousand that wait cost an attempt no more than a hundred: every look-up goes by an index."""

from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import apsw

from mailstead.ground.model.ids import Instant, SpoolId
from mailstead.ground.model.spool import State
from mailstead.store.port.spool import Horizon
from mailstead.store.sql.spool import SqlSpool
from mailstead.store.sql.sqlite import SqliteStore
from tests.support.mailbox import NOW
from tests.support.spooled import settled
from tests.support.stores import AnyStore, Engine, sqlite_engine

LATER = Instant(NOW + 300_000)
BUSY = "busy.test"

NUMBERS = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {count})"
LETTERS = """
    INSERT INTO spool_letter (id, created_at, expires_at, attention_at, waiting, failed, size, origin, domain, login,
                              sender, sender_key, message_id, subject, wishes, prefix)
    {numbers} SELECT i, {now}, {now} + 1000000, {now} + 1000000 - i, 1, 0, 9, 'submitted', '', '',
           '', '', '', '', '{{}}', {no_bytes} FROM n"""
# Most wait in one lane; of the others each has one of its own.
RECIPIENTS = """
    INSERT INTO spool_recipient (letter_id, number, state, destination, urgency, due_at, lease, attempts, is_warned,
                                 address, address_key, route, notify, hold_reason)
    {numbers} SELECT i, 0, 'active', CASE WHEN i % 5 = 0 THEN i || '.test' ELSE 'busy.test' END, 1,
           {now} - 1000 + i % 5000, '', 0, 0, 'x@busy.test', 'x@busy.test', '', '', '' FROM n"""
LANES = "INSERT INTO spool_lane (destination, due_at) SELECT destination, MIN(due_at) FROM spool_recipient GROUP BY 1"


async def fill(store: AnyStore, count: int) -> None:
    async def unit(tx: Any) -> None:
        words = {"numbers": NUMBERS.format(count=count), "now": NOW, "no_bytes": tx.session.dialect.no_bytes}
        for text in (LETTERS, RECIPIENTS, LANES):
            await tx.session.run(text.format(**words))
        await tx.session.run("ANALYZE")

    await store.write(unit)


Steps = list[Callable[[SqlSpool], Coroutine[Any, Any, Any]]]


def steps() -> Steps:
    """One round of dispatch and of its duties."""
    held = [(SpoolId(number), 0) for number in range(1, 5)]
    horizon = Horizon(now=NOW, lease=LATER, deferred=LATER, pause=LATER)
    return [
        lambda spool: spool.due_lanes(NOW, but=["else.test"]),
        lambda spool: spool.claim(BUSY, "me", now=NOW, until=LATER, limit=4),
        lambda spool: spool.renew(held, "me", until=LATER),
        lambda spool: spool.list_recipients(SpoolId(1), -1, 1),
        lambda spool: spool.settle(SpoolId(1), [settled(0, State.DELIVERED)], "me", now=NOW),
        lambda spool: spool.settle(SpoolId(2), [settled(0, State.DEFERRED, due_at=LATER)], "me", now=NOW),
        lambda spool: spool.overdue(NOW, 50),
        lambda spool: spool.mark_warned(SpoolId(3), [0]),
        lambda spool: spool.change_state(held, State.FAILED, now=Instant(LATER + 1)),
        lambda spool: spool.forget_settled(failed_before=NOW, settled_before=NOW, now=NOW, limit=10),
        lambda spool: spool.draw_near("busy", horizon, 4),
    ]


class Explaining:
    """A session that asks for the plan of each text before it runs."""

    def __init__(self, session: Any) -> None:
        self._session = session
        self._words = "EXPLAIN QUERY PLAN " if session.dialect.name == "sqlite" else "EXPLAIN "
        self.plans: dict[str, str] = {}

    def __getattr__(self, name: str) -> Any:
        return getattr(self._session, name)

    async def _explain(self, sql: str, params: Any) -> None:
        if sql not in self.plans:
            rows = await self._session.rows(self._words + sql, params)
            self.plans[sql] = "\n".join(str(row[-1]) for row in rows)

    async def rows(self, sql: str, params: Any = ()) -> Any:
        await self._explain(sql, params)
        return await self._session.rows(sql, params)

    async def row(self, sql: str, params: Any = ()) -> Any:
        await self._explain(sql, params)
        return await self._session.row(sql, params)

    async def run(self, sql: str, params: Any = ()) -> Any:
        await self._explain(sql, params)
        return await self._session.run(sql, params)

    async def run_many(self, sql: str, params: Any) -> Any:
        if params:
            await self._explain(sql, params[0])
        return await self._session.run_many(sql, params)


async def test_every_plan_goes_by_an_index(engine: Engine) -> None:
    store = await engine.open()
    await fill(store, 100_000)

    async def unit(tx: Any) -> dict[str, str]:
        session = Explaining(tx.session)
        for step in steps():
            await step(SqlSpool(session))  # type: ignore[arg-type]
        return session.plans

    plans = await store.write(unit)
    assert len(plans) > 15
    bad = ("Seq Scan on spool_", "Sort", "SCAN spool", "SCAN r", "SCAN l", "TEMP B-TREE")
    for sql, plan in plans.items():
        assert not any(word in plan for word in bad), f"{sql}\n{plan}"


async def _work(folder: Path, count: int) -> int:
    """Steps of SQLite's machine for one round."""
    folder.mkdir()
    async with sqlite_engine(folder) as engine:
        store = await engine.open()
        assert isinstance(store, SqliteStore)
        await fill(store, count)
        total = 0

        def profile(event: dict[str, Any]) -> None:
            nonlocal total
            total += event["stmt_status"]["SQLITE_STMTSTATUS_VM_STEP"]

        for connection in (store._writer, store._reader):
            connection.trace_v2(apsw.SQLITE_TRACE_PROFILE, profile)
        for step in steps():
            await store.write(lambda tx, step=step: step(tx.spool))
        for connection in (store._writer, store._reader):
            connection.trace_v2(0)
        return total


async def test_the_work_does_not_grow_with_those_who_wait(tmp_path: Path) -> None:
    few, many = await _work(tmp_path / "few", 1_000), await _work(tmp_path / "many", 100_000)
    assert few > 1000
    assert many < few * 1.1


async def test_a_dead_lane_costs_the_others_nothing(tmp_path: Path) -> None:
    """Its forty thousand are one row that is not due."""
    async with sqlite_engine(tmp_path) as engine:
        store = await engine.open()
        await fill(store, 50_000)
        until = Instant(NOW + 10_000_000)
        await store.write(lambda tx: tx.spool.pause(BUSY, until=until, reason="silent", failures=3))
        lanes = await store.read(lambda tx: tx.spool.due_lanes(NOW, limit=10))
        assert len(lanes) == 10
        assert BUSY not in {lane.destination for lane in lanes}
        assert await store.write(lambda tx: tx.spool.claim(BUSY, "me", now=NOW, until=LATER, limit=4)) == []
