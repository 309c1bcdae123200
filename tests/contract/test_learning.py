"""What our own spam filter learned, on both engines."""

import asyncio

from mailstead.ground.formats.spam.lore import PAGE, read_page
from mailstead.ground.model.ids import AccountId, Instant, ModSeq
from mailstead.store.port import Tx
from mailstead.store.port.learning import EVERYBODY, Kind, LoreMark, Name, Standing, StoredLesson
from tests.support.mailbox import make_mailbox
from tests.support.stores import AnyStore, Engine

NOW = Instant(1_800_000_000_000)
ANN = AccountId(7)
LESSON = StoredLesson(account_id=ANN, letter="m1", is_spam=True, shared_step=5, own_step=-(1 << 40), at=NOW)


async def add(store: AnyStore, scope: AccountId, steps: dict[int, dict[int, int]], tokens: int = 1) -> LoreMark:
    async def unit(tx: Tx) -> LoreMark:
        mark = await tx.learning.hold(scope, tokens=tokens, spam=1, ham=2)
        await tx.learning.add_to_pages(scope, mark.version, steps)
        return mark

    return await store.write(unit)


async def cells(store: AnyStore, scope: AccountId, after: int = 0) -> dict[int, list[int]]:
    pages = await store.read(lambda tx: tx.learning.pages(scope, after=after))
    return {number: [cell for cell in read_page(data) if cell] for number, data in pages}


async def test_pages_add_up_and_versions_count(store: AnyStore) -> None:
    assert await store.read(lambda tx: tx.learning.mark(ANN)) == LoreMark()
    assert await add(store, ANN, {0: {1: 5}, 3: {PAGE - 1: -7}}) == LoreMark(1, 1, 1, 2)
    assert await add(store, ANN, {0: {1: 2}}) == LoreMark(2, 1, 2, 4)
    assert await cells(store, ANN) == {0: [7], 3: [-7]}
    assert await cells(store, ANN, after=1) == {0: [7]}
    assert await cells(store, EVERYBODY) == {}


async def test_what_other_tokens_taught_is_dropped(store: AnyStore) -> None:
    await add(store, ANN, {0: {1: 5}, 1: {1: 5}})
    await store.write(lambda tx: tx.learning.put_lesson(LESSON))
    assert (await add(store, ANN, {0: {2: 1}}, tokens=2)) == LoreMark(2, 2, 1, 2)
    assert await cells(store, ANN) == {0: [1], 1: []}
    assert await store.read(lambda tx: tx.learning.find_lesson(ANN, "m1")) is None


async def test_lessons(store: AnyStore) -> None:
    await store.write(lambda tx: tx.learning.put_lesson(LESSON))
    assert await store.read(lambda tx: tx.learning.find_lesson(ANN, "m1")) == LESSON
    assert await store.read(lambda tx: tx.learning.find_lesson(EVERYBODY, "m1")) is None
    await store.write(lambda tx: tx.learning.drop_lesson(ANN, "m1"))
    assert await store.read(lambda tx: tx.learning.find_lesson(ANN, "m1")) is None


async def test_old_lessons_are_forgotten_in_steps(store: AnyStore) -> None:
    for number in range(5):
        old = StoredLesson(
            account_id=ANN, letter=f"m{number}", is_spam=False, shared_step=0, own_step=0, at=Instant(NOW + number)
        )
        await store.write(lambda tx, old=old: tx.learning.put_lesson(old))
    assert await store.write(lambda tx: tx.learning.forget_lessons(before=Instant(NOW + 3), limit=2)) == 2
    assert await store.write(lambda tx: tx.learning.forget_lessons(before=Instant(NOW + 3), limit=2)) == 1
    assert await store.read(lambda tx: tx.learning.find_lesson(ANN, "m3")) is not None


async def test_cursors(store: AnyStore) -> None:
    assert await store.read(lambda tx: tx.learning.cursor(ANN)) is None
    for modseq in (ModSeq(3), ModSeq(9)):
        await store.write(lambda tx, modseq=modseq: tx.learning.set_cursor(ANN, modseq))
        assert await store.read(lambda tx: tx.learning.cursor(ANN)) == modseq


async def test_a_scope_is_forgotten(store: AnyStore) -> None:
    await add(store, ANN, {0: {1: 5}})
    await add(store, EVERYBODY, {0: {1: 5}})
    await store.write(lambda tx: tx.learning.put_lesson(LESSON))
    await store.write(lambda tx: tx.learning.forget_scope(ANN))
    assert await store.read(lambda tx: tx.learning.mark(ANN)) == LoreMark(2, 1, 0, 0)
    assert await cells(store, ANN, after=1) == {0: []}
    assert await cells(store, EVERYBODY) == {0: [5]}
    assert await store.read(lambda tx: tx.learning.find_lesson(ANN, "m1")) is None


async def test_two_workers_lose_nothing(engine: Engine) -> None:
    one, other = await engine.open(), await engine.open()
    await asyncio.gather(*(add(store, EVERYBODY, {0: {1: 1}, 1: {2: 1}}) for store in [one, other] * 10))
    assert await cells(one, EVERYBODY) == {0: [20], 1: [20]}


async def test_what_was_learned_of_accounts_that_are_gone_is_forgotten(store: AnyStore) -> None:
    box = await make_mailbox(store)
    for scope in (EVERYBODY, ANN, box.account):
        await add(store, scope, {0: {1: 5}, 1: {1: 5}})
        await store.write(lambda tx, scope=scope: tx.learning.set_cursor(scope, ModSeq(1)))
    await store.write(lambda tx: tx.learning.put_lesson(LESSON))
    await store.write(lambda tx: tx.learning.note_sent(ANN, [1, 2], NOW))
    await store.write(lambda tx: tx.learning.put_standing(ANN, Name(Kind.SITE, "x.test"), Standing(1, 2, NOW)))
    while await store.write(lambda tx: tx.learning.forget_orphans(limit=1)):
        pass
    assert await cells(store, ANN) == {}
    assert await store.read(lambda tx: tx.learning.mark(ANN)) == LoreMark()
    assert await store.read(lambda tx: tx.learning.count_sent(ANN, [1, 2])) == 0
    assert await store.read(lambda tx: tx.learning.standing(ANN, Name(Kind.SITE, "x.test"))) == Standing()
    assert await store.read(lambda tx: tx.learning.find_lesson(ANN, "m1")) is None
    assert await cells(store, EVERYBODY) == await cells(store, box.account) == {0: [5], 1: [5]}


async def test_what_was_sent_and_who_is_known(store: AnyStore) -> None:
    name = Name(Kind.NETWORK, "192.0.2")
    for standing in (Standing(1, 2, NOW), Standing(3, 4, NOW)):
        await store.write(lambda tx, standing=standing: tx.learning.put_standing(ANN, name, standing))
        assert await store.read(lambda tx: tx.learning.standing(ANN, name)) == standing
    for _ in range(2):
        await store.write(lambda tx: tx.learning.note_sent(ANN, [5, 1 << 62], NOW))
    assert await store.read(lambda tx: tx.learning.count_sent(ANN, [5, 6, 1 << 62])) == 2
    assert await store.write(lambda tx: tx.learning.forget_known(before=Instant(NOW + 1), limit=2)) == 2
    assert await store.write(lambda tx: tx.learning.forget_known(before=Instant(NOW + 1), limit=2)) == 1
