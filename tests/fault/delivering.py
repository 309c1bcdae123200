"""A worker that files letters as fast as it can and tells each acknowledged one: made to be killed."""

import asyncio
import os
import sys
from functools import partial
from pathlib import Path

import uvloop

from mailstead.net.clock import SystemClock
from mailstead.net.ids import IdSource
from mailstead.store.blobs.local import FileBlobs
from mailstead.store.sql.migrate import next_writer_sqlite
from mailstead.store.sql.sqlite import SqliteStore
from tests.support.mailboxes import Mailbox, file_letter, rendered


async def main(path: Path, mailbox: Mailbox, large: bool) -> None:
    ids = IdSource(SystemClock(), next_writer_sqlite(path))
    store = SqliteStore(path, lambda lookup: FileBlobs(path.parent / "blobs", ids.next, lookup), lambda wakes: None)
    await store.open()
    os.write(1, b"ready\n")

    async def client() -> None:
        while True:
            message = ids.next()
            writer = store.blobs.stage()
            writer.write(b"%d " % message + (os.urandom(200_000) if large else b"text " * 100))
            staged = await writer.finish()
            unit = partial(file_letter, mailbox=mailbox, message_id=message, staged=staged, computed=rendered())
            filed = await store.write(unit, size=staged.size, incoming=True)
            os.write(1, b"%d %d\n" % (message, filed.uid))

    async def checkpoints() -> None:
        while True:
            await asyncio.sleep(0.05)
            await store.checkpoint()

    await asyncio.gather(*(client() for _ in range(8)), checkpoints())


if __name__ == "__main__":
    uvloop.run(main(Path(sys.argv[1]), Mailbox(int(sys.argv[2]), int(sys.argv[3])), sys.argv[4] == "large"))  # type: ignore[arg-type]
