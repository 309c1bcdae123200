"""Refusals by name and by domain, how they and traces end, and where a filed letter lies."""

import pytest

from mailstead.ground.model.ids import Instant, MessageId
from mailstead.net.ids import first_of
from mailstead.store.port.duties import Trace
from mailstead.store.port.trails import Refusal, RefusalMark
from tests.support.mailbox import NOW, Mailbox, make_mailbox
from tests.support.stores import AnyStore

END = RefusalMark(Instant(NOW + 100))


@pytest.fixture
async def box(store: AnyStore) -> Mailbox:
    return await make_mailbox(store)


def refusal(after: int, domain: str = "example.test", **keys: int) -> Refusal:
    return Refusal(at=Instant(NOW + after), domain=domain, detail=b"%d" % after, **keys)


async def put(store: AnyStore, *refusals: Refusal) -> None:
    await store.write(lambda tx: tx.trails.insert_refusals(list(refusals)))


async def test_every_name_finds_it_latest_first(store: AnyStore) -> None:
    kinds = ("sender_key", "recipient_key", "client_key", "letter_key", "session_key")
    await put(store, *(refusal(number, **{kind: 7}) for number, kind in enumerate(kinds)), refusal(9, sender_key=8))
    await put(store)
    found = await store.read(lambda tx: tx.trails.find_refusals(7))
    assert [one.detail for one in found] == [b"4", b"3", b"2", b"1", b"0"]
    assert await store.read(lambda tx: tx.trails.find_refusals(7, 2)) == found[:2]
    assert await store.read(lambda tx: tx.trails.find_refusals(0)) == []


async def test_those_of_a_domain_are_walked_backwards(store: AnyStore) -> None:
    await put(store, *(refusal(after) for after in (1, 2, 2, 3)), refusal(2, "other.test"))
    seen, mark = [], END
    while step := await store.read(
        lambda tx, mark=mark: tx.trails.walk_refusals("example.test", Instant(NOW + 2), mark, 1)
    ):
        seen += step
        mark = RefusalMark(step[-1].at, step[-1].id)
    assert [one.detail for one in seen] == [b"3", b"2", b"2"]


async def test_a_domain_forgets_sooner(store: AnyStore, box: Mailbox) -> None:
    await put(store, *(refusal(after) for after in range(4)), refusal(0, "other.test"))
    for after in range(4):
        at = Instant(NOW + after)
        trace = Trace(at=at, account_id=box.account, message_id=first_of(at), session="", story=b"{}")
        await store.write(lambda tx, trace=trace: tx.duties.insert_trace(trace))
    before = Instant(NOW + 3)
    below = MessageId(first_of(before))
    steps = [
        await store.write(lambda tx: tx.trails.forget_traces_of("example.test", before, below, 2)) for _ in range(3)
    ]
    assert steps == [2, 1, 0]
    assert [one.at for one in await store.read(lambda tx: tx.duties.list_traces(box.account))] == [before]
    steps = [await store.write(lambda tx: tx.trails.forget_refusals_of("example.test", before, 2)) for _ in range(3)]
    assert steps == [2, 1, 0]
    left = await store.read(lambda tx: tx.trails.walk_refusals("example.test", NOW, END))
    assert [one.detail for one in left] == [b"3"]
    assert len(await store.read(lambda tx: tx.trails.walk_refusals("other.test", NOW, END))) == 1


async def test_only_the_latest_are_kept(store: AnyStore) -> None:
    await put(store, *(refusal(after) for after in range(5)))
    assert [await store.write(lambda tx: tx.trails.forget_surplus(2, 2)) for _ in range(3)] == [2, 1, 0]
    left = await store.read(lambda tx: tx.trails.walk_refusals("example.test", NOW, END))
    assert [one.detail for one in left] == [b"4", b"3"]


async def test_where_a_letter_lies(box: Mailbox) -> None:
    store, inbox = box.store, box.folders["INBOX"]
    await box.append(inbox, b"x")
    (message,) = await store.read(lambda tx: tx.session.row("SELECT id FROM message"))  # type: ignore[attr-defined]
    (place,) = await store.read(lambda tx: tx.trails.find_folders(box.account, message))
    assert place.folder == "INBOX"
    assert await store.read(lambda tx: tx.trails.find_folders(box.account, message + 1)) == []
