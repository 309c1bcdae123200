import asyncio
import hashlib
import os
import random
import subprocess
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from shutil import which

import pytest

from mailstead.ground.model.errors import NotFound
from mailstead.ground.model.ids import BlobId, Instant
from mailstead.store.blobs.frames import DamagedBlob
from mailstead.store.blobs.local import SWEEP_AGE_MS, FileBlobs
from mailstead.store.codec import decompress
from mailstead.store.port.blobs import INLINE_MAX, MEMORY_MAX, StagedBlob


class Rows(dict[BlobId, tuple[int, bytes | None]]):
    async def lookup(self, blob: BlobId) -> tuple[int, bytes | None] | None:
        return self.get(blob)

    def keep(self, staged: StagedBlob) -> None:
        self[staged.id] = (staged.size, staged.data)


@pytest.fixture
def rows() -> Rows:
    return Rows()


@pytest.fixture
def blobs(tmp_path: Path, rows: Rows) -> Iterator[FileBlobs]:
    ids = count(1 << 40, 1 << 22)
    made = FileBlobs(tmp_path / "blobs", lambda: next(ids), rows.lookup)
    yield made
    made.close()


def files(root: Path) -> list[Path]:
    return sorted(root.rglob("*.zst"))


def content(size: int) -> bytes:
    """Half of it can be compressed."""
    source = random.Random(size)
    return b"".join(source.randbytes(50) + b"=" * 50 for _ in range(size // 100 + 1))[:size]


@pytest.mark.parametrize("size", [0, 1, 4096, INLINE_MAX])
async def test_small_ones_stay_in_memory(blobs: FileBlobs, rows: Rows, tmp_path: Path, size: int) -> None:
    data = content(size)
    writer = blobs.stage()
    for start in range(0, size, 1000):
        writer.write(data[start : start + 1000])
    assert writer.size == size
    staged = await writer.finish()
    assert staged.data is not None
    assert decompress(staged.data) == data
    assert staged.hash == hashlib.sha256(data).digest() == blobs.stage_small(data).hash
    assert files(tmp_path) == []
    rows.keep(staged)
    reader = await blobs.open(staged.id)
    assert reader.size == size
    assert await reader.read(0, 1 << 20) == data
    assert await reader.read(10, 5) == data[10:15]


@pytest.mark.parametrize("size", [INLINE_MAX + 1, MEMORY_MAX, MEMORY_MAX + 1, 256 * 1024 * 3, 1_000_000])
async def test_large_ones_are_files_that_are_read_in_part(
    blobs: FileBlobs, rows: Rows, tmp_path: Path, size: int
) -> None:
    data = content(size)
    writer = blobs.stage()
    for start in range(0, size, 100_000):
        writer.write(data[start : start + 100_000])
    staged = await writer.finish()
    assert (staged.data, staged.size, staged.hash) == (None, size, hashlib.sha256(data).digest())
    (path,) = files(tmp_path)
    assert path.name == f"{staged.id:016x}.zst"
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
    assert path.stat().st_size < size
    rows.keep(staged)
    reader = await blobs.open(staged.id)
    assert reader.size == size
    for offset, length in [(0, 10), (size - 5, 100), (size, 5), (262_140, 10), (100_000, 256 * 1024), (0, size)]:
        assert await reader.read(offset, length) == data[offset : offset + length]


async def test_the_whole_file_can_be_read_by_zstd_itself(blobs: FileBlobs, tmp_path: Path) -> None:
    data = content(700_000)
    writer = blobs.stage()
    writer.write(data)
    await writer.finish()
    (path,) = files(tmp_path)
    assert decompress(path.read_bytes()) == data


async def test_a_partial_read_reads_only_its_frames(
    blobs: FileBlobs, rows: Rows, monkeypatch: pytest.MonkeyPatch
) -> None:
    writer = blobs.stage()
    writer.write(content(2_000_000))
    staged = await writer.finish()
    rows.keep(staged)
    reader = await blobs.open(staged.id)
    octets = []
    pread = os.pread
    monkeypatch.setattr(os, "pread", lambda fd, length, at: octets.append(length) or pread(fd, length, at))
    await reader.read(600_000, 1000)
    await reader.read(601_000, 1000)
    assert len(octets) == 1
    assert octets[0] < 256 * 1024


async def test_aborted_ones_leave_nothing(blobs: FileBlobs, tmp_path: Path) -> None:
    for size in (10, 300_000):
        early, late = blobs.stage(), blobs.stage()
        early.write(content(size))
        early.abort()
        early.abort()
        late.write(content(size))
        await late.finish()
        late.abort()
        late.abort()
    blobs.stage().abort()
    assert files(tmp_path) == []


async def test_a_finish_that_is_cancelled_leaves_nothing(blobs: FileBlobs, tmp_path: Path) -> None:
    writer = blobs.stage()
    writer.write(content(500_000))
    task = asyncio.create_task(writer.finish())
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    writer.abort()
    await asyncio.get_running_loop().run_in_executor(None, blobs.close)
    await asyncio.sleep(0)
    assert files(tmp_path) == []


async def test_what_is_not_there(blobs: FileBlobs, rows: Rows) -> None:
    with pytest.raises(NotFound):
        await blobs.open(BlobId(5))
    rows[BlobId(6)] = (1_000_000, None)
    with pytest.raises(NotFound):
        await blobs.open(BlobId(6))


async def test_damage_is_told(blobs: FileBlobs, rows: Rows, tmp_path: Path) -> None:
    writer = blobs.stage()
    writer.write(content(600_000))
    staged = await writer.finish()
    rows.keep(staged)
    (path,) = files(tmp_path)
    whole = path.read_bytes()
    path.write_bytes(whole[:-1])
    with pytest.raises(DamagedBlob):
        await blobs.open(staged.id)
    path.write_bytes(whole[:1000] + b"\0" * 1000 + whole[2000:])
    reader = await blobs.open(staged.id)
    with pytest.raises(DamagedBlob):
        await reader.read(0, 10)
    path.write_bytes(b"")
    with pytest.raises(DamagedBlob):
        await blobs.open(staged.id)


async def test_the_sweeper_takes_old_files_without_a_row(blobs: FileBlobs, rows: Rows, tmp_path: Path) -> None:
    staged = []
    for _ in range(3):
        writer = blobs.stage()
        writer.write(content(300_000))
        staged.append(await writer.finish())
    growing = blobs.stage()
    growing.write(content(300_000))
    rows.keep(staged[0])
    rows.keep(staged[1])
    now = Instant(int(max(path.stat().st_mtime for path in files(tmp_path)) * 1000) + 1000)
    assert await blobs.sweep(now) == 0
    assert await blobs.sweep(Instant(now + SWEEP_AGE_MS)) == 2
    assert [path.name for path in files(tmp_path)] == sorted(f"{one.id:016x}.zst" for one in staged[:2])
    blobs.discard(staged[0].id)
    blobs.discard(staged[0].id)
    assert len(files(tmp_path)) == 1
    growing.abort()


def test_debians_zstd_reads_them_too(tmp_path: Path) -> None:
    if not which("zstd"):
        pytest.skip("the zstd program is not installed: apt-get install zstd")
    rows = Rows()
    blobs = FileBlobs(tmp_path, lambda: 7, rows.lookup)

    async def write() -> None:
        writer = blobs.stage()
        writer.write(content(600_000))
        await writer.finish()

    asyncio.run(write())
    (path,) = files(tmp_path)
    out = subprocess.run(["zstd", "-dc", path], capture_output=True, check=True).stdout
    assert out == content(600_000)
    blobs.close()
