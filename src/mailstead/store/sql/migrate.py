"""Schema migrations: numbered texts that only go forward, each applied once, under a lock, before any worker starts."""

import hashlib
import re
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any, Final, Protocol

import apsw

from mailstead.store.sql.connection import open_writer
from mailstead.store.sql.dialect import SQLITE, Dialect
from mailstead.store.sql.lock import ProcessLock, lock_path
from mailstead.store.sql.wal import check_wal, new_mark
from mailstead.telemetry import Event, emit

_NAME: Final = re.compile(r"(\d{4})_([a-z0-9_]+)\.sql")
_LOCK_SECONDS: Final = 60.0

_BOOTSTRAP: Final = """
CREATE TABLE IF NOT EXISTS schema_version (
    number {bigint} PRIMARY KEY,
    name {text} NOT NULL,
    checksum {text} NOT NULL
) {strict};
CREATE TABLE IF NOT EXISTS writer (
    one {bigint} PRIMARY KEY CHECK (one = 1),
    last {bigint} NOT NULL
) {strict};
INSERT INTO writer (one, last) VALUES (1, 0) ON CONFLICT DO NOTHING;
"""


class SchemaError(Exception):
    """The database does not fit this program; the text says what to do."""


@dataclass(frozen=True, slots=True)
class Migration:
    """One step."""

    number: int
    name: str
    text: str

    @property
    def checksum(self) -> str:
        """Of the text before its slots are filled: the same on both engines."""
        return hashlib.sha256(self.text.encode()).hexdigest()


class MigrationTarget(Protocol):
    """A database inside one transaction that nobody else can enter."""

    @property
    def dialect(self) -> Dialect: ...
    def script(self, text: str) -> None:
        """Several statements."""

    def ask(self, text: str) -> list[tuple[Any, ...]]:
        """The rows of one statement."""


def shipped() -> list[Migration]:
    """Those that come with this program, in order."""
    folder = files("mailstead.store.sql").joinpath("migrations")
    found = ((_NAME.fullmatch(file.name), file) for file in folder.iterdir())
    steps = [Migration(int(name[1]), name[2], file.read_text("utf-8")) for name, file in found if name]
    return sorted(steps, key=lambda step: step.number)


def migrate(target: MigrationTarget, known: Sequence[Migration]) -> int:
    """Apply what is missing; gives the number of the schema. SchemaError if the database knows steps that we do not."""
    dialect = target.dialect
    target.script(dialect.fill(_BOOTSTRAP))
    applied = {
        int(number): str(checksum) for number, checksum in target.ask("SELECT number, checksum FROM schema_version")
    }
    _check_history(known, applied)
    for migration in known:
        if migration.number in applied:
            continue
        started = time.monotonic()
        target.script(dialect.fill(migration.text))
        values = f"({migration.number}, '{migration.name}', '{migration.checksum}')"
        target.script("INSERT INTO schema_version (number, name, checksum) VALUES " + values)  # noqa: S608 - our own
        emit(
            Event.STORE_MIGRATED, version=f"{migration.number:04d}_{migration.name}", elapsed=time.monotonic() - started
        )
    return max((migration.number for migration in known), default=0)


def _check_history(known: Sequence[Migration], applied: dict[int, str]) -> None:
    steps = {migration.number: migration for migration in known}
    if newer := sorted(applied.keys() - steps.keys()):
        raise SchemaError(
            f"the database has schema {newer[-1]:04d}, this program knows up to {max(steps, default=0):04d}:"
            " run the program that wrote it, or a newer one"
        )
    for number, checksum in applied.items():
        if steps[number].checksum != checksum:
            raise SchemaError(
                f"schema step {number:04d}_{steps[number].name} is not the one that was applied to the database:"
                " the program was changed after its release; install an unchanged one"
            )


class _SqliteTarget:
    dialect: Dialect = SQLITE

    def __init__(self, connection: apsw.Connection) -> None:
        self._connection = connection

    def script(self, text: str) -> None:
        self._connection.execute(text).fetchall()

    def ask(self, text: str) -> list[tuple[Any, ...]]:
        return self._connection.execute(text).fetchall()


@contextmanager
def _alone(path: Path) -> Iterator[apsw.Connection]:
    """The database in one transaction under the lock that workers take."""
    lock = ProcessLock(lock_path(path))
    try:
        with lock.held(_LOCK_SECONDS):
            check_wal(path)
            connection = open_writer(path)
            try:
                connection.execute("BEGIN IMMEDIATE")
                yield connection
                connection.execute("COMMIT")
            finally:
                connection.close()  # rolls back what was not committed
    finally:
        lock.close()


def migrate_sqlite(path: Path, known: Sequence[Migration] | None = None) -> int:
    """Bring the database at `path` to the schema of this program, making it if it is new."""
    with _alone(path) as connection:
        if connection.pragma("user_version") == 0:
            connection.pragma("user_version", new_mark())
        return migrate(_SqliteTarget(connection), shipped() if known is None else known)


NEXT_WRITER: Final = "UPDATE writer SET last = last + 1 WHERE one = 1 RETURNING last"


def next_writer_sqlite(path: Path) -> int:
    """The number of one more opening of the store, for the ids it makes (see `net.ids`)."""
    with _alone(path) as connection:
        number: Any = connection.execute(NEXT_WRITER).get
        return int(number)
