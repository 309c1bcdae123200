"""The embedded store. The worker's own event loop runs the units that wait, a group for each of its turns.

No thread stands between a unit and the disk: a saturated loop starves every other thread of the GIL.
"""

import asyncio
import os
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any, Final, TypeVar

import apsw

from mailstead.ground.model.errors import Busy, NoSpace
from mailstead.ground.model.ids import BlobId
from mailstead.store.port import Lane, OnCommit, ReadUnit, Unit
from mailstead.store.port.blobs import Blobs
from mailstead.store.sql.connection import SqliteSession, descriptor_of, drive, open_reader, open_writer
from mailstead.store.sql.group import GroupRunner
from mailstead.store.sql.lanes import Bounds, Lanes, Waiting
from mailstead.store.sql.lock import ProcessLock, lock_path
from mailstead.store.sql.lookup import BlobLookup, BlobRow, find_blob
from mailstead.store.sql.room import RESERVE, Room
from mailstead.store.sql.transaction import SqlReadTx
from mailstead.telemetry import Event, emit

T = TypeVar("T")

PATIENCE: Final = 0.05
"""Seconds that the loop sleeps for the lock of another worker, whose group takes a tenth of that."""

SHORT_PATIENCE: Final = 0.002
RETRY: Final = 0.02
"""Once PATIENCE was not enough the other worker hangs: look again this often and serve readers meanwhile."""

_AT_ONCE: Final = 0.0
GATHER: Final = 0.005
"""Seconds that patient units wait for others: each group costs a sync, and the pages another worker has changed."""

STALL: Final = 0.05
PAGE: Final = 4096
CHASES: Final = 3
RESTART_PAST: Final = 64 * 1024 * 1024
TRUNCATE_PAST: Final = 512 * 1024 * 1024


class SqliteStore:
    """One worker's opening of the database at `path`, migrated before."""

    def __init__(
        self,
        path: Path,
        make_blobs: Callable[[BlobLookup], Blobs],
        on_commit: OnCommit,
        *,
        bounds: Bounds | None = None,
        reserve: int = RESERVE,
    ) -> None:
        self._path = path
        self._bounds = bounds or Bounds()
        self._on_commit = on_commit
        self._reserve = reserve
        self._lanes = Lanes(self._bounds)
        self._patience = PATIENCE
        self._turn_handle: asyncio.Handle | None = None
        self._is_gathering = self._had_company = False
        self._is_open = False
        self._stall_told_at = 0.0
        self.blobs: Blobs = make_blobs(self._find_blob)
        """Bytes outside of units."""

    async def open(self) -> None:
        """Open the connections; call it on the loop that will use them."""
        self._loop = asyncio.get_running_loop()
        self._room = Room(self._path.parent, self._reserve, self._loop.time)
        self._lock = ProcessLock(lock_path(self._path))
        self._writer = open_writer(self._path)
        self._reader = open_reader(self._path)
        self._checkpointer = open_writer(self._path)
        self._database_fd = descriptor_of(self._path)
        self._thread = ThreadPoolExecutor(1, "checkpoint")
        self._read_session = SqliteSession(self._reader)
        self._read_tx = SqlReadTx(self._read_session)
        self._runner = GroupRunner(self._writer, self._bounds, self._on_commit, self._discard)
        self._is_open = True
        emit(Event.STORE_OPENED, path=str(self._path), version=apsw.sqlite_lib_version())

    async def close(self) -> None:
        """Take no more, finish what waits, leave no log behind if nobody else has the database open."""
        if not self._is_open:
            return
        self._is_open = False
        while len(self._lanes):
            self._turn()
            await asyncio.sleep(0 if self._patience == PATIENCE else RETRY)
        if self._turn_handle is not None:
            self._turn_handle.cancel()
        self._thread.shutdown()
        self._reader.close()
        self._checkpointer.close()
        self._writer.close()  # the last one to close writes the log back and removes it: it must be able to write
        self._lock.close()

    async def write(
        self,
        unit: Unit[T],
        *,
        lane: Lane = Lane.INTERACTIVE,
        size: int = 0,
        incoming: bool = False,
        patient: bool = False,
    ) -> T:
        """Run a unit and make it durable; Busy, NoSpace, or what the unit raises."""
        if not self._is_open:
            raise Busy("the store is closed")
        if incoming and not self._room.has_room():
            raise NoSpace("the disk is below its reserve")
        loop = self._loop
        future: asyncio.Future[T] = loop.create_future()
        deadline = loop.time() + self._bounds.wait_seconds
        waiting = Waiting(unit, lane, size, incoming=incoming, future=future, deadline=deadline)
        try:
            self._lanes.put(waiting)
        except Busy:
            emit(Event.STORE_QUEUE_FULL, count=len(self._lanes), size=size)
            raise
        self._plan_turn(patient=patient)
        try:
            return await future
        except asyncio.CancelledError:
            self._lanes.forget(waiting)
            raise

    def _plan_turn(self, *, patient: bool) -> None:
        """Patient units wait for company while there is some to be had; any other unit takes them along at once."""
        if self._turn_handle is not None:
            if patient or not self._is_gathering:
                return
            self._turn_handle.cancel()
        self._is_gathering = patient and self._had_company
        if self._is_gathering:
            self._turn_handle = self._loop.call_later(GATHER, self._turn)
        else:
            self._turn_handle = self._loop.call_soon(self._turn)

    async def read(self, unit: ReadUnit[T]) -> T:
        """Run a read-only unit over one view. BEGIN and COMMIT cost half a microsecond: every unit has them."""
        return self._look(lambda: unit(self._read_tx))

    def _look(self, question: Callable[[], Coroutine[Any, Any, T]]) -> T:
        if not self._is_open:
            raise Busy("the store is closed")
        command = self._read_session.command
        command("BEGIN")
        try:
            return drive(question())
        except apsw.BusyError as error:
            raise Busy("another program holds the database") from error
        finally:
            if self._reader.in_transaction:
                command("COMMIT")

    def has_room(self) -> bool:
        """False below the reserve of free disk."""
        return self._room.has_room()

    def wal_size(self) -> int:
        """Bytes of the log's file: its high-water mark since the last truncation."""
        try:
            return self._path.with_name(f"{self._path.name}-wal").stat().st_size
        except FileNotFoundError:
            return 0

    async def checkpoint(self) -> None:
        """Write the log back into the database. One leased duty calls it each second or so.

        Nobody waits for the thread that does the bulk of it. What came meanwhile is written under the lock and
        the log starts anew, else writers that never pause would let it grow for ever.
        """
        frames = await self._loop.run_in_executor(self._thread, self._checkpoint_passively)
        size = self.wal_size()
        if min(frames * PAGE, size) < RESTART_PAST:
            return
        await self._loop.run_in_executor(self._thread, self._chase)
        if self._lock.take(PATIENCE):
            try:
                self._restart(size)
            finally:
                self._lock.give_back()

    def _chase(self) -> None:
        """Each pass is shorter than the one before, and so is what is left to do under the lock.

        SQLite syncs the database only in a pass that reaches the end of the log, which among busy writers none does:
        without a sync here all of it would happen under the lock (65 ms, against 2).
        """
        for _ in range(CHASES):
            with suppress(OSError):  # a help only: what it could not do the pass under the lock does, and tells
                os.fsync(self._database_fd)
            self._checkpoint_passively()

    def _restart(self, size: int) -> None:
        mode = apsw.SQLITE_CHECKPOINT_TRUNCATE if size > TRUNCATE_PAST else apsw.SQLITE_CHECKPOINT_RESTART
        with suppress(apsw.BusyError, apsw.FullError):  # another program reads, or no room: the next call tries again
            self._writer.wal_checkpoint(mode=mode)

    def _checkpoint_passively(self) -> int:
        try:
            frames, _ = self._checkpointer.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_PASSIVE)
        except apsw.BusyError:
            return 0
        except apsw.FullError:
            raise NoSpace("the database cannot grow: the disk is full") from None
        return frames

    def _turn(self) -> None:
        """One group, if the lock can be had."""
        self._turn_handle = None
        started = self._loop.time()
        self._lanes.expire(started)
        if not len(self._lanes):
            return
        self._is_gathering = False
        pause, count = self._run_group()
        self._had_company = count > 1
        elapsed = self._loop.time() - started
        if elapsed > STALL and started - self._stall_told_at > 1:
            self._stall_told_at = started
            emit(Event.STORE_GROUP_SLOW, elapsed=elapsed, count=count)
        if not len(self._lanes):
            return
        self._turn_handle = self._loop.call_later(pause, self._turn) if pause else self._loop.call_soon(self._turn)

    def _run_group(self) -> tuple[float, int]:
        """Seconds to wait before the next one, and how many units this one had."""
        try:
            before = self._lock.holder()
            if self._lock.take(self._patience):
                return self._run_under_lock()
        except OSError as error:
            emit(Event.STORE_GROUP_FAILED, error=f"lock: {error}", count=0)
            return RETRY, 0
        if before[0] == 0 or self._lock.holder() != before:
            return _AT_ONCE, 0  # others come and go: it is crowded, nobody hangs
        self._patience = SHORT_PATIENCE
        return RETRY, 0

    def _run_under_lock(self) -> tuple[float, int]:
        self._patience = PATIENCE
        try:
            return _AT_ONCE, self._runner.run(self._lanes, self._lanes.choose())
        except apsw.BusyError:
            return RETRY, 0  # another program writes: all still wait
        except apsw.Error as error:
            emit(Event.STORE_GROUP_FAILED, error=f"BEGIN: {type(error).__name__}: {error}", count=0)
            return RETRY, 0
        finally:
            self._lock.give_back()

    async def _find_blob(self, blob: BlobId) -> BlobRow | None:
        return self._look(lambda: find_blob(self._read_session, blob))

    def _discard(self, blob: BlobId) -> None:
        self.blobs.discard(blob)
