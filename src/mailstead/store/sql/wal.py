"""A look at the database's log before it is replayed: one that belongs to another database would destroy this one.

SQLite cannot tell. Each of our databases carries a random mark in its first page (`user_version`), and so does every
log that has a copy of that page.
"""

import os
import secrets
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Final

_WAL_HEADER: Final = struct.Struct(">IIII")  # magic, format, page size, checkpoint number; two salts and sums follow
_WAL_MAGICS: Final = (0x377F0682, 0x377F0683)
_WAL_HEADER_SIZE: Final = 32
_FRAME_HEADER_SIZE: Final = 24
_FRAMES_READ: Final = 100_000
_MARK: Final = slice(60, 64)  # of page 1


class ForeignLog(Exception):  # noqa: N818
    """The -wal file beside the database was written for another one."""


def new_mark() -> int:
    """For `PRAGMA user_version` of a new database; never 0, which is no mark."""
    return secrets.randbits(30) + 1


def check_wal(path: Path) -> None:
    """ForeignLog if the log beside `path` cannot be its own. What cannot be told is let through."""
    log = path.with_name(f"{path.name}-wal")
    if not log.exists() or not path.exists():
        return
    with path.open("rb") as file:
        header = file.read(100)
    own = int.from_bytes(header[_MARK]) if len(header) == 100 else 0
    page_size = int.from_bytes(header[16:18]) if len(header) == 100 else 0
    fd = os.open(log, os.O_RDONLY | os.O_CLOEXEC)
    try:
        why = _foreign(fd, own, 65536 if page_size == 1 else page_size)
    finally:
        os.close(fd)
    if why:
        raise ForeignLog(
            f"{log} does not belong to {path}: {why}. Put back the database it was written for, or, if this one"
            " was restored from a copy without its log, move the log away."
        )


def _foreign(fd: int, own: int, page_size: int) -> str:
    start = os.pread(fd, _WAL_HEADER.size, 0)
    if len(start) < _WAL_HEADER.size:
        return ""
    magic, _, log_page, _ = _WAL_HEADER.unpack(start)
    if magic not in _WAL_MAGICS:
        return ""  # SQLite does not read it either
    if page_size and page_size != log_page:
        return f"its pages have {log_page} octets, those of the database {page_size}"
    marks = set(_marks(fd, log_page))
    if own and marks and own not in marks:
        return "it carries the mark of another database"
    return ""


def _marks(fd: int, page_size: int) -> Iterator[int]:
    """Those in the log's copies of the first page."""
    step = _FRAME_HEADER_SIZE + page_size
    for frame in range(_FRAMES_READ):
        at = _WAL_HEADER_SIZE + frame * step
        number = os.pread(fd, 4, at)
        if len(number) < 4:
            return
        if number == b"\0\0\0\1":
            mark = int.from_bytes(os.pread(fd, 4, at + _FRAME_HEADER_SIZE + _MARK.start))
            if mark:
                yield mark
