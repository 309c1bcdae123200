import asyncio
from collections.abc import Iterator
from pathlib import Path

import apsw
import pytest

from mailstead.store.sql.connection import SqliteSession, drive, open_reader, open_writer


@pytest.fixture
def writer(tmp_path: Path) -> Iterator[apsw.Connection]:
    connection = open_writer(tmp_path / "mail.db")
    connection.execute("CREATE TABLE thing (id INTEGER PRIMARY KEY, body BLOB)")
    yield connection
    connection.close()


def test_a_writer_is_durable_and_leaves_the_log_to_the_duty(writer: apsw.Connection) -> None:
    assert writer.pragma("journal_mode") == "wal"
    assert writer.pragma("synchronous") == 2
    assert writer.pragma("wal_autocheckpoint") == 0


def test_a_reader_cannot_write(writer: apsw.Connection, tmp_path: Path) -> None:
    reader = open_reader(tmp_path / "mail.db")
    with pytest.raises(apsw.ReadOnlyError):
        reader.execute("INSERT INTO thing VALUES (1, NULL)")
    reader.close()


def test_statements_of_a_session(writer: apsw.Connection) -> None:
    session = SqliteSession(writer)

    async def unit() -> None:
        assert await session.run("INSERT INTO thing VALUES (:id, :body)", {"id": 1, "body": b"\0x", "more": 5}) == 1
        await session.run_many("INSERT INTO thing VALUES (:id, :id)", [{"id": 2}, {"id": 3}])
        assert await session.rows("SELECT id FROM thing ORDER BY id") == [(1,), (2,), (3,)]
        assert await session.row("SELECT body FROM thing ORDER BY id") == (b"\0x",)
        assert await session.row("SELECT 1 FROM thing WHERE id = :id", {"id": 9}) is None
        assert await session.run("DELETE FROM thing WHERE id > :id", {"id": 1}) == 2
        assert await session.rows("DELETE FROM thing WHERE id = :id RETURNING id", {"id": 1}) == [(1,)]

    drive(unit())


def test_a_parameter_that_is_missing_is_an_error(writer: apsw.Connection) -> None:
    with pytest.raises(KeyError):
        drive(SqliteSession(writer).rows("SELECT :a", {"b": 1}))


def test_driving_gives_the_value_the_error_or_refuses() -> None:
    async def value() -> int:
        return 5

    async def fault() -> None:
        raise KeyError("x")

    async def foreign() -> None:
        await asyncio.sleep(0)

    assert drive(value()) == 5
    with pytest.raises(KeyError):
        drive(fault())
    with pytest.raises(RuntimeError):
        drive(foreign())
