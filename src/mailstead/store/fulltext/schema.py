"""The file of the index: FTS5 over trigrams of folded text, dense ids for what is in it, the marks beside them.

Text is folded before it comes here, so the tokenizer folds nothing. Positions are kept: a phrase of trigrams in a row
is the needle itself. Characters that FTS5 skips or UTF-8 has no place for become one that letters do not hold.
"""

from pathlib import Path
from typing import Final

import apsw

SCHEMA: Final = """
    CREATE TABLE about (one INTEGER PRIMARY KEY CHECK (one = 1), epoch INTEGER NOT NULL, stamp TEXT NOT NULL) STRICT;
    CREATE TABLE mark (
        account_id INTEGER PRIMARY KEY, modseq INTEGER NOT NULL, folder_id INTEGER, uid INTEGER) STRICT;
    CREATE TABLE entry (id INTEGER PRIMARY KEY AUTOINCREMENT, kind INTEGER NOT NULL, key INTEGER NOT NULL,
        odd INTEGER NOT NULL, UNIQUE (key, kind)) STRICT;
    CREATE INDEX entry_odd ON entry (odd) WHERE odd <> 0;
    CREATE VIRTUAL TABLE trigram USING fts5 (
        head, body, content='', contentless_delete=1, tokenize='trigram case_sensitive 1');
"""
FORMAT: Final = 1
BREAK: Final = "\ufdd0"
"""A noncharacter between the texts of parts; it stands for NUL and lone surrogates too."""
WRITER_WAIT_MS: Final = 2_000
_WRITER: Final = "PRAGMA synchronous=NORMAL; PRAGMA cache_size=-32768; PRAGMA temp_store=MEMORY"
_READER: Final = "PRAGMA query_only=ON; PRAGMA cache_size=-16384; PRAGMA mmap_size=0"
"""Not mapped: a file that is cut short under a mapping ends the process."""


def storable(text: str) -> str:
    """As the index takes it: the same change to text and needle, character by character."""
    text = text.replace("\0", BREAK)
    if text.isascii():
        return text
    try:
        text.encode()
    except UnicodeEncodeError:
        return "".join([BREAK if "\ud800" <= char <= "\udfff" else char for char in text])
    return text


def open_writer(path: Path, stamp: str) -> apsw.Connection:
    """Read and write; an empty index if there is none. apsw.Error if it is broken or another program's."""
    if not path.exists():
        remove(path)  # a log without its database would be played into the new one
        path.touch(mode=0o600)
    connection = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READWRITE)
    try:
        connection.set_busy_timeout(WRITER_WAIT_MS)
        connection.execute("PRAGMA journal_mode=WAL").fetchall()
        connection.execute(_WRITER).fetchall()
        stamp = f"{FORMAT} {stamp}"
        with connection:
            version = connection.execute("PRAGMA user_version").get
            if version == 0:
                connection.execute(SCHEMA).fetchall()
                connection.execute("INSERT INTO about VALUES (1, abs(random()), ?)", (stamp,)).fetchall()
                connection.execute(f"PRAGMA user_version={FORMAT}").fetchall()
        if connection.execute("SELECT stamp FROM about").get != stamp:
            raise apsw.CorruptError("written under other rules")  # noqa: TRY301 - broken in the same way
    except BaseException:
        connection.close()
        raise
    return connection


def open_reader(path: Path) -> apsw.Connection:
    """Read only."""
    connection = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READONLY)
    try:
        connection.execute(_READER).fetchall()
        connection.execute("SELECT epoch FROM about").fetchall()
    except BaseException:
        connection.close()
        raise
    return connection


def broken_path(path: Path) -> Path:
    """A reader that found damage leaves this for the writer."""
    return path.with_name(f"{path.name}.broken")


def remove(path: Path) -> None:
    """The file and what SQLite keeps beside it. Who has it open goes on in what has no name any longer."""
    for each in (path, path.with_name(f"{path.name}-wal"), path.with_name(f"{path.name}-shm"), broken_path(path)):
        each.unlink(missing_ok=True)
