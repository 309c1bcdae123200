"""Duties: leases, the slow removal of what was deleted quickly, and the records of traffic."""

from dataclasses import replace
from typing import Any

import pytest

from mailstead.ground.model.errors import NotFound
from mailstead.ground.model.flags import Flag, Flags
from mailstead.ground.model.ids import Instant
from mailstead.ground.model.uidset import UidSet
from mailstead.store.port.duties import Trace, TraceMark
from mailstead.store.port.trails import Refusal
from tests.support.mailbox import NOW, SEEN, Mailbox, make_mailbox
from tests.support.stores import AnyStore


@pytest.fixture
async def box(store: AnyStore) -> Mailbox:
    return await make_mailbox(store)


async def exhume(store: AnyStore, limit: int) -> list[int]:
    """Steps until there is nothing left."""
    steps = []
    while step := await store.write(lambda tx: tx.duties.exhume(now=NOW, limit=limit)):
        steps.append(step)
    return steps


async def count(store: AnyStore, table: str) -> int:
    async def unit(tx: Any) -> int:
        return int((await tx.session.row(f"SELECT count(*) FROM {table}"))[0])

    return await store.read(unit)


async def test_a_lease_has_one_holder(store: AnyStore) -> None:
    async def claim(holder: str, now: int, until: int) -> bool:
        return await store.write(lambda tx: tx.duties.claim("dispatch", holder, now=Instant(now), until=Instant(until)))

    assert await claim("a", 0, 100)
    assert not await claim("b", 50, 150)
    assert await claim("a", 50, 200)  # kept
    assert not await claim("b", 199, 300)
    assert await claim("b", 200, 300)  # it ran out
    assert not await claim("a", 250, 400)
    await store.write(lambda tx: tx.duties.give_back("dispatch", "a"))  # not its own
    assert not await claim("a", 250, 400)
    await store.write(lambda tx: tx.duties.give_back("dispatch", "b"))
    assert await claim("a", 250, 400)


async def test_a_deleted_folder_is_removed_in_steps(box: Mailbox) -> None:
    inbox, work = box.folders["INBOX"], await box.create("Work")
    for number in range(7):
        await box.append(work, b"%d" % number, SEEN if number % 2 else Flags(Flag.DELETED))
    await box.append(inbox, b"kept")
    await box.copy(work, UidSet(((1, 2),)), inbox)
    await box.delete(work)
    assert (await box.account_row()).used_messages == 8

    assert await exhume(box.store, 3) == [3, 3, 2]
    assert (await box.account_row()).used_messages == 3
    assert (await box.folder(inbox)).messages == 3
    assert await count(box.store, "placement") == 3
    assert await count(box.store, "message") == 3
    assert await count(box.store, "folder") == 6
    assert await count(box.store, "unused_blob") == 5
    assert await exhume(box.store, 3) == []


async def test_an_empty_folder_goes_too(box: Mailbox) -> None:
    await box.delete(await box.create("Work"))
    assert await exhume(box.store, 500) == [1]
    assert await count(box.store, "folder") == 6


async def test_a_buried_account_goes_wholly(store: AnyStore, box: Mailbox) -> None:
    other = await make_mailbox(store, "bob@example.test")
    await other.append(other.folders["INBOX"], b"shared")
    for number in range(5):
        await box.append(box.folders["Archive"], b"%d" % number, Flags.of(Flag.NONE, ("word",)))
    await box.append(box.folders["INBOX"], b"shared")
    await store.write(lambda tx: tx.duties.insert_trace(_trace(box, 1)))
    await store.write(lambda tx: tx.directory.bury_account(box.account, NOW))

    assert sum(await exhume(store, 4)) == 6 + 6 + 6 + 1 + 1  # placements, folders, changes, trace, account
    with pytest.raises(NotFound):
        await box.account_row()
    for table, left in [
        ("account", 1), ("folder", 6), ("placement", 1), ("message", 1), ("change", 1), ("folder_keyword", 0),
        ("trace", 0), ("subscription", 6), ("unused_blob", 5),
    ]:  # fmt: skip
        assert await count(store, table) == left, table
    assert (await other.account_row()).used_messages == 1


async def test_counters_stay_right_between_the_steps(box: Mailbox) -> None:
    work = await box.create("Work")
    for number in range(5):
        await box.append(work, b"%d" % number)
    await box.delete(work)
    used = (await box.account_row()).used_bytes
    assert await box.store.write(lambda tx: tx.duties.exhume(now=NOW, limit=2)) == 2
    assert (await box.account_row()).used_bytes == used * 3 // 5


def _trace(box: Mailbox, message: int) -> Trace:
    return Trace(at=NOW, account_id=box.account, message_id=message, session="s1", story=b"{}")


async def test_traces_come_latest_first(box: Mailbox) -> None:
    for message in (5, 9, 7):
        await box.store.write(lambda tx, message=message: tx.duties.insert_trace(_trace(box, message)))
    found = await box.store.read(lambda tx: tx.duties.list_traces(box.account))
    assert found == [_trace(box, message) for message in (9, 7, 5)]
    assert await box.store.read(lambda tx: tx.duties.list_traces(box.account, 1)) == found[:1]


async def test_traces_of_all_are_walked_backwards(store: AnyStore, box: Mailbox) -> None:
    other = await make_mailbox(store, "bob@example.test")
    await other.append(other.folders["INBOX"], b"kept")
    (message,) = await store.read(lambda tx: tx.session.row("SELECT id FROM message"))
    traces = [replace(_trace(box, 5), at=Instant(NOW - 1)), _trace(box, 6), _trace(other, message)]
    for trace in traces:
        await store.write(lambda tx, trace=trace: tx.duties.insert_trace(trace))
    seen: list[tuple[Trace, str]] = []
    mark = TraceMark(Instant(NOW + 1))
    while step := await store.read(lambda tx, mark=mark: tx.duties.walk_traces(Instant(NOW - 1), mark, 1)):
        seen += step
        mark = step[-1][0].mark
    assert seen == [(traces[2], "id@example.test"), (traces[1], ""), (traces[0], "")]
    assert await store.read(lambda tx: tx.duties.walk_traces(Instant(NOW + 1), TraceMark(Instant(NOW + 9)))) == []


async def test_old_records_of_traffic_go_in_steps(store: AnyStore, box: Mailbox) -> None:
    for number in range(6):
        trace = replace(_trace(box, 10 - number), at=Instant(NOW + number))
        await store.write(lambda tx, trace=trace: tx.duties.insert_trace(trace))
    await store.write(
        lambda tx: tx.trails.insert_refusals(
            [Refusal(at=Instant(NOW + number), domain="", detail=b"{}") for number in range(5)]
        )
    )

    async def forget(before: int) -> int:
        return await store.write(lambda tx: tx.duties.forget_traces(before=Instant(before), limit=3))

    assert [await forget(NOW + 4) for _ in range(4)] == [3, 3, 2, 0]
    assert [trace.at - NOW for trace in await store.read(lambda tx: tx.duties.list_traces(box.account))] == [4, 5]
    assert await count(store, "refusal") == 1
