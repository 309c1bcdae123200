"""The store alone under mixed load in two worker processes: what a delivery waits, and how long the log grows.

    python bench/store_proof.py [--seconds 20] [--dir DIR] [--workers 2] [--busy 20] [--clients 20]
                                [--fault kill|stop|none] [--slow-sync MS] [--no-expunge]

Each worker delivers to 20 accounts from closed-loop clients, changes flags, reads a folder of 50,000 for a client that
takes its time, and runs busy sessions that keep the loop saturated; one expunges 200,000 messages in units of 500 rows
and one keeps the log short. Every acknowledged letter is counted at the end: each is there exactly once.
"""

import argparse
import asyncio
import json
import logging
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from functools import partial
from itertools import chain
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import apsw
import uvloop
from tests.support.mailboxes import NOW, Mailbox, file_letter, make_mailbox, rendered

from mailstead.ground.model.errors import Busy, NoSpace
from mailstead.ground.model.flags import Flag, FlagOp, Flags
from mailstead.ground.model.ids import FolderId
from mailstead.ground.model.uidset import UidSet
from mailstead.net.clock import SystemClock
from mailstead.net.ids import IdSource
from mailstead.store.blobs.local import FileBlobs
from mailstead.store.port import Lane, Tx
from mailstead.store.port.messages import Load
from mailstead.store.sql.lock import holder, lock_path
from mailstead.store.sql.migrate import migrate_sqlite, next_writer_sqlite
from mailstead.store.sql.sqlite import SqliteStore

ACCOUNTS, FETCHED, EXPUNGED = 20, 50_000, 200_000
HEADER = rendered(
    b"Received: from a.example.test by b.example.test; Fri, 20 Nov 2026 12:00:00 +0000\r\n" * 16 + b"\r\n"
)


class SlowDisk(apsw.VFS):
    """Every fsync takes so much longer."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        super().__init__("slow", "unix", makedefault=True)

    def xOpen(self, name, flags):
        return SlowFile(self.seconds, name, flags)


class SlowFile(apsw.VFSFile):
    def __init__(self, seconds, name, flags):
        self.seconds = seconds
        super().__init__("unix", name, flags)

    def xSync(self, flags):
        time.sleep(self.seconds)
        return super().xSync(flags)


async def open_store(folder: Path) -> tuple[SqliteStore, IdSource]:
    ids = IdSource(SystemClock(), next_writer_sqlite(folder / "mail.db"))
    store = SqliteStore(
        folder / "mail.db", lambda lookup: FileBlobs(folder / "blobs", ids.next, lookup), lambda wakes: None
    )
    await store.open()
    return store, ids


async def fill(folder: Path, *, expunge: bool) -> dict:
    """Accounts, the folder that is read, the folder that is expunged."""
    migrate_sqlite(folder / "mail.db")
    store, ids = await open_store(folder)
    boxes = [await make_mailbox(store, f"user{n}") for n in range(ACCOUNTS)]
    fetched, expunged = await make_mailbox(store, "fetched"), await make_mailbox(store, "expunged")
    for box, count in ((fetched, FETCHED), (expunged, EXPUNGED if expunge else 0)):
        for start in range(0, count, 500):
            staged = [
                store.blobs.stage_small(b"%d %d " % (box.inbox, n) + b"body " * 40) for n in range(start, start + 500)
            ]

            async def unit(tx: Tx, box=box, staged=staged) -> None:
                for one in staged:
                    await file_letter(tx, box, ids.next(), one, HEADER)

            await store.write(unit, lane=Lane.BULK)
        await store.checkpoint()
    await store.close()
    return {
        "boxes": [(box.account, box.inbox) for box in boxes],
        "fetched": (fetched.account, fetched.inbox),
        "expunged": (expunged.account, expunged.inbox),
    }


class Commands:
    """The session with a watch on COMMIT."""

    def __init__(self, session, commit) -> None:
        self.session, self.commit = session, commit

    def command(self, sql: str) -> None:
        (self.commit if sql == "COMMIT" else self.session.command)(sql)


class Worker:
    """One process under load."""

    def __init__(self, number: int, folder: Path, options: dict) -> None:
        self.number, self.folder, self.options = number, folder, options
        self.boxes = [Mailbox(*pair) for pair in options["boxes"]]
        self.latencies: list[float] = []
        self.flags: list[float] = []
        self.reads: list[float] = []
        self.stalls: list[float] = []
        self.busy_turns = self.refused = self.expunge_done = 0
        self.wal_peak = 0
        self.parts: dict[str, list[float]] = {}
        self.end = time.monotonic() + options["seconds"]
        self.acks = os.open(folder / f"acks.{os.getpid()}", os.O_WRONLY | os.O_CREAT | os.O_APPEND)

    async def run(self) -> None:
        self.store, self.ids = await open_store(self.folder)
        self.instrument()
        loads = [self.deliver(n) for n in range(self.options["clients"])]
        loads += [self.flag(n) for n in range(4)] + [self.busy() for _ in range(self.options["busy"])]
        loads += [self.fetch(), self.watch()]
        if self.number == 0:
            loads.append(self.checkpoint())
            if self.options["expunge"]:
                loads.append(self.expunge())
        await asyncio.gather(*loads)
        await self.store.close()
        names = ("latencies", "flags", "reads", "stalls", "busy_turns", "refused", "expunge_done", "wal_peak", "parts")
        (self.folder / f"result.{os.getpid()}").write_text(json.dumps({name: getattr(self, name) for name in names}))

    def instrument(self) -> None:
        """How long the lock, the units and the COMMIT take of a group."""
        lock, runner = self.store._lock, self.store._runner
        take, command, run = lock.take, runner._session.command, runner.run

        def timed(kind, call):
            def measured(*args):
                started = time.perf_counter()
                try:
                    return call(*args)
                finally:
                    self.parts.setdefault(kind, []).append(time.perf_counter() - started)

            return measured

        lock.take = timed("lock", take)
        commit = timed("commit", command)
        runner._session = Commands(runner._session, commit)
        whole = {lane: timed(f"group of {lane.name}", run) for lane in Lane}
        store = self.store
        store._restart = timed("log restarted", store._restart)
        runner.run = lambda lanes, lane: whole[lane](lanes, lane)

    @property
    def on(self) -> bool:
        return time.monotonic() < self.end

    async def deliver(self, client: int) -> None:
        turn, filler = client, os.urandom(1400)
        while self.on:
            turn += 1
            box = self.boxes[turn % ACCOUNTS]
            message = self.ids.next()
            started = time.perf_counter()
            staged = self.store.blobs.stage_small(b"%d " % message + filler + b" text" * 400)
            unit = partial(file_letter, mailbox=box, message_id=message, staged=staged, computed=HEADER)
            try:
                await self.store.write(unit, size=staged.size, incoming=True)
            except (Busy, NoSpace):
                self.refused += 1
                await asyncio.sleep(0.1)
                continue
            self.latencies.append(time.perf_counter() - started)
            os.write(self.acks, b"%d %d\n" % (box.account, message))
            if self.options["pause"]:
                await asyncio.sleep(self.options["pause"])

    async def flag(self, client: int) -> None:
        account, folder = self.options["fetched"]
        at = client * 10_000
        while self.on:
            at = at % FETCHED + 10

            async def unit(tx: Tx, at=at) -> None:
                modseq = (await tx.advance(account))[account]
                await tx.placements.store_flags(
                    folder,
                    UidSet(((at, at + 9),)),
                    FlagOp.ADD if client % 2 else FlagOp.REMOVE,
                    Flags(Flag.SEEN),
                    modseq=modseq,
                )

            started = time.perf_counter()
            try:
                await self.store.write(unit)
            except Busy:
                self.refused += 1
            self.flags.append(time.perf_counter() - started)
            await asyncio.sleep(0.005)

    async def fetch(self) -> None:
        """A client that takes 200 rows and 10 ms to think."""
        _, folder = self.options["fetched"]
        first = 1
        while self.on:
            started = time.perf_counter()
            rows = await self.store.read(
                lambda tx, first=first: tx.messages.fetch(FolderId(folder), first, 1 << 31, Load.ENVELOPE, 200)
            )
            self.reads.append(time.perf_counter() - started)
            first = rows[-1].uid + 1 if rows else 1
            await asyncio.sleep(0.01)

    async def expunge(self) -> None:
        account, folder = self.options["expunged"]
        for first in range(1, EXPUNGED, 500):

            async def unit(tx: Tx, first=first) -> int:
                await tx.advance(account)
                return len(
                    await tx.placements.expunge(folder, UidSet(((first, first + 499),)), only_deleted=False, now=NOW)
                )

            try:
                self.expunge_done += await self.store.write(unit, lane=Lane.BULK)
            except Busy:
                self.refused += 1
            if not self.on:
                return

    async def busy(self) -> None:
        """A session that always has a command waiting."""
        line = b"a001 UID FETCH 1:100 (FLAGS UID INTERNALDATE RFC822.SIZE)\r\n"
        while self.on:
            for _ in range(40):
                line.split()
            self.busy_turns += 1
            await asyncio.sleep(0)

    async def watch(self) -> None:
        while self.on:
            started = time.perf_counter()
            await asyncio.sleep(0.005)
            self.stalls.append(time.perf_counter() - started - 0.005)

    async def checkpoint(self) -> None:
        while self.on:
            await asyncio.sleep(1)
            self.wal_peak = max(self.wal_peak, self.store.wal_size())
            started = time.perf_counter()
            await self.store.checkpoint()
            self.parts.setdefault("checkpoint", []).append(time.perf_counter() - started)


def spread(values: list[float]) -> str:
    if not values:
        return "none"
    values = sorted(values)
    at = lambda q: values[min(int(len(values) * q), len(values) - 1)] * 1000  # noqa: E731
    return f"n={len(values)} p50={at(0.5):.2f} p99={at(0.99):.2f} p99.9={at(0.999):.2f} max={values[-1] * 1000:.1f} ms"


def start(number: int, folder: Path, options: dict) -> subprocess.Popen:
    return subprocess.Popen(
        [sys.executable, __file__, "--worker", str(number), "--dir", str(folder), "--options", json.dumps(options)]
    )


def supervise(folder: Path, options: dict, args: argparse.Namespace) -> float:
    """Start, harm and mend the workers; gives the seconds it took."""
    began = time.monotonic()
    workers = [start(n, folder, options) for n in range(args.workers)]
    end = time.monotonic() + args.seconds
    kills = 0
    while any(worker.poll() is None for worker in workers):
        time.sleep(0.05)
        left = end - time.monotonic()
        if args.fault == "kill" and left > 2 and time.monotonic() - began > 1.5 + kills * 0.7:
            victim = kills % len(workers)
            workers[victim].kill()
            workers[victim].wait()
            kills += 1
            workers[victim] = start(victim + 10, folder, {**options, "seconds": left})
        if args.fault == "stop" and not kills and time.monotonic() - began > 3:
            for _ in range(100_000):
                held = holder(lock_path(folder / "mail.db"))
                if held:
                    os.kill(held[0], signal.SIGSTOP)
                    if holder(lock_path(folder / "mail.db")) == held:
                        kills += 1
                        print(f"stopped {held[0]} while it held the lock")
                        break
                    os.kill(held[0], signal.SIGCONT)
        held = holder(lock_path(folder / "mail.db"))
        if held and time.monotonic() - held[1] > 10:
            print(f"{held[0]} held the lock for 10 s: ended")
            os.kill(held[0], signal.SIGKILL)
    if kills:
        print(f"{kills} workers were {'killed' if args.fault == 'kill' else 'stopped'}")
    return time.monotonic() - began


def verify(folder: Path, options: dict) -> None:
    """Every acknowledged letter exactly once, none twice, UIDs without a hole, the file sound."""
    acked = [tuple(map(int, line.split())) for file in folder.glob("acks.*") for line in file.read_text().splitlines()]
    db = apsw.Connection(str(folder / "mail.db"))
    rows = db.execute(
        "SELECT m.account_id, m.id, p.uid FROM message m JOIN placement p ON p.message_id = m.id"
    ).fetchall()
    there = {(account, message) for account, message, _ in rows}
    missing = set(acked) - there
    assert not missing, f"{len(missing)} acknowledged letters are gone"
    assert len(there) == len(rows), "a letter is there twice"
    holes = db.execute(
        "SELECT count(*) FROM folder f WHERE f.name = 'INBOX' AND f.id IN (SELECT folder_id FROM placement)"
        " AND f.uidnext - 1 <> (SELECT max(uid) FROM placement p WHERE p.folder_id = f.id)"
    ).get
    assert holes == 0, "UIDNEXT is not right"
    assert db.execute("PRAGMA integrity_check").get == "ok"
    print(f"verified: {len(acked)} acknowledged letters are there exactly once, the file is sound")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--clients", type=int, default=20)
    parser.add_argument("--busy", type=int, default=20)
    parser.add_argument("--pause", type=float, default=0.0)
    parser.add_argument("--fault", choices=["none", "kill", "stop"], default="none")
    parser.add_argument("--slow-sync", type=float, default=0.0)
    parser.add_argument("--no-expunge", action="store_true")
    parser.add_argument("--dir", type=Path)
    parser.add_argument("--worker", type=int)
    parser.add_argument("--options")
    args = parser.parse_args()
    logging.getLogger("mailstead").addHandler(logging.NullHandler())
    if args.worker is not None:
        options = json.loads(args.options)
        slow = SlowDisk(options["slow"] / 1000) if options["slow"] else None
        uvloop.run(Worker(args.worker, args.dir, options).run())
        del slow
        return
    folder = Path(tempfile.mkdtemp(prefix="store-proof-", dir=args.dir))
    try:
        options = uvloop.run(fill(folder, expunge=not args.no_expunge))
        options |= {
            "seconds": args.seconds,
            "clients": args.clients,
            "busy": args.busy,
            "pause": args.pause,
            "slow": args.slow_sync,
            "expunge": not args.no_expunge,
        }
        took = supervise(folder, options, args)
        results = [json.loads(path.read_text()) for path in folder.glob("result.*")]
        joined = {
            name: list(chain.from_iterable(result[name] for result in results))
            for name in ("latencies", "flags", "reads", "stalls")
        }
        print(f"deliveries {spread(joined['latencies'])}; {len(joined['latencies']) / took:.0f} a second")
        print(f"flags      {spread(joined['flags'])}")
        print(f"reads      {spread(joined['reads'])}")
        print(f"loop late  {spread(joined['stalls'])}")
        for part in sorted({part for result in results for part in result["parts"]}):
            print(
                f"  {part:21} {spread(list(chain.from_iterable(result['parts'].get(part, []) for result in results)))}"
            )
        total = {name: sum(result[name] for result in results) for name in ("busy_turns", "refused", "expunge_done")}
        log = max((result["wal_peak"] for result in results), default=0) / 1e6
        print(f"busy turns {total['busy_turns']}, refused {total['refused']}, expunged {total['expunge_done']}")
        print(f"longest log {log:.0f} MB")
        verify(folder, options)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
