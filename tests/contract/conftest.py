"""Every contract test runs on both engines."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from tests.support.postgres import Cluster, cluster
from tests.support.stores import AnyStore, Engine, postgres_engine, sqlite_engine


@pytest.fixture(scope="session")
def postgres_cluster() -> Iterator[Cluster]:
    with cluster() as running:
        yield running


@pytest.fixture(params=["sqlite", "postgres"])
async def engine(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Engine]:
    if request.param == "sqlite":
        async with sqlite_engine(tmp_path) as made:
            yield made
        return
    running: Cluster = request.getfixturevalue("postgres_cluster")
    with running.database() as conninfo:
        async with postgres_engine(conninfo, tmp_path) as made:
            yield made


@pytest.fixture
async def store(engine: Engine) -> AnyStore:
    return await engine.open()
