"""A store on either engine for tests: opened as often as a test wants workers, closed at its end."""

import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mailstead.ground.model.change import Wake
from mailstead.net.clock import SystemClock
from mailstead.net.ids import IdSource
from mailstead.store.blobs.local import FileBlobs
from mailstead.store.sql.migrate import migrate_sqlite, next_writer_sqlite
from mailstead.store.sql.postgres import PostgresStore
from mailstead.store.sql.postgres_session import next_writer_postgres
from mailstead.store.sql.sqlite import SqliteStore

AnyStore = SqliteStore | PostgresStore


@dataclass
class Engine:
    """One database, empty but for its schema; `open()` is one worker's opening of it."""

    name: str
    where: str
    folder: Path
    wakes: list[list[Wake]] = field(default_factory=list)  # what the stores handed to `on_commit`
    _stores: list[AnyStore] = field(default_factory=list)
    _blobs: list[FileBlobs] = field(default_factory=list)

    async def open(self, **options: Any) -> AnyStore:
        """`options` as the store's constructor has them."""
        store: AnyStore
        if self.name == "sqlite":
            self.next_id = IdSource(SystemClock(), next_writer_sqlite(Path(self.where))).next
            store = SqliteStore(Path(self.where), self._make_blobs, self.wakes.append, **options)
        else:
            self.next_id = IdSource(SystemClock(), next_writer_postgres(self.where)).next
            store = PostgresStore(self.where, self._make_blobs, self.wakes.append, **options)
        await store.open()
        self._stores.append(store)
        return store

    def _make_blobs(self, lookup: Any) -> FileBlobs:
        blobs = FileBlobs(self.folder / "blobs", self.next_id, lookup)
        self._blobs.append(blobs)
        return blobs

    async def close(self) -> None:
        for store in self._stores:
            await store.close()
        for blobs in self._blobs:
            blobs.close()


@asynccontextmanager
async def sqlite_engine(folder: Path) -> AsyncIterator[Engine]:
    """In a folder that is empty."""
    path = folder / "mail.db"
    migrate_sqlite(path)
    engine = Engine("sqlite", str(path), folder)
    try:
        yield engine
    finally:
        await engine.close()
        shutil.rmtree(folder / "blobs", ignore_errors=True)


@asynccontextmanager
async def postgres_engine(conninfo: str, folder: Path) -> AsyncIterator[Engine]:
    """On a database that is migrated."""
    engine = Engine("postgres", conninfo, folder)
    try:
        yield engine
    finally:
        await engine.close()
