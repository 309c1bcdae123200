"""Where the files of large blobs lie, and how they come and go: a temporary, fsync, rename, fsync of the folder.

A file is named by its blob's id and never written again. Ids rise with time, so the folders that fan them out
(by the milliseconds in the id) fill evenly.
"""

import errno
import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final

from mailstead.ground.model.errors import NoSpace
from mailstead.ground.model.ids import BlobId

_SUFFIX: Final = ".zst"
_TEMPORARY: Final = "incoming"
_FANOUT: Final = 256
_MILLISECOND_SHIFT: Final = 22  # see net.ids


def no_space(error: OSError) -> bool:
    """Whether the disk or the quota of the system's user is full."""
    return error.errno in (errno.ENOSPC, errno.EDQUOT)


class BlobFiles:
    """The folder of blobs (0700, files 0600)."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def prepare(self) -> None:
        """Make every folder, durably, so that no delivery has to."""
        names = [_TEMPORARY, *(f"{number:02x}" for number in range(_FANOUT))]
        self._root.mkdir(mode=0o700, parents=True, exist_ok=True)
        for name in names:
            (self._root / name).mkdir(mode=0o700, exist_ok=True)
        sync_folder(self._root)

    def path(self, blob: BlobId) -> Path:
        """Where the file of a blob is."""
        return self._root / f"{(blob >> _MILLISECOND_SHIFT) % _FANOUT:02x}" / f"{blob:016x}{_SUFFIX}"

    def temporary(self, blob: BlobId) -> Path:
        """Where it is while it grows."""
        return self._root / _TEMPORARY / f"{blob:016x}{_SUFFIX}"

    def create(self, blob: BlobId) -> int:
        """A descriptor of a new temporary; NoSpace, OSError."""
        try:
            return os.open(self.temporary(blob), os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        except OSError as error:
            if no_space(error):
                raise NoSpace("the disk is full") from error
            raise

    def seal(self, blob: BlobId, fd: int) -> None:
        """Make the temporary durable under its name. Blocks: made for a thread. OSError."""
        os.fsync(fd)
        path = self.path(blob)
        os.rename(self.temporary(blob), path)  # noqa: PTH104 - the folders are known
        sync_folder(path.parent)

    def remove(self, blob: BlobId) -> None:
        """Whatever there is of a blob; never raises."""
        for path in (self.temporary(blob), self.path(blob)):
            with suppress(OSError):
                path.unlink()

    def older_than(self, before: float) -> Iterator[list[tuple[BlobId, Path]]]:
        """One list for each folder of the files last written before `before` (seconds), temporaries too."""
        for folder in sorted(self._root.iterdir()):
            if folder.is_dir():
                yield [
                    (BlobId(int(name.removesuffix(_SUFFIX), 16)), folder / name)
                    for name in _names(folder)
                    if _written_before(folder / name, before)
                ]

    def is_temporary(self, path: Path) -> bool:
        """Whether it is one that was never sealed."""
        return path.parent.name == _TEMPORARY


def _names(folder: Path) -> list[str]:
    return [name for name in os.listdir(folder) if name.endswith(_SUFFIX) and len(name) == 16 + len(_SUFFIX)]  # noqa: PTH208


def _written_before(path: Path, before: float) -> bool:
    try:
        return path.stat().st_mtime < before
    except FileNotFoundError:
        return False


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable."""
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
