"""A node that dispatches from PostgreSQL and tells when it begins and ends each attempt: made to be killed."""

import asyncio
import os
import random
import sys
from pathlib import Path

from mailstead.ground.model.attempt import Attempt, Ending, Result
from mailstead.net.clock import SystemClock
from mailstead.net.ids import IdSource
from mailstead.services.outbound.parcel import Parcel
from mailstead.services.spool.outbox import NoOutbox
from mailstead.services.spool.spooling import Spooling
from mailstead.services.spool.terms import Terms
from tests.support.dispatching import FakeNotices, OpenGate, Scene
from tests.support.stores import postgres_engine

CLOCK = SystemClock()


class Telling:
    """Delivers everything after a moment."""

    async def attempt(self, parcel: Parcel) -> Attempt:
        began = CLOCK.now()
        for one in parcel.recipients:
            os.write(1, b"begin %d %d %d %d\n" % (parcel.id, one.number, began, one.due_at))
        await asyncio.sleep(random.uniform(0.001, 0.05))
        ended = CLOCK.now()
        for one in parcel.recipients:
            os.write(1, b"end %d %d %d 0\n" % (parcel.id, one.number, ended))
        results = tuple(Result(one.number, Ending.DELIVERED, "2.0.0", "250 ok") for one in parcel.recipients)
        return Attempt(began_at=began, ended_at=ended, results=results)


async def main(conninfo: str, folder: Path, holder: str, lease: int) -> None:
    async with postgres_engine(conninfo, folder) as engine:
        store = await engine.open()
        scene = Scene(
            store, CLOCK, Telling(), FakeNotices(), Spooling(Terms(), NoOutbox()), OpenGate(), IdSource(CLOCK, 5),  # type: ignore[arg-type]
        )  # fmt: skip
        scene.ids.next = engine.next_id  # type: ignore[method-assign]
        dispatcher = scene.dispatcher(holder, lease=lease, hands=10, hands_each=4)
        dispatcher.start()
        os.write(1, b"ready 0 0 0 0\n")
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], Path(sys.argv[2]), sys.argv[3], int(sys.argv[4])))
