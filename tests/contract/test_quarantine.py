"""Kept copies on both engines: filters, sums, blobs, digests."""

from dataclasses import replace

import pytest

from mailstead.ground.model.envelope import BodyType
from mailstead.ground.model.errors import NotFound
from mailstead.ground.model.ids import AccountId, BlobId, Instant
from mailstead.ground.model.quarantine import KeptFilter, KeptLetter
from mailstead.store.port.quarantine import KeptSum
from mailstead.store.sql.check import Finding, check
from tests.support.mailbox import NOW, staged
from tests.support.stores import AnyStore

KEPT = KeptLetter(
    id=1, recipient="Ann@home.test", account_id=AccountId(7), kept_at=NOW, sender="Eve@else.test", client_ip="::1",
    body=BodyType.EIGHT_BIT, smtputf8=True, blob_id=BlobId(0), prefix=b"X: y\r\n", size=10, message_id="1@x",
    author="Eve", subject="Grüße", reason="spam", words="because", has_virus=True,
)  # fmt: skip


async def keep(store: AnyStore, number: int, **other: object) -> KeptLetter:
    kept = replace(KEPT, id=number, **other)  # type: ignore[arg-type]

    async def unit(tx: object) -> KeptLetter:
        blob, _ = await tx.blobs.put(staged(900 + number, b"x%d" % number))  # type: ignore[attr-defined]
        whole = replace(kept, blob_id=blob)
        await tx.quarantine.keep(whole)  # type: ignore[attr-defined]
        return whole

    return await store.write(unit)


async def ids(store: AnyStore, wish: KeptFilter = KeptFilter(), **more: int) -> list[int]:  # noqa: B008 - frozen
    return [one.id for one in await store.read(lambda tx: tx.quarantine.list_kept(wish, **more))]


async def test_as_it_was_put(store: AnyStore) -> None:
    kept = await keep(store, 5)
    assert await store.read(lambda tx: tx.quarantine.get_kept(5)) == kept
    with pytest.raises(NotFound):
        await store.read(lambda tx: tx.quarantine.get_kept(6))
    assert [found async for found in check(store) if isinstance(found, Finding)] == []


async def test_filters(store: AnyStore) -> None:
    for number in range(1, 4):
        await keep(store, number, kept_at=Instant(NOW + number))
    await keep(store, 4, recipient="bob@other.test", sender="", reason="virus found")
    assert await ids(store) == [4, 3, 2, 1]
    assert await ids(store, below=3, limit=1) == [2]
    assert await ids(store, KeptFilter(recipient="ann@HOME.test")) == [3, 2, 1]
    assert await ids(store, KeptFilter(recipient="no address")) == []
    assert await ids(store, KeptFilter(domains=("other.test", "third.test"))) == [4]
    assert await ids(store, KeptFilter(domains=())) == []
    assert await ids(store, KeptFilter(domains=("other.test",), recipient="ann@home.test")) == []
    assert await ids(store, KeptFilter(sender="eve@else.test", before=Instant(NOW + 3))) == [2, 1]
    assert await ids(store, KeptFilter(reason="virus found")) == [4]


async def test_sums_and_blobs(store: AnyStore) -> None:
    for number in (1, 2):
        await keep(store, number)
    await keep(store, 3, recipient="bob@other.test")
    assert await store.read(lambda tx: tx.quarantine.sum_kept("home.test")) == KeptSum(2, 20)
    assert await store.read(lambda tx: tx.quarantine.sum_kept("third.test")) == KeptSum()
    assert await store.read(lambda tx: tx.quarantine.list_keepers()) == ["home.test", "other.test"]
    assert sorted(await store.write(lambda tx: tx.quarantine.drop_kept([1, 3, 99], NOW))) == [1, 3]
    assert await store.write(lambda tx: tx.quarantine.drop_kept([1, 3], NOW)) == []
    assert await store.write(lambda tx: tx.quarantine.drop_kept([], NOW)) == []
    assert await store.read(lambda tx: tx.quarantine.list_keepers()) == ["home.test"]
    late = Instant(NOW + 1)
    reaped = await store.write(lambda tx: tx.duties.reap_blobs(unused_since=late))
    assert reaped.count == 2
    assert [found async for found in check(store) if isinstance(found, Finding)] == []


async def test_expiry_in_steps(store: AnyStore) -> None:
    for number in range(1, 5):
        await keep(store, number, kept_at=Instant(NOW + number))
    before = Instant(NOW + 4)
    steps = [await store.write(lambda tx: tx.quarantine.expire_kept("home.test", before, NOW, 2)) for _ in range(3)]
    assert [sorted(step) for step in steps] == [[1, 2], [3], []]
    assert await ids(store) == [4]


async def test_whom_a_digest_tells(store: AnyStore) -> None:
    for number, account in ((1, 7), (2, 7), (3, 8), (4, 0)):
        await keep(store, number, account_id=AccountId(account))

    async def untold(before: int = NOW, after: int = 0) -> list[int]:
        return [*await store.read(lambda tx: tx.quarantine.list_untold(Instant(before), after=after))]

    async def mark(account: int, numbers: list[int], now: int, since: int) -> bool:
        return await store.write(
            lambda tx: tx.quarantine.mark_told(AccountId(account), numbers, Instant(now), since=Instant(since))
        )

    assert await untold() == [7, 8]
    assert await untold(after=7) == [8]
    assert await mark(7, [1], NOW, NOW)
    assert await untold() == [8]
    assert await untold(NOW + 1) == [7, 8]
    assert [one.id for one in await store.read(lambda tx: tx.quarantine.list_untold_of(AccountId(7)))] == [2]
    assert not await mark(7, [2], NOW + 5, NOW)
    assert await mark(7, [2], NOW + 5, NOW + 1)
    assert await untold(NOW + 10) == [8]
