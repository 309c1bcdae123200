"""A worker that releases kept letters as fast as it can: made to be killed."""

import asyncio
import os
import sys
from pathlib import Path

import uvloop

from mailstead.ground.model.errors import MailError
from mailstead.ground.model.quarantine import KeptFilter
from mailstead.net.clock import SystemClock
from mailstead.net.ids import IdSource
from mailstead.services.accounts.forwarding import Forwarding
from mailstead.services.delivery.deliver import Delivery
from mailstead.services.quarantine.quarantine import Quarantine
from mailstead.services.spool.outbox import NoOutbox
from mailstead.services.spool.spooling import Spooling
from mailstead.services.spool.terms import Terms
from mailstead.store.blobs.local import FileBlobs
from mailstead.store.sql.migrate import next_writer_sqlite
from mailstead.store.sql.sqlite import SqliteStore
from tests.support.quarantined import BY


async def main(path: Path) -> None:
    clock = SystemClock()
    ids = IdSource(clock, next_writer_sqlite(path))
    store = SqliteStore(path, lambda lookup: FileBlobs(path.parent / "blobs", ids.next, lookup), lambda wakes: None)
    await store.open()
    delivery = Delivery(store, clock, ids, Spooling(Terms(), NoOutbox()), hostname="mx.home.test")
    quarantine = Quarantine(store, clock, delivery, reverser=Forwarding(store, clock))
    kept = await quarantine.page(KeptFilter(), limit=500)
    os.write(1, b"ready\n")

    async def release(number: int) -> None:
        try:
            await quarantine.release(number, by=BY)
        except MailError:
            return  # the other one was quicker
        os.write(1, b"%d\n" % number)

    for at in range(0, len(kept), 4):
        await asyncio.gather(*(release(one.id) for one in kept[at : at + 4]))
    os.write(1, b"done\n")


if __name__ == "__main__":
    uvloop.run(main(Path(sys.argv[1])))
