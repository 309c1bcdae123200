from pathlib import Path

import apsw
import pytest

from mailstead.store.sql.dialect import POSTGRES, SQLITE
from mailstead.store.sql.migrate import Migration, SchemaError, migrate_sqlite, next_writer_sqlite, shipped

ONE = Migration(1, "one", "CREATE TABLE thing (id {bigint} PRIMARY KEY, body {blob}) {strict};")
TWO = Migration(2, "two", "INSERT INTO thing VALUES (1, NULL); INSERT INTO thing VALUES (2, NULL);")
BROKEN = Migration(3, "three", "INSERT INTO thing VALUES (3, NULL); INSERT INTO nowhere VALUES (1);")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "mail.db"


def things(path: Path) -> list[int]:
    connection = apsw.Connection(str(path))
    try:
        return [row[0] for row in connection.execute("SELECT id FROM thing ORDER BY id")]
    finally:
        connection.close()


def test_each_step_once_and_only_forward(path: Path) -> None:
    assert migrate_sqlite(path, [ONE]) == 1
    assert migrate_sqlite(path, [ONE, TWO]) == 2
    assert migrate_sqlite(path, [ONE, TWO]) == 2
    assert things(path) == [1, 2]


def test_a_step_that_fails_leaves_nothing(path: Path) -> None:
    migrate_sqlite(path, [ONE, TWO])
    with pytest.raises(apsw.SQLError):
        migrate_sqlite(path, [ONE, TWO, BROKEN])
    assert things(path) == [1, 2]
    assert migrate_sqlite(path, [ONE, TWO]) == 2


def test_a_newer_schema_is_refused(path: Path) -> None:
    migrate_sqlite(path, [ONE, TWO])
    with pytest.raises(SchemaError, match="has schema 0002, this program knows up to 0001"):
        migrate_sqlite(path, [ONE])


def test_a_step_that_was_changed_is_refused(path: Path) -> None:
    migrate_sqlite(path, [ONE])
    with pytest.raises(SchemaError, match="0001_one"):
        migrate_sqlite(path, [Migration(1, "one", ONE.text + " ")])


def test_each_opening_has_its_number(path: Path) -> None:
    migrate_sqlite(path)
    assert [next_writer_sqlite(path) for _ in range(3)] == [1, 2, 3]


def test_what_is_shipped_is_numbered_without_holes_and_fits_both_engines() -> None:
    steps = shipped()
    assert [step.number for step in steps] == list(range(1, len(steps) + 1))
    for step in steps:
        for dialect in (SQLITE, POSTGRES):
            dialect.fill(step.text)


def test_the_database_is_for_its_owner_alone(path: Path) -> None:
    migrate_sqlite(path)
    assert path.stat().st_mode & 0o777 == 0o600
