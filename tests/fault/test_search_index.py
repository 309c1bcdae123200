"""The full-text index is deleted, damaged, half written, killed: searches stay right, and it comes back by itself."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import Any

import pytest

from mailstead.ground.model.errors import Busy
from mailstead.ground.model.flags import Flags
from mailstead.ground.model.ids import AccountId, Instant
from mailstead.ground.model.query import InBody, InText, Query
from mailstead.ground.model.uidset import UidSet
from mailstead.net.ids import IdSource
from mailstead.services.folders.filing import Draft, Place
from mailstead.services.folders.service import Folders
from mailstead.services.search import indexing
from mailstead.services.search.hints import Hints
from mailstead.services.search.indexing import Indexer
from mailstead.services.search.service import Scope, Search
from mailstead.store.fulltext.index import SqliteFullText
from mailstead.store.fulltext.schema import broken_path, remove
from mailstead.store.port.fulltext import Entry, Key, Kind
from tests.support.fake_clock import FakeClock
from tests.support.imap_scene import furnish
from tests.support.stores import Engine, sqlite_engine

COUNT = 60


@dataclass
class Scene:
    """A worker's opening of a store and of the index beside it."""

    engine: Engine
    folders: Folders
    account: AccountId
    place: Place
    index: SqliteFullText
    path: Path

    @property
    def indexer(self) -> Indexer:
        return Indexer(self.folders.store, self.folders.reading, self.index, monotonic)

    async def file(self, *texts: str) -> None:
        drafts = [
            Draft(self.folders.take(f"Subject: s\r\n\r\n{text}\r\n".encode()), Flags(), Instant(1)) for text in texts
        ]
        await self.folders.filing.append(self.place, drafts)

    async def find(self, query: Query) -> list[int]:
        uids = UidSet(((1, 10_000),))
        hints = Hints(self.folders.store, self.index, least=0)
        search = Search(self.folders.reading, FakeClock(), hints)
        return list(await search.find(self.place.folder_id, query, Scope(uids, lambda _: uids, lambda _: uids)))

    async def hinted(self) -> bool:
        hints = Hints(self.folders.store, self.index, least=0)
        return bool(await hints.of(self.place.folder_id, InBody("LETTER"), 1))

    async def is_right(self) -> bool:
        wanted = [7] if COUNT >= 7 else []
        return await self.find(InBody("letter 7.")) == wanted and len(await self.find(InText("LETTER"))) == COUNT

    async def fill(self) -> None:
        for _ in range(3):
            await self.indexer.run()


@pytest.fixture
async def scene(tmp_path: Path) -> AsyncIterator[Scene]:
    async with sqlite_engine(tmp_path) as engine:
        store = await engine.open()
        account = await furnish(store, {})
        folders = Folders.on(store, FakeClock(), IdSource(FakeClock(), 1))
        place = Place.of(await folders.tree.get(account, "INBOX"))
        index = SqliteFullText(tmp_path / "search.db")
        made = Scene(engine, folders, account, place, index, tmp_path / "search.db")
        await made.file(*(f"letter {number}." for number in range(1, COUNT + 1)))
        yield made
        await made.index.close()


async def test_deleted_under_way(scene: Scene) -> None:
    await scene.fill()
    assert await scene.hinted()
    remove(scene.path)
    assert await scene.is_right()
    assert not await scene.hinted()
    await scene.fill()
    assert await scene.hinted()
    assert await scene.is_right()


async def test_only_the_database_deleted(scene: Scene) -> None:
    """Its log stays behind: what stands in it must not come back as a part of an index."""
    await scene.fill()
    scene.path.unlink()
    assert await scene.is_right()
    await scene.fill()
    assert await scene.hinted()
    assert await scene.is_right()


@pytest.mark.parametrize("damage", [b"", b"not a database at all" * 500, b"SQLite format 3\0" + b"\0" * 4080])
async def test_overwritten(scene: Scene, damage: bytes) -> None:
    await scene.fill()
    await scene.index.close()
    remove(scene.path)
    scene.path.write_bytes(damage)
    scene.index = SqliteFullText(scene.path)
    assert await scene.is_right()
    await scene.fill()
    assert await scene.hinted()
    assert await scene.is_right()
    assert not broken_path(scene.path).exists()


async def test_cut_in_half(scene: Scene) -> None:
    await scene.fill()
    await scene.index.close()
    data = scene.path.read_bytes()
    for share in (8, 4, 2):
        remove(scene.path)
        scene.path.write_bytes(data[: len(data) // share])
        scene.index = SqliteFullText(scene.path)
        assert await scene.is_right()
        for _ in range(3):  # who finds the damage ends; the next turn builds anew
            try:
                await scene.fill()
            except Busy:
                continue
        assert await scene.is_right()
        await scene.index.close()
    scene.index = SqliteFullText(scene.path)


async def test_stopped_between_two_writes(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each write is the last one of a life; the next life goes on from its mark."""
    monkeypatch.setattr(indexing, "LETTERS_AT_ONCE", 7)
    real = SqliteFullText.write
    left = 0

    async def write(self: SqliteFullText, *values: Any) -> None:
        nonlocal left
        if left == 0:
            raise Busy("the end")
        left -= 1
        await real(self, *values)

    monkeypatch.setattr(SqliteFullText, "write", write)
    for lives in range(1, 30):
        left = lives % 4
        try:
            await scene.indexer.run()
        except Busy:
            await scene.index.close()
            scene.index = SqliteFullText(scene.path)
        assert await scene.is_right()
    assert await scene.hinted()


async def test_another_stamp(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    """Folded by other rules: built anew."""
    await scene.fill()
    before = scene.index.epoch()
    monkeypatch.setattr(indexing, "STAMP", "other")
    await scene.fill()
    assert scene.index.epoch() != before
    assert await scene.hinted()
    assert await scene.is_right()


async def test_emptied_while_a_search_asks(scene: Scene) -> None:
    """Half of the answers are from before: none of them counts."""
    await scene.fill()
    real = scene.index.find

    async def find(*values: Any) -> Any:
        await scene.index.reset()
        return await real(*values)

    scene.index.find = find  # type: ignore[method-assign]
    assert await scene.is_right()


async def test_forgotten_events(scene: Scene) -> None:
    """An account whose events since the mark are gone is walked again."""
    await scene.fill()
    await scene.file("letter late")

    async def unit(tx: Any) -> int:
        return int(await tx.duties.forget_changes(before=Instant(2**60), limit=500))

    while await scene.folders.store.write(unit):
        pass
    assert await scene.find(InBody("letter late")) == [COUNT + 1]
    assert not await scene.hinted()
    await scene.fill()
    assert await scene.hinted()
    assert await scene.find(InBody("letter late")) == [COUNT + 1]


async def test_a_letter_just_arrived_is_found_by_another_worker(scene: Scene) -> None:
    await scene.fill()
    other_store = await scene.engine.open()
    other = Folders.on(other_store, FakeClock(), IdSource(FakeClock(), 2))
    index = SqliteFullText(scene.path)
    search = Search(other.reading, FakeClock(), Hints(other_store, index, least=0))
    uids = UidSet(((1, 10_000),))
    scope = Scope(uids, lambda _: uids, lambda _: uids)
    for number in range(20):
        await scene.file(f"arrival {number}!")
        found = await search.find(scene.place.folder_id, InBody(f"arrival {number}!"), scope)
        assert list(found) == [COUNT + number + 1]
        if number % 5 == 4:
            await scene.fill()
    await index.close()


async def test_what_is_gone_leaves_the_index(scene: Scene) -> None:
    await scene.fill()
    strange = Key(Kind.BLOB, 4711)
    epoch = scene.index.epoch()
    assert epoch is not None
    await scene.index.write(epoch, [Entry(strange, "", "LETTER")], ())
    assert scene.index.known([strange]) == {strange}
    await scene.indexer.prune()
    assert scene.index.known([strange]) == set()
    assert len(scene.index.keys(0, 500)[0]) == COUNT
    assert await scene.is_right()


WRITER = """
import asyncio, sys
from pathlib import Path
from time import monotonic
from mailstead.services.folders.reading import Reading
from mailstead.services.search import indexing
from mailstead.store.fulltext.index import SqliteFullText
from mailstead.store.sql.sqlite import SqliteStore
from mailstead.store.blobs.local import FileBlobs
indexing.LETTERS_AT_ONCE = 1
async def main():
    path = Path(sys.argv[1])
    store = SqliteStore(path / "mail.db", lambda lookup: FileBlobs(path / "blobs", lambda: 0, lookup), lambda _: None)
    await store.open()
    index = SqliteFullText(path / "search.db")
    print("begin", flush=True)
    await indexing.Indexer(store, Reading(store), index, monotonic).run()
    print("done", flush=True)
    await asyncio.sleep(600)
asyncio.run(main())
"""


async def test_killed(scene: Scene) -> None:
    """At any moment: marks never say more than what is written."""
    for delay in (0.0, 0.01, 0.03, 0.06, 0.1):
        remove(scene.path)
        child = subprocess.Popen([sys.executable, "-c", WRITER, str(scene.path.parent)], stdout=subprocess.PIPE)
        assert child.stdout is not None
        assert await asyncio.to_thread(child.stdout.readline) == b"begin\n"
        await asyncio.sleep(delay)  # the moment of death is what varies, nothing is waited for
        os.kill(child.pid, signal.SIGKILL)
        child.wait()
        child.stdout.close()
        assert await scene.is_right()
        await scene.fill()
        assert await scene.hinted()
        assert await scene.is_right()
