"""Lists on a disk that fails, and in a process that dies: an entry that was said to be there is there, whole."""

import itertools
import subprocess
import sys
from pathlib import Path

import apsw
import pytest

from mailstead.ground.model.blocks import Entry, Side
from mailstead.ground.model.errors import MailError
from mailstead.ground.model.ids import Instant
from mailstead.store.port import Tx
from tests.fault.test_store_disk import Faults, faults  # noqa: F401 - a fixture
from tests.support.stores import AnyStore, sqlite_engine

NOW = Instant(1_800_000_000_000)


def entry(name: str) -> Entry:
    return Entry(side=Side.BLOCK, pattern=f"{name}@bad.test", added_at=NOW)


async def put(store: AnyStore, *names: str) -> None:
    async def unit(tx: Tx) -> None:
        await tx.blocks.advance()
        for name in names:
            await tx.blocks.put_entry(entry(name))

    await store.write(unit)


async def there(store: AnyStore) -> list[str]:
    found = await store.read(lambda tx: tx.blocks.list_entries(Side.BLOCK, limit=1_000_000))
    return [one.pattern.partition("@")[0] for one in found]


@pytest.mark.parametrize("kind", [apsw.IOError, apsw.FullError])
async def test_the_nth_write_fails(faults: Faults, tmp_path: Path, kind: type[apsw.Error]) -> None:  # noqa: F811
    """Both entries of a unit or neither, the mark and the number of entries with them."""
    faults.kind = kind
    async with sqlite_engine(tmp_path) as engine:
        store = await engine.open()
        expected: list[str] = []
        for fail_at in itertools.count():
            faults.countdown = fail_at
            names = f"a{fail_at:03}", f"b{fail_at:03}"
            try:
                await put(store, *names)
            except (MailError, apsw.Error):
                pass
            else:
                expected += names
            untouched = faults.countdown >= 0
            faults.countdown = -1
            assert await there(store) == sorted(expected)
            if untouched:
                break
        assert fail_at > 2
        mark = await store.read(lambda tx: tx.blocks.mark())
        await store.close()
        with apsw.Connection(engine.where) as connection:
            kept = connection.execute("SELECT value, entries FROM block_mark").get
        assert kept == (mark, len(expected))


VICTIM = """
import asyncio, sys
from pathlib import Path
from tests.fault.test_blocks import put
from tests.support.stores import Engine

async def main():
    store = await Engine("sqlite", sys.argv[1], Path(sys.argv[1]).parent).open()
    for number in range(100_000):
        await put(store, f"u{number}")
        print(number, flush=True)

asyncio.run(main())
"""


async def test_a_killed_process_loses_no_entry_that_it_told(tmp_path: Path) -> None:
    async with sqlite_engine(tmp_path) as engine:
        await (await engine.open()).close()
        victim = subprocess.Popen([sys.executable, "-c", VICTIM, engine.where], stdout=subprocess.PIPE)
        assert victim.stdout is not None
        told = [int(victim.stdout.readline()) for _ in range(20)]
        victim.kill()
        told += [int(line) for line in victim.stdout.readlines() if line.endswith(b"\n")]
        victim.wait()
        victim.stdout.close()
        store = await engine.open()
        assert set(told) <= {int(name[1:]) for name in await there(store)}
        await put(store, "after")
