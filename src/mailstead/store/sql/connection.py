"""Connections to the SQLite file and the session over one: every call runs to its end at once, nothing suspends."""

import os
from collections.abc import Coroutine, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Final, TypeVar

import apsw

from mailstead.store.sql.dialect import SQLITE, Dialect
from mailstead.store.sql.session import NO_PARAMS, Params, Row

T = TypeVar("T")

STATEMENTS: Final = 400
"""Prepared statements kept by each connection: more than the house has texts."""

BUSY_MS: Final = 20
"""How long to wait for a stranger (a shell, a backup) inside SQLite; among us the lock of `store.sql.lock` decides."""

_COMMON: Final = "PRAGMA temp_store=MEMORY; PRAGMA foreign_keys=OFF; PRAGMA trusted_schema=OFF"
_WRITER: Final = f"{_COMMON}; PRAGMA synchronous=FULL; PRAGMA wal_autocheckpoint=0; PRAGMA cache_size=-16384"
_READER: Final = f"{_COMMON}; PRAGMA query_only=ON; PRAGMA cache_size=-16384"
"""Not mapped into memory: SQLite gives the whole mapping back at each read after a commit, which among writers costs a
third of an APPEND or STORE (150 MB of mail) and gains nothing that could be measured in long FETCHes."""


def open_writer(path: Path) -> apsw.Connection:
    """Read and write, durable at every commit; creates the file (0600) with WAL if it is new."""
    path.touch(mode=0o600, exist_ok=True)
    connection = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READWRITE, statementcachesize=STATEMENTS)
    connection.set_busy_timeout(BUSY_MS)
    connection.config(apsw.SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 0)
    mode = connection.execute("PRAGMA journal_mode=WAL").get
    if mode != "wal":
        connection.close()
        raise OSError(f"{path}: this file system cannot hold a database in WAL mode (it says {mode!r})")
    connection.execute(_WRITER).fetchall()
    return connection


def open_reader(path: Path) -> apsw.Connection:
    """Read only."""
    connection = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READONLY, statementcachesize=STATEMENTS)
    connection.set_busy_timeout(BUSY_MS)
    connection.execute(_READER).fetchall()
    return connection


def descriptor_of(path: Path) -> int:
    """One that SQLite has open on the database, to fsync and for nothing else; -1 if it cannot be found.

    Opening the file once more would not do: closing that drops all POSIX locks this process has on it.
    """
    wanted = path.stat()
    for name in os.listdir("/dev/fd"):  # noqa: PTH208 - names are numbers
        with suppress(OSError):
            found = os.fstat(int(name))
            if (found.st_dev, found.st_ino) == (wanted.st_dev, wanted.st_ino):
                return int(name)
    return -1


def drive(unit: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine that never suspends."""
    try:
        unit.send(None)
    except StopIteration as end:
        value: T = end.value
        return value
    unit.close()
    raise RuntimeError("a unit of work awaited something other than its transaction")


class SqliteSession:
    """The statements of the transaction that is open on a connection. One cursor serves all: each call drains it."""

    __slots__ = ("_connection", "_cursor")

    dialect: Dialect = SQLITE

    def __init__(self, connection: apsw.Connection) -> None:
        self._connection = connection
        self._cursor = connection.cursor()

    async def rows(self, sql: str, params: Params = NO_PARAMS) -> list[Row]:
        return self._cursor.execute(sql, params).fetchall()

    async def row(self, sql: str, params: Params = NO_PARAMS) -> Row | None:
        rows = self._cursor.execute(sql, params).fetchall()
        return rows[0] if rows else None

    async def run(self, sql: str, params: Params = NO_PARAMS) -> int:
        self._cursor.execute(sql, params).fetchall()
        return self._connection.changes()

    async def run_many(self, sql: str, params: Sequence[Params]) -> None:
        self._cursor.executemany(sql, params).fetchall()

    def command(self, sql: str) -> None:
        """BEGIN, COMMIT and their like."""
        self._cursor.execute(sql)
