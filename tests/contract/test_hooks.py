"""Hooks and their errands keep their promises on both engines."""

from dataclasses import replace

from mailstead.ground.model.hook import Format, Hook, OnTrouble, Proof, Stage
from mailstead.ground.model.ids import AccountId, Instant, MessageId, ModSeq
from mailstead.store.port import ReadTx, Tx
from mailstead.store.port.hooks import Cursor, Errand
from tests.support.stores import Engine

NOW = Instant(1_800_000_000_000)
FIRST = Hook(name="a", url="https://a.test/", stages=(Stage.INBOUND,), secret="s")
SECOND = Hook(
    name="b", url="https://b.test/x", stages=(Stage.RCPT, Stage.DELIVERED), secret="t", domains=("one.test",),
    format=Format.METADATA, proof=Proof.API_KEY, timeout=5, at_once=2, on_trouble=OnTrouble.CLOSED, created_at=NOW,
)  # fmt: skip


def errand(hook: str, message: int, due: int = 0, attempts: int = 0) -> Errand:
    return Errand(
        hook=hook, message_id=MessageId(message), account_id=AccountId(1), due_at=Instant(NOW + due), attempts=attempts
    )


async def test_hooks(engine: Engine) -> None:
    store = await engine.open()

    async def put(tx: Tx) -> None:
        await tx.hooks.put_hook(SECOND)
        await tx.hooks.put_hook(FIRST)

    async def look(tx: ReadTx) -> tuple[object, ...]:
        return await tx.hooks.list_hooks(), await tx.hooks.find_hook("b"), await tx.hooks.find_hook("c")

    await store.write(put)
    assert await store.read(look) == ([FIRST, SECOND], SECOND, None)
    changed = replace(FIRST, url="https://c.test/")

    async def change(tx: Tx) -> tuple[object, ...]:
        await tx.hooks.put_hook(changed)
        return await tx.hooks.drop_hook("b"), await tx.hooks.drop_hook("b"), await tx.hooks.list_hooks()

    assert await store.write(change) == (True, False, [changed])


async def test_errands(engine: Engine) -> None:
    store = await engine.open()
    cursor = Cursor(
        account_id=AccountId(1), modseq=ModSeq(7), message_id=MessageId(1 << 60), seen=frozenset({1 << 59, 1 << 60})
    )
    other = Cursor(account_id=AccountId(2), modseq=ModSeq(1), message_id=MessageId(0))

    async def follow(tx: Tx) -> tuple[object, ...]:
        await tx.hooks.follow(replace(cursor, modseq=ModSeq(3)), [errand("a", 1, 5), errand("b", 1)])
        await tx.hooks.follow(cursor, [errand("a", 1, 9, 3), errand("a", 2, 3)])
        await tx.hooks.follow(other, [])
        return (
            await tx.hooks.list_cursors(AccountId(0)),
            await tx.hooks.list_cursors(AccountId(1), 1),
            await tx.hooks.due_errands(NOW),
            await tx.hooks.due_errands(Instant(NOW + 9)),
            await tx.hooks.due_errands(Instant(NOW + 9), 1),
        )

    found = await store.write(follow)
    assert found[:2] == ([cursor, other], [other])
    assert found[2:] == (
        [errand("b", 1)],
        [errand("b", 1), errand("a", 2, 3), errand("a", 1, 5)],
        [errand("b", 1)],
    )

    async def settle(tx: Tx) -> list[Errand]:
        await tx.hooks.put_off(errand("b", 1, 8, 1))
        await tx.hooks.drop_errand(errand("a", 1))
        return await tx.hooks.due_errands(Instant(NOW + 9))

    assert await store.write(settle) == [errand("a", 2, 3), errand("b", 1, 8, 1)]

    async def forget(tx: Tx) -> list[Errand]:
        await tx.hooks.put_hook(FIRST)
        await tx.hooks.drop_hook("a")
        return await tx.hooks.due_errands(Instant(NOW + 9))

    assert await store.write(forget) == [errand("b", 1, 8, 1)]
