"""Migrations of several programs at once, on both engines."""

import asyncio
from pathlib import Path

import pytest

from mailstead.store.sql.migrate import Migration, SchemaError, migrate_sqlite, next_writer_sqlite
from mailstead.store.sql.postgres_session import migrate_postgres, next_writer_postgres
from tests.support.postgres import Cluster

STEPS = [
    Migration(1, "one", "CREATE TABLE thing (id {bigint} PRIMARY KEY, body {blob}, word {text}) {strict};"),
    Migration(2, "two", "INSERT INTO thing (id, word) VALUES (1, '100 % of :it'); INSERT INTO thing (id) VALUES (2);"),
]


async def test_several_at_once_on_sqlite(tmp_path: Path) -> None:
    path = tmp_path / "mail.db"
    assert await asyncio.gather(*(asyncio.to_thread(migrate_sqlite, path, STEPS) for _ in range(4))) == [2] * 4
    numbers = await asyncio.gather(*(asyncio.to_thread(next_writer_sqlite, path) for _ in range(4)))
    assert sorted(numbers) == [1, 2, 3, 4]


async def test_several_at_once_on_postgres(postgres_cluster: Cluster) -> None:
    with postgres_cluster.database(migrated=False) as conninfo:
        assert (
            await asyncio.gather(*(asyncio.to_thread(migrate_postgres, conninfo, STEPS) for _ in range(4))) == [2] * 4
        )
        numbers = await asyncio.gather(*(asyncio.to_thread(next_writer_postgres, conninfo) for _ in range(4)))
        assert sorted(numbers) == [1, 2, 3, 4]
        with pytest.raises(SchemaError):
            migrate_postgres(conninfo, STEPS[:1])
