import shutil
from pathlib import Path

import pytest

from mailstead.store.sql.connection import open_writer
from mailstead.store.sql.migrate import migrate_sqlite, next_writer_sqlite
from mailstead.store.sql.wal import ForeignLog, check_wal


def database_with_log(folder: Path) -> Path:
    """As a crash leaves it: copied while a connection has it open, with the first page in the log."""
    folder.mkdir()
    live, path = folder / "live.db", folder / "mail.db"
    migrate_sqlite(live)
    connection = open_writer(live)
    connection.execute("CREATE TABLE more (id INTEGER PRIMARY KEY)")
    shutil.copy(live, path)
    shutil.copy(f"{live}-wal", f"{path}-wal")
    connection.close()
    return path


def test_its_own_log_is_replayed(tmp_path: Path) -> None:
    path = database_with_log(tmp_path / "a")
    check_wal(path)
    assert next_writer_sqlite(path) == 1
    connection = open_writer(path)
    assert connection.execute("SELECT count(*) FROM more").get == 0
    connection.close()


def test_the_log_of_another_database_is_refused(tmp_path: Path) -> None:
    mine, other = database_with_log(tmp_path / "a"), database_with_log(tmp_path / "b")
    shutil.copy(f"{other}-wal", f"{mine}-wal")
    with pytest.raises(ForeignLog, match="does not belong to"):
        migrate_sqlite(mine)
    Path(f"{mine}-wal").unlink()
    migrate_sqlite(mine)


def test_a_log_of_other_pages_is_refused(tmp_path: Path) -> None:
    path = database_with_log(tmp_path / "a")
    log = Path(f"{path}-wal")
    data = bytearray(log.read_bytes())
    data[8:12] = (8192).to_bytes(4)
    log.write_bytes(data)
    with pytest.raises(ForeignLog, match="8192"):
        check_wal(path)


def test_no_log_an_empty_one_and_rubbish_are_let_through(tmp_path: Path) -> None:
    path = tmp_path / "mail.db"
    check_wal(path)
    migrate_sqlite(path)
    check_wal(path)
    log = Path(f"{path}-wal")
    for content in (b"", b"x" * 10, b"x" * 100_000):
        log.write_bytes(content)
        check_wal(path)
