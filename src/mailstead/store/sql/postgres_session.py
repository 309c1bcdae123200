"""The session over one psycopg connection, and migrations on PostgreSQL."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final

import psycopg

from mailstead.store.sql.dialect import POSTGRES, Dialect
from mailstead.store.sql.migrate import NEXT_WRITER, Migration, migrate, shipped
from mailstead.store.sql.params import to_psycopg
from mailstead.store.sql.session import NO_PARAMS, Params, Row

_MIGRATION_LOCK: Final = 0x6D61696C  # "mail": any number that nobody else on the server takes


class PostgresSession:
    """The statements of the transaction that is open on a connection."""

    __slots__ = ("_cursor",)

    dialect: Dialect = POSTGRES

    def __init__(self, connection: psycopg.AsyncConnection) -> None:
        self._cursor = connection.cursor(binary=True)

    async def rows(self, sql: str, params: Params = NO_PARAMS) -> list[Row]:
        await self._cursor.execute(to_psycopg(sql), params)
        return await self._cursor.fetchall()

    async def row(self, sql: str, params: Params = NO_PARAMS) -> Row | None:
        await self._cursor.execute(to_psycopg(sql), params)
        return await self._cursor.fetchone()

    async def run(self, sql: str, params: Params = NO_PARAMS) -> int:
        await self._cursor.execute(to_psycopg(sql), params)
        return self._cursor.rowcount

    async def run_many(self, sql: str, params: Sequence[Params]) -> None:
        await self._cursor.executemany(to_psycopg(sql), params)


class _PostgresTarget:
    dialect: Dialect = POSTGRES

    def __init__(self, connection: psycopg.Connection) -> None:
        self._connection = connection

    def script(self, text: str) -> None:
        self._connection.execute(text.encode())

    def ask(self, text: str) -> list[tuple[Any, ...]]:
        return self._connection.execute(text.encode()).fetchall()


@contextmanager
def _alone(conninfo: str) -> Iterator[_PostgresTarget]:
    """One transaction that excludes every other program of ours that migrates."""
    with psycopg.connect(conninfo) as connection:  # commits at its end
        connection.execute("SELECT pg_advisory_xact_lock(%s)", (_MIGRATION_LOCK,))
        yield _PostgresTarget(connection)


def migrate_postgres(conninfo: str, known: Sequence[Migration] | None = None) -> int:
    """Bring the database to the schema of this program."""
    with _alone(conninfo) as target:
        return migrate(target, shipped() if known is None else known)


def next_writer_postgres(conninfo: str) -> int:
    """The number of one more opening of the store, for the ids it makes (see `net.ids`)."""
    with _alone(conninfo) as target:
        return int(target.ask(NEXT_WRITER)[0][0])
