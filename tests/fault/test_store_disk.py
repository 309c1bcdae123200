"""A disk that fails or is full: every caller is answered, what was acknowledged stays, readers are served."""

import asyncio
import errno
import os
import subprocess
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import apsw
import pytest

from mailstead.ground.model.errors import NoSpace
from mailstead.ground.model.flags import Flag, FlagOp, Flags
from mailstead.ground.model.uidset import UidSet
from mailstead.store.port import Tx
from mailstead.store.sql.sqlite import SqliteStore
from tests.support.mailboxes import Filed, Mailbox, deliver, make_mailbox
from tests.support.stores import AnyStore, sqlite_engine

MIB = 1024 * 1024


class Faults:
    """Fails the n-th write or sync of the log from the moment it is armed."""

    def __init__(self) -> None:
        self.countdown = -1
        self.kind: type[apsw.Error] = apsw.IOError
        self.lasts = False

    def check(self) -> None:
        if self.countdown < 0:
            return
        if self.countdown == 0:
            if not self.lasts:
                self.countdown = -1
            raise self.kind("on purpose")
        self.countdown -= 1


class FaultyDisk(apsw.VFS):
    def __init__(self, faults: Faults) -> None:
        self.faults = faults
        super().__init__("faulty", "unix", makedefault=True)

    def xOpen(self, name: object, flags: list[int]) -> apsw.VFSFile:
        return FaultyFile(self.faults, name, flags)


class FaultyFile(apsw.VFSFile):
    def __init__(self, faults: Faults, name: object, flags: list[int]) -> None:
        self.faults = faults if flags[0] & apsw.SQLITE_OPEN_WAL else None
        super().__init__("unix", name, flags)  # type: ignore[arg-type]

    def xWrite(self, data: bytes, offset: int) -> None:
        if self.faults:
            self.faults.check()
        super().xWrite(data, offset)

    def xSync(self, flags: int) -> None:
        if self.faults:
            self.faults.check()
        super().xSync(flags)


@pytest.fixture
def faults() -> Iterator[Faults]:
    made = Faults()
    disk = FaultyDisk(made)
    yield made
    disk.unregister()


async def flag(store: AnyStore, mailbox: Mailbox, uid: int) -> None:
    async def unit(tx: Tx) -> None:
        modseq = (await tx.advance(mailbox.account))[mailbox.account]
        await tx.placements.store_flags(mailbox.inbox, UidSet.of([uid]), FlagOp.ADD, Flags(Flag.SEEN), modseq=modseq)

    await store.write(unit)


async def uids_of(store: AnyStore, mailbox: Mailbox) -> list[int]:
    return list(await store.read(lambda tx: tx.placements.uids(mailbox.inbox)))


@pytest.mark.parametrize("kind", [apsw.IOError, apsw.FullError])
async def test_the_nth_write_or_sync_fails(faults: Faults, tmp_path: Path, kind: type[apsw.Error]) -> None:
    """For n = 0, 1, 2, ... until a group gets through untouched."""
    faults.kind = kind
    async with sqlite_engine(tmp_path) as engine:
        store = await engine.open()
        mailbox = await make_mailbox(store)
        expected: list[int] = []
        for fail_at in range(500):
            faults.countdown = fail_at
            results = await asyncio.gather(
                *(deliver(store, mailbox, fail_at * 10 + n, b"%d %d" % (fail_at, n)) for n in range(1, 4)),
                return_exceptions=True,
            )
            untouched = faults.countdown >= 0
            faults.countdown = -1
            assert all(isinstance(result, Filed | NoSpace) for result in results), results
            expected += [result.uid for result in results if isinstance(result, Filed)]
            assert await uids_of(store, mailbox) == expected
            if untouched:
                break
        assert untouched
        assert fail_at > 20
        await store.close()
        assert await uids_of(await engine.open(), mailbox) == expected
        assert expected == list(range(1, len(expected) + 1))


async def test_a_disk_that_stays_broken_answers_everybody(faults: Faults, tmp_path: Path) -> None:
    async with sqlite_engine(tmp_path) as engine:
        store = await engine.open()
        mailbox = await make_mailbox(store)
        first = await deliver(store, mailbox, 1, b"before")
        faults.lasts, faults.countdown = True, 0
        results = await asyncio.gather(
            *(deliver(store, mailbox, n, b"%d" % n) for n in range(2, 12)), return_exceptions=True
        )
        assert all(isinstance(result, NoSpace) for result in results)
        assert await uids_of(store, mailbox) == [first.uid]
        with pytest.raises(apsw.IOError):
            await flag(store, mailbox, first.uid)
        faults.countdown = -1
        assert (await deliver(store, mailbox, 20, b"after")).uid == 2


@pytest.fixture
async def small_disk(tmp_path: Path) -> AsyncIterator[Path]:
    if os.geteuid():
        pytest.skip("mounting a small disk takes root")
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=12m,mode=700", "tmpfs", tmp_path], capture_output=True, check=False
    )
    if done.returncode:
        pytest.skip(f"no small disk to be had: {done.stderr.decode()}")
    yield tmp_path
    subprocess.run(["umount", tmp_path], check=True)


async def test_a_full_disk_refuses_mail_serves_readers_and_recovers(small_disk: Path) -> None:
    async with sqlite_engine(small_disk) as engine:
        store = await engine.open(reserve=0)
        assert isinstance(store, SqliteStore)
        mailbox = await make_mailbox(store)
        filed: list[int] = []
        refused = 0
        number = 0
        while refused < 3:
            number += 1
            try:
                filed.append((await deliver(store, mailbox, number, os.urandom(60_000))).uid)
            except NoSpace:
                refused += 1
        assert filed
        assert await uids_of(store, mailbox) == filed
        writer = store.blobs.stage()
        with pytest.raises(NoSpace):
            for _ in range(100):
                writer.write(os.urandom(200_000))
        assert list((small_disk / "blobs" / "incoming").iterdir()) == []
        subprocess.run(["mount", "-o", "remount,size=40m", small_disk], check=True)
        filed.append((await deliver(store, mailbox, number + 1, b"there is room again")).uid)
        assert await uids_of(store, mailbox) == filed
        await store.close()
        assert await uids_of(await engine.open(), mailbox) == filed


async def test_flags_still_change_below_the_reserve(small_disk: Path) -> None:
    async with sqlite_engine(small_disk) as engine:
        store = await engine.open(reserve=4 * MIB)
        mailbox = await make_mailbox(store)
        first = await deliver(store, mailbox, 1, b"first")
        ballast = small_disk / "ballast"
        ballast.write_bytes(bytes(10 * MIB))
        other = await engine.open(reserve=4 * MIB)  # looks at the disk anew
        assert not other.has_room()
        with pytest.raises(NoSpace):
            await deliver(other, mailbox, 2, b"no")
        await flag(other, mailbox, first.uid)
        ballast.unlink()


async def test_a_disk_that_is_full_from_the_first_byte_of_a_blob(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with sqlite_engine(tmp_path) as engine:
        store = await engine.open()

        def full(fd: int) -> None:
            raise OSError(errno.ENOSPC, "on purpose")

        writer = store.blobs.stage()
        writer.write(bytes(300_000))
        monkeypatch.setattr("os.fsync", full)
        with pytest.raises(NoSpace):
            await writer.finish()
        monkeypatch.undo()
        assert list((tmp_path / "blobs").rglob("*.zst")) == []
