"""Filed letters are told to hooks: each at least once, none that people stored or moved themselves."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from mailstead.ground.formats.hook import Answer
from mailstead.ground.model.hook import Hook, Stage
from mailstead.ground.model.ids import AccountId, Instant, MessageId
from mailstead.net.ids import first_of
from mailstead.services.filters.asking import Silent
from mailstead.services.folders.append import place
from mailstead.services.hooks.book import HookBook
from mailstead.services.hooks.calling import Call
from mailstead.services.hooks.herald import OVERLAP, TRIES_MAX, Herald
from mailstead.store.port import Tx
from mailstead.store.port.duties import Trace
from tests.support.fake_clock import FakeClock
from tests.support.mailbox import NO_FLAGS, rendered, staged
from tests.support.smtp_scene import furnish
from tests.support.stores import AnyStore, sqlite_engine

HOOK = Hook(name="crm", url="https://crm.test/", stages=(Stage.DELIVERED,), secret="s", domains=("here.test",))


@dataclass
class Told:
    """In place of a `Caller`."""

    calls: list[tuple[str, str, bytes]] = field(default_factory=list)
    is_silent: bool = False

    async def call(self, call: Call) -> Answer:
        body = await call.body.read(0, call.body.size)
        self.calls.append((call.hook.name, call.fields["X-StMsg-Recipient"], body))
        if self.is_silent:
            raise Silent("nobody there")
        return Answer()


@dataclass
class Scene:
    store: AnyStore
    clock: FakeClock
    told: Told

    def herald(self) -> Herald:
        return Herald(self.store, HookBook(self.store), self.told, self.clock)  # type: ignore[arg-type]

    async def file(self, body: bytes, account: int = 1, *, ago: int = 0, is_delivered: bool = True) -> None:
        """As delivery does; `ago`: its id was made so many milliseconds before."""
        now = self.clock.now()
        number = first_of(Instant(now - ago)) + len(body)

        async def unit(tx: Tx) -> None:
            owner = AccountId(account)
            modseqs = await tx.advance(owner)
            inbox = await tx.folders.find_folder(owner, "INBOX")
            assert inbox is not None
            blob, is_new = await tx.blobs.put(staged(number, body))
            if is_new:
                await tx.messages.put_rendered(blob, rendered(body))

            await place(
                tx, account=owner, folder=inbox.id, message_id=MessageId(number), blob_id=blob, prefix=b"P: x\r\n",
                size=len(body), flags=NO_FLAGS, internal_date=now, now=now, modseq=modseqs[owner], may_exceed=True,
            )  # fmt: skip
            if is_delivered:
                await tx.duties.insert_trace(
                    Trace(at=now, account_id=owner, message_id=number, session="", story=b"{}")
                )

        await self.store.write(unit)

    async def add(self, hook: Hook = HOOK) -> None:
        async def unit(tx: Tx) -> None:
            await tx.policies.advance()
            await tx.hooks.put_hook(replace(hook, created_at=self.clock.now()))

        await self.store.write(unit)

    @property
    def bodies(self) -> list[bytes]:
        return [body for _, _, body in self.told.calls]


@pytest.fixture
async def scene(tmp_path: Path) -> AsyncIterator[Scene]:
    async with sqlite_engine(tmp_path) as engine:
        store = await engine.open()
        await furnish(store, {"accounts": "ann@here.test,bob@there.test"})
        yield Scene(store, FakeClock(), Told())


async def test_each_letter_of_its_domains_once(scene: Scene) -> None:
    await scene.file(b"before the hook")
    scene.clock.advance(1)
    await scene.add()
    herald = scene.herald()
    await herald.run()
    await scene.file(b"one")
    await scene.file(b"other's", account=2)
    await scene.file(b"stored by hand", is_delivered=False)
    await herald.run()
    await herald.run()
    assert scene.told.calls == [("crm", "ann@here.test", b"P: x\r\none")]


async def test_a_letter_that_was_filed_after_a_later_one(scene: Scene) -> None:
    """Its id is older than one that was seen already."""
    await scene.add()
    scene.clock.advance(300)
    herald = scene.herald()
    await scene.file(b"late in number")
    await herald.run()
    await scene.file(b"early", ago=OVERLAP // 2)
    await herald.run()
    await scene.herald().run()
    assert scene.bodies == [b"P: x\r\nlate in number", b"P: x\r\nearly"]


async def test_another_worker_goes_on_where_one_died(scene: Scene) -> None:
    await scene.add()
    await scene.file(b"one")
    scene.told.is_silent = True
    await scene.herald().run()
    await scene.file(b"second")
    scene.told.is_silent = False
    await scene.herald().run()
    scene.clock.advance(5)
    await scene.herald().run()
    assert scene.bodies == [b"P: x\r\none", b"P: x\r\nsecond", b"P: x\r\none"]


async def test_who_never_answers_is_given_up(scene: Scene) -> None:
    await scene.add()
    await scene.file(b"one")
    scene.told.is_silent = True
    for _ in range(TRIES_MAX + 2):
        await scene.herald().run()
        scene.clock.advance(3601)
    assert len(scene.told.calls) == TRIES_MAX


async def test_a_removed_hook_leaves_nothing_behind(scene: Scene) -> None:
    await scene.add()
    await scene.file(b"one")
    scene.told.is_silent = True
    await scene.herald().run()

    async def unit(tx: Tx) -> int:
        await tx.policies.advance()
        await tx.hooks.drop_hook("crm")
        return len(await tx.hooks.due_errands(Instant(1 << 60)))

    assert await scene.store.write(unit) == 0
    scene.clock.advance(3600)
    await scene.herald().run()
    assert len(scene.told.calls) == 1
