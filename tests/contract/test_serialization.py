"""PostgreSQL alone: units that stood in each other's way run again."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from mailstead.ground.model.errors import Busy
from tests.contract.test_units import modseq_of
from tests.support.mailboxes import make_mailbox
from tests.support.postgres import Cluster
from tests.support.stores import Engine, postgres_engine


@pytest.fixture
async def engine(postgres_cluster: Cluster, tmp_path: Path) -> AsyncIterator[Engine]:
    with postgres_cluster.database() as conninfo:
        async with postgres_engine(conninfo, tmp_path) as made:
            yield made


async def test_a_deadlock_runs_the_unit_again(engine: Engine) -> None:
    store = await engine.open()
    boxes = [await make_mailbox(store, name) for name in ("ann", "bob")]
    both = asyncio.Barrier(2)
    runs: list[str] = []

    async def unit(tx: Any, name: str, first: int, second: int) -> None:
        runs.append(name)
        await tx.advance(boxes[first].account)
        if len(runs) <= 2:
            await both.wait()  # both hold one and want the other's: against the rule, so that they must collide
        await tx.advance(boxes[second].account)

    before = [await modseq_of(store, box) for box in boxes]
    await asyncio.wait_for(
        asyncio.gather(store.write(lambda tx: unit(tx, "a", 0, 1)), store.write(lambda tx: unit(tx, "b", 1, 0))), 20
    )
    assert len(runs) == 3
    assert [await modseq_of(store, box) for box in boxes] == [n + 2 for n in before]


async def test_a_serialization_failure_runs_it_again_but_not_for_ever(engine: Engine) -> None:
    store = await engine.open()
    mailbox = await make_mailbox(store)
    before = await modseq_of(store, mailbox)
    runs = 0

    async def unit(tx: Any) -> None:
        nonlocal runs
        runs += 1
        await tx.advance(mailbox.account)
        if runs < 3:
            raise psycopg.errors.SerializationFailure("on purpose")

    await store.write(unit)
    assert runs == 3
    assert await modseq_of(store, mailbox) == before + 1

    async def hopeless(tx: Any) -> None:
        await tx.advance(mailbox.account)
        raise psycopg.errors.SerializationFailure("on purpose")

    with pytest.raises(Busy):
        await store.write(hopeless)
    assert await modseq_of(store, mailbox) == before + 1


async def test_a_server_that_goes_away_is_busy(engine: Engine) -> None:
    store = await engine.open(pool_size=1)
    mailbox = await make_mailbox(store)

    async def cut_off(tx: Any) -> None:
        await tx.advance(mailbox.account)
        await tx.session.rows("SELECT pg_terminate_backend(pg_backend_pid())")

    before = await modseq_of(store, mailbox)
    with pytest.raises(Busy):
        await store.write(cut_off)
    assert await modseq_of(store, mailbox) == before

    async def works(tx: Any) -> None:
        await tx.advance(mailbox.account)

    await store.write(works)
    assert await modseq_of(store, mailbox) == before + 1
