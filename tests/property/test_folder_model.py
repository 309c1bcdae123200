"""Folders against a model of dicts: whatever happens in whatever order, rows, counters, quota and events say the same.

A mirror reads only events and the flags they name, as an IMAP client with QRESYNC does: it must end where the model is.
"""

import asyncio
import contextlib
import tempfile
from collections.abc import Callable, Coroutine
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from dataclasses import dataclass, field, replace
from itertools import count
from pathlib import Path
from typing import Any, TypeVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from mailstead.ground.model.change import ChangeKind
from mailstead.ground.model.errors import AlreadyExists, Invalid, OverQuota
from mailstead.ground.model.flags import Flag, FlagOp, Flags
from mailstead.ground.model.ids import FolderId, Instant, ModSeq
from mailstead.ground.model.uidset import UidSet
from mailstead.store.sql.check import Finding, check
from tests.support.mailbox import NOW, PREFIX, Mailbox, make_mailbox
from tests.support.postgres import cluster
from tests.support.stores import Engine, postgres_engine, sqlite_engine

T = TypeVar("T")

MEMORY = Path("/dev/shm")  # what is tried here is not durability

QUOTA = 40 * (len(PREFIX) + 2)

bits = st.sampled_from([Flag.NONE, Flag.SEEN, Flag.DELETED, Flag.FLAGGED, Flag.SEEN | Flag.DELETED])
words = st.lists(st.sampled_from(["a", "A", "b", "$Junk"]), max_size=2).map(tuple)
flags = st.builds(Flags.of, bits, words)
uid_sets = st.one_of(
    st.builds(lambda first, length: UidSet(((first, first + length),)), st.integers(1, 12), st.integers(0, 12)),
    st.sets(st.integers(1, 25), max_size=8).map(UidSet.of),
    st.just(UidSet(((1, 0xFFFFFFFF),))),
)
picks = st.sampled_from([0, 0, 0, 1, 1, 2, 3])
names = st.sampled_from(["x", "x/y", "x/y/z", "x/x", "xw", "w", "w/y"])


@dataclass(frozen=True)
class Placed:
    """What the model knows of a placement."""

    bits: int
    words: dict[str, str]  # by their lower case
    token: int  # the message


@dataclass
class Shelf:
    """A folder of the model."""

    name: str
    uidvalidity: int
    uidnext: int = 1
    placed: dict[int, Placed] = field(default_factory=dict)


class FolderMachine(RuleBasedStateMachine):
    """`open_engine` gives a new empty database."""

    def __init__(self, open_engine: Callable[[Path], AbstractAsyncContextManager[Engine]]) -> None:
        super().__init__()
        self._open_engine = open_engine
        self._stack = contextlib.ExitStack()
        self._async_stack = AsyncExitStack()
        self._runner = self._stack.enter_context(asyncio.Runner())
        self._tokens = count()

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return self._runner.run(work)

    @initialize(letters=st.lists(flags, min_size=3, max_size=8))
    def open(self, letters: list[Flags]) -> None:
        """INBOX is pick 0."""
        folder = Path(self._stack.enter_context(tempfile.TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None)))
        self.run(self._open(folder))
        for chosen in letters:
            self.append(0, b"same", chosen, may_exceed=True)

    async def _open(self, folder: Path) -> None:
        engine = await self._async_stack.enter_async_context(self._open_engine(folder))
        self.box: Mailbox = await make_mailbox(await engine.open(), quota=QUOTA)
        for name in ("Drafts", "Sent", "Junk", "Trash"):  # with few folders the steps meet
            await self.box.delete(self.box.folders[name])
        await self.box.store.write(lambda tx: tx.duties.exhume(now=NOW))
        rows = await self.box.store.read(lambda tx: tx.folders.list_folders(self.box.account))
        self.shelves = {row.id: Shelf(row.name, row.uidvalidity) for row in rows}
        self.mirror: dict[int, dict[int, tuple[int, str]]] = {row.id: {} for row in rows}
        self.seen = await self.box.store.read(lambda tx: tx.modseq(self.box.account))
        self.sizes: dict[int, int] = {}

    def teardown(self) -> None:
        try:
            if hasattr(self, "box"):
                self.sync()
                self.run(self._end())
        finally:
            self._stack.close()

    async def _end(self) -> None:
        async with self._async_stack:
            assert [report async for report in check(self.box.store) if isinstance(report, Finding)] == []

    def pick(self, number: int) -> tuple[FolderId, Shelf]:
        ids = sorted(self.shelves)
        chosen = ids[number % len(ids)]
        return FolderId(chosen), self.shelves[chosen]

    def used(self) -> set[int]:
        return {placed.token for shelf in self.shelves.values() for placed in shelf.placed.values()}

    def used_bytes(self) -> int:
        """Nothing of a deleted folder: each deletion is followed by its exhumation."""
        return sum(self.sizes[token] for token in self.used())

    @rule(pick=picks, body=st.binary(min_size=1, max_size=2), chosen=flags, may_exceed=st.booleans())
    def append(self, pick: int, body: bytes, chosen: Flags, may_exceed: bool) -> None:
        folder, shelf = self.pick(pick)
        size = len(PREFIX) + len(body)
        if not may_exceed and self.used_bytes() + size > QUOTA:
            with pytest.raises(OverQuota):
                self.run(self.box.append(folder, body, chosen, may_exceed=False))
            return
        assert self.run(self.box.append(folder, body, chosen, may_exceed=may_exceed)) == shelf.uidnext
        token = next(self._tokens)
        self.sizes[token] = size
        shelf.placed[shelf.uidnext] = Placed(int(chosen.bits), {word.lower(): word for word in chosen.words}, token)
        shelf.uidnext += 1

    @rule(pick=picks, uids=uid_sets, op=st.sampled_from(FlagOp), chosen=flags, unchanged=st.none() | st.integers(0, 9))
    def store_flags(self, pick: int, uids: UidSet, op: FlagOp, chosen: Flags, unchanged: int | None) -> None:
        folder, shelf = self.pick(pick)
        rows = self.run(self.box.store.read(lambda tx: tx.placements.list_flags(folder, 1, 0xFFFFFFFF)))
        modseqs = {row.uid: row.modseq for row in rows}
        since = (
            None
            if unchanged is None
            else self.run(self.box.store.read(lambda tx: tx.modseq(self.box.account))) - unchanged
        )
        expected, refused = [], []
        for uid, old in shelf.placed.items():
            if uid not in uids:
                continue
            if since is not None and modseqs[uid] > since:
                refused.append(uid)
                continue
            new = _applied(old, op, chosen)
            if new != old:
                shelf.placed[uid] = new
                expected.append(uid)
        changed, kept = self.run(self.box.store_flags(folder, uids, op, chosen, since))
        assert [row.uid for row in changed] == expected
        assert list(kept) == refused
        now = self.run(self.box.store.read(lambda tx: tx.modseq(self.box.account)))
        for row in changed:
            assert (row.bits, set(row.keywords.split())) == (
                shelf.placed[row.uid].bits, set(shelf.placed[row.uid].words.values()),
            )  # fmt: skip
            assert row.modseq == now

    @rule(pick=picks, other=picks, uids=uid_sets)
    def copy(self, pick: int, other: int, uids: UidSet) -> None:
        (source, shelf), (target, onto) = self.pick(pick), self.pick(other)
        chosen = [uid for uid in shelf.placed if uid in uids]
        copied = self.run(self.box.copy(source, uids, target))
        assert list(copied.sources) == chosen
        assert list(copied.targets) == list(range(onto.uidnext, onto.uidnext + len(chosen)))
        for uid in chosen:
            onto.placed[onto.uidnext] = shelf.placed[uid]
            onto.uidnext += 1

    @rule(pick=picks, uids=uid_sets, only_deleted=st.booleans())
    def expunge(self, pick: int, uids: UidSet, only_deleted: bool) -> None:
        folder, shelf = self.pick(pick)
        chosen = [
            uid for uid, placed in shelf.placed.items()
            if uid in uids and (placed.bits & Flag.DELETED or not only_deleted)
        ]  # fmt: skip
        assert list(self.run(self.box.expunge(folder, uids, only_deleted=only_deleted))) == chosen
        for uid in chosen:
            del shelf.placed[uid]

    @rule(name=names)
    def create(self, name: str) -> None:
        if name in {shelf.name for shelf in self.shelves.values()}:
            with pytest.raises(AlreadyExists):
                self.run(self.box.create(name))
            return
        folder = self.run(self.box.create(name))
        row = self.run(self.box.folder(folder))
        assert row.uidvalidity > max(shelf.uidvalidity for shelf in self.shelves.values())
        assert folder not in self.shelves
        self.shelves[folder] = Shelf(name, row.uidvalidity)

    @rule(pick=picks, new=names)
    def rename(self, pick: int, new: str) -> None:
        _, shelf = self.pick(pick)
        old = shelf.name
        moving = [one for one in self.shelves.values() if one.name == old or one.name.startswith(old + "/")]
        others = {one.name for one in self.shelves.values() if one not in moving}
        if old == "INBOX" or new.startswith(old + "/"):
            with pytest.raises(Invalid):
                self.run(self.box.rename(old, new))
        elif old == new or any(new + one.name.removeprefix(old) in others for one in moving):
            with pytest.raises(AlreadyExists):
                self.run(self.box.rename(old, new))
        else:
            renamed = self.run(self.box.rename(old, new))
            for one in moving:
                one.name = new + one.name.removeprefix(old)
            assert [folder.name for folder in renamed] == sorted(one.name for one in moving)

    @rule(pick=picks, step=st.integers(1, 5))
    def delete(self, pick: int, step: int) -> None:
        folder, shelf = self.pick(pick)
        if shelf.name == "INBOX":
            return
        assert self.run(self.box.delete(folder)) == len(shelf.placed)
        del self.shelves[folder]
        while self.run(self.box.store.write(lambda tx: tx.duties.exhume(now=NOW, limit=step))):
            pass

    @rule()
    def reap(self) -> None:
        """Whatever is reaped, nothing in use goes: the check at the end finds what is missing."""
        self.run(self.box.store.write(lambda tx: tx.duties.reap_blobs(unused_since=Instant(NOW + 10**12), limit=3)))

    @rule()
    def sync(self) -> None:
        """Bring the mirror up to date by events alone."""
        changes = self.run(self.box.store.read(lambda tx: tx.changes(self.box.account, ModSeq(self.seen))))
        for change in changes:
            assert change.modseq >= self.seen
            self.seen = change.modseq
            match change.kind:
                case ChangeKind.APPENDED | ChangeKind.FLAGS:
                    known = self.run(self.box.flags(change.folder_id))
                    uids = [uid for uid in change.uids if uid in known]
                    self.mirror[change.folder_id].update({uid: known[uid] for uid in uids})
                case ChangeKind.EXPUNGED:
                    for uid in change.uids:
                        self.mirror[change.folder_id].pop(uid, None)
                case ChangeKind.FOLDER_CREATED:
                    self.mirror[change.folder_id] = {}
                case ChangeKind.FOLDER_DELETED:
                    del self.mirror[change.folder_id]
                case _:
                    pass
        for folder, shelf in self.shelves.items():
            assert {uid: (seen, set(keywords.split())) for uid, (seen, keywords) in self.mirror[folder].items()} == {
                uid: (placed.bits, set(placed.words.values())) for uid, placed in shelf.placed.items()
            }
        assert self.mirror.keys() == self.shelves.keys()

    @invariant()
    def counters(self) -> None:
        if not hasattr(self, "box"):
            return
        account = self.run(self.box.account_row())
        assert (account.used_messages, account.used_bytes) == (len(self.used()), self.used_bytes())
        rows = self.run(self.box.store.read(lambda tx: tx.folders.list_folders(self.box.account)))
        assert {row.id: row.name for row in rows} == {folder: shelf.name for folder, shelf in self.shelves.items()}
        modseq = self.run(self.box.store.read(lambda tx: tx.modseq(self.box.account)))
        for row in rows:
            shelf = self.shelves[row.id]
            placed = shelf.placed.values()
            assert (row.uidnext, row.uidvalidity, row.messages) == (shelf.uidnext, shelf.uidvalidity, len(placed))
            assert row.unseen == sum(not one.bits & Flag.SEEN for one in placed)
            assert row.deleted == sum(bool(one.bits & Flag.DELETED) for one in placed)
            assert row.size == sum(self.sizes[one.token] for one in placed)
            assert row.modseq <= modseq


def _applied(old: Placed, op: FlagOp, change: Flags) -> Placed:
    new = {word.lower(): word for word in change.words}
    match op:
        case FlagOp.REPLACE:
            return replace(old, bits=int(change.bits), words=new)
        case FlagOp.ADD:
            return replace(old, bits=old.bits | int(change.bits), words=new | old.words)
        case FlagOp.REMOVE:
            words = {key: word for key, word in old.words.items() if key not in new}
            return replace(old, bits=old.bits & ~int(change.bits), words=words)


SETTINGS = settings(deadline=None, suppress_health_check=list(HealthCheck), stateful_step_count=30)


def test_folders_follow_the_model_on_sqlite() -> None:
    run_state_machine_as_test(lambda: FolderMachine(sqlite_engine), settings=settings(SETTINGS, max_examples=60))


def test_folders_follow_the_model_on_postgres() -> None:
    with cluster() as running:

        @contextlib.asynccontextmanager
        async def engine(folder: Path) -> Any:
            with running.database() as conninfo:
                async with postgres_engine(conninfo, folder) as made:
                    yield made

        run_state_machine_as_test(lambda: FolderMachine(engine), settings=settings(SETTINGS, max_examples=10))
