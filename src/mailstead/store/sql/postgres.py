"""The store on PostgreSQL: the same units, each in its own transaction on a pooled connection.

Imported only where PostgreSQL is configured: psycopg comes with the extra `postgres`.
"""

import asyncio
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any, Final, TypeVar

from psycopg import AsyncConnection, IsolationLevel, OperationalError, errors
from psycopg_pool import AsyncConnectionPool, PoolClosed, PoolTimeout

from mailstead.ground.model.errors import Busy, NoSpace
from mailstead.ground.model.ids import BlobId
from mailstead.store.port import Lane, OnCommit, ReadUnit, Unit
from mailstead.store.port.blobs import Blobs
from mailstead.store.sql.group import coalesce
from mailstead.store.sql.lanes import Bounds
from mailstead.store.sql.lookup import BlobLookup, BlobRow, find_blob
from mailstead.store.sql.postgres_session import PostgresSession
from mailstead.store.sql.room import RESERVE, Room
from mailstead.store.sql.transaction import SqlReadTx, SqlTx
from mailstead.telemetry import Event, emit, incident

T = TypeVar("T")

ATTEMPTS: Final = 10
"""How often a unit runs before a deadlock or a serialization failure becomes Busy."""

_FIRST_PAUSE: Final = 0.002
_OPTIONS: Final = "-c lock_timeout=10s -c statement_timeout=60s -c idle_in_transaction_session_timeout=60s"


class PostgresStore:
    """One worker's pools on the database at `conninfo`, migrated before."""

    def __init__(
        self,
        conninfo: str,
        make_blobs: Callable[[BlobLookup], Blobs],
        on_commit: OnCommit,
        *,
        bounds: Bounds | None = None,
        pool_size: int = 8,
        blob_folder: Path | None = None,
        reserve: int = RESERVE,
    ) -> None:
        self._conninfo = conninfo
        self._on_commit = on_commit
        self._bounds = bounds or Bounds()
        self._pool_size = pool_size
        self._blob_folder = blob_folder
        self._reserve = reserve
        self._counts = {Lane.INTERACTIVE: 0, Lane.BULK: 0}
        self._octets = {Lane.INTERACTIVE: 0, Lane.BULK: 0}
        self._units: set[asyncio.Task[Any]] = set()
        self._room: Room | None = None
        self._is_open = False
        self.blobs: Blobs = make_blobs(self._find_blob)
        """Bytes outside of units."""

    async def open(self) -> None:
        """Connect; OperationalError if the server is not there."""
        if self._blob_folder is not None:
            self._room = Room(self._blob_folder, self._reserve, asyncio.get_running_loop().time)
        # bulk units have their own few connections, so that they never stand before interactive ones
        self._pools = {
            Lane.INTERACTIVE: self._pool(self._pool_size, _configure_writer),
            Lane.BULK: self._pool(max(self._pool_size // 4, 1), _configure_writer),
        }
        self._readers = self._pool(self._pool_size, _configure_reader)
        for pool in (*self._pools.values(), self._readers):
            await pool.open(wait=True, timeout=self._bounds.wait_seconds)
        self._is_open = True
        emit(Event.STORE_OPENED, path="postgres", version="postgres")

    async def close(self) -> None:
        """Take no more, finish what runs."""
        if not self._is_open:
            return
        self._is_open = False
        while self._units:
            await asyncio.wait(self._units)
        for pool in (*self._pools.values(), self._readers):
            await pool.close()

    async def write(
        self,
        unit: Unit[T],
        *,
        lane: Lane = Lane.INTERACTIVE,
        size: int = 0,
        incoming: bool = False,
        patient: bool = False,  # noqa: ARG002 - each unit has a transaction of its own here: nobody to wait for
    ) -> T:
        """Run a unit and make it durable; Busy, NoSpace, or what the unit raises."""
        if not self._is_open:
            raise Busy("the store is closed")
        if incoming and not self.has_room():
            raise NoSpace("the disk is below its reserve")
        self._enter(lane, size)
        has_begun = asyncio.Event()
        task = asyncio.create_task(self._carry_out(unit, lane, size, has_begun))
        self._units.add(task)
        task.add_done_callback(self._forget)
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            if not has_begun.is_set():
                task.cancel()
            raise

    async def read(self, unit: ReadUnit[T]) -> T:
        """Run a read-only unit over one view."""
        return await self._look(lambda session: unit(SqlReadTx(session)))

    async def _look(self, question: Callable[[PostgresSession], Coroutine[Any, Any, T]]) -> T:
        if not self._is_open:
            raise Busy("the store is closed")
        try:
            async with self._readers.connection() as connection, connection.transaction():
                return await question(PostgresSession(connection))
        except (PoolTimeout, PoolClosed, OperationalError) as error:
            raise _translated(error) from error

    def has_room(self) -> bool:
        """False below the reserve of free disk where blobs are files; the server's own disk is told by its errors."""
        return self._room is None or self._room.has_room()

    def _pool(
        self, size: int, configure: Callable[[AsyncConnection], Coroutine[Any, Any, None]]
    ) -> AsyncConnectionPool[AsyncConnection]:
        return AsyncConnectionPool(
            self._conninfo,
            kwargs={"options": _OPTIONS, "autocommit": True},
            min_size=min(size, 2),
            max_size=size,
            timeout=self._bounds.wait_seconds,
            configure=configure,
            open=False,
        )

    def _enter(self, lane: Lane, size: int) -> None:
        count, octets = self._counts[lane], self._octets[lane]
        if count >= self._bounds.units or (count and octets + size > self._bounds.octets):
            emit(Event.STORE_QUEUE_FULL, count=count, size=octets)
            raise Busy(f"{count} units of {octets} octets wait for the store")
        self._counts[lane] += 1
        self._octets[lane] += size

    def _forget(self, task: asyncio.Task[Any]) -> None:
        self._units.discard(task)
        if not task.cancelled():
            task.exception()  # its caller may be gone

    async def _carry_out(self, unit: Unit[T], lane: Lane, size: int, has_begun: asyncio.Event) -> T:
        try:
            async with self._pools[lane].connection() as connection:
                has_begun.set()
                return await self._run(connection, unit)
        except (PoolTimeout, PoolClosed, OperationalError) as error:
            raise _translated(error) from error
        finally:
            self._counts[lane] -= 1
            self._octets[lane] -= size

    async def _run(self, connection: AsyncConnection, unit: Unit[T]) -> T:
        pause = _FIRST_PAUSE
        for _ in range(ATTEMPTS):
            tx = SqlTx(PostgresSession(connection))
            try:
                async with connection.transaction():
                    value = await unit(tx)
            except (errors.DeadlockDetected, errors.SerializationFailure):
                await asyncio.sleep(pause)
                pause *= 2
                continue
            self._after_commit(tx)
            return value
        raise Busy("other units stood in the way again and again")

    def _after_commit(self, tx: SqlTx) -> None:
        for blob in tx.doubles:
            self.blobs.discard(blob)
        if tx.wakes:
            try:
                self._on_commit(coalesce(tx.wakes))
            except Exception as error:  # noqa: BLE001 - a lost wake costs a second, the mail is safe
                incident(error, subsystem="store")

    async def _find_blob(self, blob: BlobId) -> BlobRow | None:
        return await self._look(lambda session: find_blob(session, blob))


async def _configure_writer(connection: AsyncConnection) -> None:
    await connection.set_isolation_level(IsolationLevel.READ_COMMITTED)


async def _configure_reader(connection: AsyncConnection) -> None:
    await connection.set_isolation_level(IsolationLevel.REPEATABLE_READ)
    await connection.set_read_only(True)


def _translated(error: Exception) -> Exception:
    match error:
        case errors.DiskFull():
            return NoSpace("the disk of the database server is full")
        case PoolTimeout() | PoolClosed():
            return Busy("no connection to the database server was free in time")
        case _:
            return Busy(f"the database server did not do it: {error}")
