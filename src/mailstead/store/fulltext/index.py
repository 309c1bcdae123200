"""The index as the house sees it: reads on the loop in bounded pieces, writes in a thread."""

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from time import perf_counter
from typing import Any, Final, TypeVar

import apsw

from mailstead.ground.model.errors import Busy, NoSpace
from mailstead.ground.model.ids import AccountId, BlobId, MessageId, ModSeq
from mailstead.store.fulltext.schema import BREAK, broken_path, open_reader, storable
from mailstead.store.fulltext.writer import BITS, Writer, inode_of
from mailstead.store.port.fulltext import NEEDLE_MIN, Entry, Key, Kind, Mark, Matches, Part
from mailstead.telemetry import Event, emit

T = TypeVar("T")
Row = tuple[Any, ...]

FIND: Final = """
    SELECT e.kind, e.key FROM trigram t JOIN entry e ON e.id = t.rowid
     WHERE t.trigram MATCH ? AND t.rowid BETWEEN ? AND ? AND e.odd & ? = 0"""
ODD: Final = "SELECT kind, key FROM entry WHERE odd <> 0 AND odd & ? LIMIT ?"
MARK: Final = "SELECT modseq, folder_id, uid FROM mark WHERE account_id = ?"
KNOWN: Final = """
    SELECT e.kind, e.key FROM json_each(?) wanted JOIN entry e
        ON e.key = json_extract(wanted.value, '$[1]') AND e.kind = json_extract(wanted.value, '$[0]')"""
KEYS: Final = "SELECT kind, key, id FROM entry WHERE id > ? ORDER BY id LIMIT ?"

PIECE_MIN: Final = 4_096
"""Entries looked at before others get their turn, at first; it grows while a turn takes less than TURN."""
TURN: Final = 0.005
SILENCE: Final = 60.0
"""Seconds between two events of the same trouble."""
ODD_MAX: Final = 50_000
DAMAGED: Final = (apsw.CorruptError, apsw.NotADBError)


class SqliteFullText:
    """One worker's opening of the index at `path`. Nothing is opened before it is asked for."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._reader: apsw.Connection | None = None
        self._inode = 0
        self._silent_until = 0.0
        self._writer = Writer(path)
        self._thread = ThreadPoolExecutor(1, "index")

    async def close(self) -> None:
        """Wait for what is being written."""
        self._drop_reader()  # the last one to close writes the log back: it must be able to write
        await asyncio.get_running_loop().run_in_executor(self._thread, self._writer.close)
        self._thread.shutdown()

    # reads

    def epoch(self) -> int | None:
        """Another file has another one."""
        return self._ask(lambda reader: int(reader.execute("SELECT epoch FROM about").get))

    def mark(self, account: AccountId) -> Mark | None:
        """How far an account is indexed."""
        row = self._ask(lambda reader: reader.execute(MARK, (account,)).fetchone())
        if row is None:
            return None
        return Mark(ModSeq(row[0]), None if row[1] is None else (row[1], row[2]))

    async def find(self, part: Part, needle: str, most: int) -> Matches | None:
        """Walks the entries in pieces: a common text is in many of them."""
        if len(needle) < NEEDLE_MIN or storable(needle) != needle or BREAK in needle:
            return None
        top = self._ask(lambda reader: reader.execute("SELECT max(id) FROM entry").get or 0)
        odd = self._ask(lambda reader: reader.execute(ODD, (BITS[part], ODD_MAX + 1)).fetchall())
        if top is None or odd is None or len(odd) > ODD_MAX:
            return None
        quoted = needle.replace('"', '""')
        phrase = f'{part.value} : "{quoted}"'
        found: list[Row] = []
        first, piece = 1, PIECE_MIN
        while first <= top:
            began = perf_counter()
            values = (phrase, first, first + piece - 1, BITS[part])
            rows = self._ask(lambda reader, values=values: reader.execute(FIND, values).fetchall())  # type: ignore[misc]
            if rows is None or len(found) + len(rows) > most:
                return None
            found += rows
            first += piece
            if perf_counter() - began < TURN / 2:
                piece *= 2
            elif perf_counter() - began > TURN:
                piece = max(piece // 2, PIECE_MIN // 8)
            await asyncio.sleep(0)
        return Matches(_blobs(found), _blobs(odd), _messages(found), _messages(odd))

    def known(self, keys: Sequence[Key]) -> set[Key]:
        """Those that are in it."""
        wanted = str([[key.kind.value, key.id] for key in keys])
        rows: Sequence[Row] = self._ask(lambda reader: reader.execute(KNOWN, (wanted,)).fetchall()) or ()
        return {Key(Kind(kind), key) for kind, key in rows}

    def keys(self, after: int, limit: int) -> tuple[list[Key], int]:
        """In the order they came."""
        rows: Sequence[Row] = self._ask(lambda reader: reader.execute(KEYS, (after, limit)).fetchall()) or ()
        return [Key(Kind(kind), key) for kind, key, _ in rows], rows[-1][2] if len(rows) == limit else 0

    def _ask(self, question: Callable[[apsw.Connection], T]) -> T | None:
        """None if there is no index, it is busy or broken; then the writer is told."""
        try:
            inode = inode_of(self._path)
            if self._reader is None or inode != self._inode:
                self._drop_reader()
                if not inode:
                    return None
                self._reader, self._inode = open_reader(self._path), inode
            return question(self._reader)
        except DAMAGED as error:
            self._drop_reader()
            self._tell(error)
            return None
        except apsw.Error:
            self._drop_reader()
            return None

    def _drop_reader(self) -> None:
        if self._reader is not None:
            self._reader.close()
            self._reader = None

    # writes

    async def prepare(self, stamp: str) -> None:
        """Open it for writing."""
        await self._run(self._writer.prepare, stamp)

    async def write(self, epoch: int, entries: Sequence[Entry], marks: Sequence[tuple[AccountId, Mark]]) -> None:
        """All or nothing."""
        await self._run(self._writer.write, epoch, entries, marks)

    async def remove(self, keys: Sequence[Key]) -> None:
        """With their text."""
        await self._run(self._writer.remove, keys)

    async def reset(self) -> None:
        """Forget everything."""
        await self._run(self._writer.reset)

    async def _run(self, work: Callable[..., None], *values: Any) -> None:
        try:
            await asyncio.get_running_loop().run_in_executor(self._thread, work, *values)
        except DAMAGED as error:
            self._tell(error)
            raise Busy("the search index is broken and will be built anew") from error
        except apsw.FullError as error:
            raise NoSpace("no room for the search index") from error
        except apsw.BusyError as error:
            raise Busy("another writes the search index") from error
        except (apsw.Error, OSError) as error:
            self._tell(error, is_damage=False)
            raise Busy("the search index cannot be written") from error

    def _tell(self, error: Exception, *, is_damage: bool = True) -> None:
        """Let the writer know, and people, but not at every try."""
        if is_damage:
            with suppress(OSError):
                broken_path(self._path).touch(mode=0o600)
        if perf_counter() >= self._silent_until:
            self._silent_until = perf_counter() + SILENCE
            emit(Event.INDEX_BROKEN, path=str(self._path), error=f"{type(error).__name__}: {error}")


def _blobs(rows: Sequence[Row]) -> list[BlobId]:
    return [BlobId(key) for kind, key in rows if kind == Kind.BLOB.value]


def _messages(rows: Sequence[Row]) -> list[MessageId]:
    return [MessageId(key) for kind, key in rows if kind == Kind.PREFIX.value]
