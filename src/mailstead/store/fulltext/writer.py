"""The writing side of the index. It runs in a thread of its own: SQLite does its work without the GIL, nobody waits."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import apsw

from mailstead.ground.model.ids import AccountId
from mailstead.store.fulltext.schema import broken_path, open_writer, remove, storable
from mailstead.store.port.fulltext import Entry, Key, Mark, Part

BITS: Final = {Part.HEAD: 1, Part.BODY: 2}

ADD: Final = "INSERT INTO entry (kind, key, odd) VALUES (?, ?, ?) ON CONFLICT (key, kind) DO NOTHING RETURNING id"
FILL: Final = "INSERT INTO trigram (rowid, head, body) VALUES (?, ?, ?)"
SET_MARK: Final = """
    INSERT INTO mark (account_id, modseq, folder_id, uid) VALUES (?, ?, ?, ?)
        ON CONFLICT (account_id) DO UPDATE
       SET modseq = excluded.modseq, folder_id = excluded.folder_id, uid = excluded.uid"""
FORGET: Final = "DELETE FROM entry WHERE key = ? AND kind = ? RETURNING id"
TRIES: Final = 2


class Writer:
    """One connection, opened again when the file was taken away."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._connection: apsw.Connection | None = None
        self._inode = 0
        self._stamp = ""

    def prepare(self, stamp: str) -> None:
        """Make it anew if a reader or this connection finds it broken."""
        if broken_path(self._path).exists():
            self.close()
            remove(self._path)
        if self._connection is not None and stamp == self._stamp and self._inode == inode_of(self._path):
            return
        self.close()
        for attempt in range(TRIES):
            try:
                self._connection = open_writer(self._path, stamp)
                break
            except (apsw.CorruptError, apsw.NotADBError, apsw.SQLError):
                if attempt == TRIES - 1:
                    raise
                remove(self._path)
        self._stamp, self._inode = stamp, inode_of(self._path)

    def close(self) -> None:
        """May be called twice."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def write(self, epoch: int, entries: Sequence[Entry], marks: Sequence[tuple[AccountId, Mark]]) -> None:
        """One transaction; a fault leaves nothing of it."""
        connection = self._opened()
        connection.execute("BEGIN IMMEDIATE")
        with _Transaction(connection):
            if connection.execute("SELECT epoch FROM about").get != epoch:
                return
            for entry in entries:
                odd = sum(BITS[part] for part in entry.odd)
                identity = connection.execute(ADD, (entry.key.kind.value, entry.key.id, odd)).get
                if identity is not None:
                    texts = (identity, storable(entry.head), storable(entry.body))
                    connection.execute(FILL, texts).fetchall()
            for account, mark in marks:
                connection.execute(SET_MARK, (account, mark.modseq, *(mark.walk or (None, None)))).fetchall()

    def remove(self, keys: Sequence[Key]) -> None:
        """With their text."""
        connection = self._opened()
        connection.execute("BEGIN IMMEDIATE")
        with _Transaction(connection):
            for key in keys:
                identity = connection.execute(FORGET, (key.id, key.kind.value)).get
                if identity is not None:
                    connection.execute("DELETE FROM trigram WHERE rowid = ?", (identity,)).fetchall()

    def reset(self) -> None:
        """A new epoch without anything in it."""
        connection = self._opened()
        connection.execute("BEGIN IMMEDIATE")
        with _Transaction(connection):
            connection.execute("UPDATE about SET epoch = abs(random())").fetchall()
            connection.execute("INSERT INTO trigram (trigram) VALUES ('delete-all')").fetchall()
            connection.execute("DELETE FROM entry").fetchall()
            connection.execute("DELETE FROM mark").fetchall()

    def _opened(self) -> apsw.Connection:
        assert self._connection is not None, "prepare() comes first"
        return self._connection


class _Transaction:
    """Commits at its end, takes all back after an error."""

    def __init__(self, connection: apsw.Connection) -> None:
        self._connection = connection

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: object, *_rest: object) -> None:
        if self._connection.in_transaction:
            self._connection.execute("COMMIT" if kind is None else "ROLLBACK")


def inode_of(path: Path) -> int:
    """0 if it is not there."""
    try:
        return path.stat().st_ino
    except OSError:
        return 0
