"""Short names of forwarded senders on both engines."""

from mailstead.ground.model.ids import Instant
from mailstead.store.port import Tx
from tests.support.mailbox import NOW
from tests.support.stores import Engine


async def test_names(engine: Engine) -> None:
    store = await engine.open()

    async def unit(tx: Tx) -> list[object]:
        for name, until in (("A", NOW + 10), ("B", NOW + 20), ("A", NOW + 5), ("C", NOW), ("C", NOW + 30)):
            await tx.forwarded.keep_sender(name, f"{name}@x.test", Instant(until))
        found = [await tx.forwarded.find_sender(name, Instant(NOW + 10)) for name in "ABCD"]
        forgotten = [await tx.forwarded.forget_senders(Instant(NOW + 21), 1) for _ in range(3)]
        return [*found, *forgotten, await tx.forwarded.find_sender("C", NOW), await tx.forwarded.find_sender("A", NOW)]

    assert await store.write(unit) == ["A@x.test", "B@x.test", "C@x.test", None, 1, 1, 0, "C@x.test", None]
