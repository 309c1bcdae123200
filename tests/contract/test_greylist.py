"""Greylisting's rows keep their promises on both engines."""

import asyncio
from typing import Any

import pytest

from mailstead.ground.model.greylist import Friend, Known, Triplet
from mailstead.ground.model.ids import Instant
from mailstead.store.port.greylist import Seen
from mailstead.store.sql import greylist as sql
from tests.support.stores import AnyStore

NOW = 1_800_000_000_000
EVE = Triplet("home.test", "192.0.2.0/24", "eve@far.test", "ann@home.test")


def seen(triplet: Triplet = EVE, at: int = 0, *, until: int = 1000, forgotten: int = -1) -> Seen:
    return Seen(triplet, Instant(NOW + at), Instant(NOW + until), Instant(forgotten))


def by(sender: str) -> Triplet:
    return Triplet(EVE.domain, EVE.client, sender, EVE.recipient)


async def note(store: AnyStore, kind: str, *notes: Seen) -> None:
    await store.write(lambda tx: getattr(tx.greylist, f"note_{kind}")(notes))


async def find(store: AnyStore, triplet: Triplet = EVE) -> tuple[Known | None, Friend | None]:
    async def unit(tx: Any) -> tuple[Known | None, Friend | None]:
        friend = await tx.greylist.find_friend(triplet.domain, triplet.client, triplet.sender_domain)
        return await tx.greylist.find_triplet(triplet), friend

    return await store.read(unit)


async def counts(store: AnyStore) -> tuple[int, int]:
    row: Any = await store.write(lambda tx: tx.greylist._count())
    return row[0], row[1]


def known(first: int, passed: int | None, last: int) -> Known:
    return Known(Instant(NOW + first), None if passed is None else Instant(NOW + passed), Instant(NOW + last))


async def test_the_earlier_first_try_stays(store: AnyStore) -> None:
    assert await find(store) == (None, None)
    await note(store, "first", seen(at=5))
    await note(store, "first", seen(at=7))
    assert await find(store) == (known(5, None, 5), None)
    await note(store, "first", seen(at=3))
    found, _ = await find(store)
    assert found is not None
    assert found.first_at == NOW + 3


async def test_who_comes_again_counts_once(store: AnyStore) -> None:
    await note(store, "first", seen(), seen(by("mal@far.test")))
    await asyncio.gather(*(note(store, "passed", seen(at=9)) for _ in range(5)))
    assert await find(store) == (known(0, 9, 9), Friend(1, Instant(NOW + 9)))
    await note(store, "passed", seen(by("mal@far.test"), at=10))
    await note(store, "passed", seen(by("never@far.test"), at=11))
    assert await find(store) == (known(0, 9, 9), Friend(2, Instant(NOW + 10)))
    assert await counts(store) == (2, 1)
    await note(store, "seen", seen(at=20, until=2000))
    await note(store, "seen", seen(at=15))
    assert await find(store) == (known(0, 9, 20), Friend(2, Instant(NOW + 20)))


async def test_what_is_forgotten_begins_anew(store: AnyStore) -> None:
    await note(store, "first", seen())
    await note(store, "passed", seen(at=9))
    await note(store, "first", seen(at=500, forgotten=NOW + 8))
    assert await find(store) == (known(0, 9, 9), Friend(1, Instant(NOW + 9))), "it was seen since"
    await note(store, "first", seen(at=500, forgotten=NOW + 9))
    found, _ = await find(store)
    assert found == known(500, None, 500)
    assert await counts(store) == (0, 1)
    await note(store, "passed", seen(at=1500, until=9000))
    assert await find(store) == (known(500, 1500, 1500), Friend(1, Instant(NOW + 1500))), "the old friendship was over"
    assert await counts(store) == (1, 1)


async def test_first_tries_are_a_ring(store: AnyStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sql, "WAITING_MAX", 10)
    await note(store, "first", seen())
    await note(store, "passed", seen(at=1))
    for start in range(0, 60, 6):
        await note(store, "first", *(seen(by(f"{'x' * n}@far.test"), at=n) for n in range(start + 1, start + 7)))
    rows = await store.read(lambda tx: tx.greylist.list_triplets())
    waiting = [triplet.sender for _, triplet, known in rows if known.passed_at is None]
    assert len(waiting) == 10
    assert waiting[-1] == f"{'x' * 60}@far.test"
    assert rows[0][1] == EVE, "whoever came again stays"


async def test_past_a_bound_nothing_is_learned(store: AnyStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sql, "PASSED_MAX", 2)
    monkeypatch.setattr(sql, "FRIENDS_MAX", 1)
    triplets = [by(f"a@{name}.test") for name in ("one", "two", "three")]
    await note(store, "first", *map(seen, triplets))
    await note(store, "passed", *(seen(triplet, at=1) for triplet in triplets))
    assert await counts(store) == (2, 1)
    assert [await find(store, triplet) for triplet in triplets] == [
        (known(0, 1, 1), Friend(1, Instant(NOW + 1))), (known(0, 1, 1), None), (known(0, None, 0), None),
    ]  # fmt: skip


async def test_what_has_run_out_goes_in_steps(store: AnyStore) -> None:
    triplets = [by(f"{'x' * n}@far{n}.test") for n in range(1, 6)]
    await note(store, "first", *(seen(triplet, until=n) for n, triplet in enumerate(triplets)))
    await note(store, "passed", *(seen(triplet, at=0, until=n) for n, triplet in enumerate(triplets)))

    async def forget() -> int:
        return await store.write(lambda tx: tx.greylist.forget_expired(now=Instant(NOW + 2), limit=4))

    assert [await forget() for _ in range(3)] == [4, 2, 0]
    assert await counts(store) == (2, 2)


@pytest.mark.parametrize(
    ("wanted", "left"),
    [
        ({"sender": "a@far.test"}, {"a_b@far.test", "b@else.test"}),
        ({"sender": "@far.test"}, {"b@else.test"}),
        ({"client": "192.0.2.0/24"}, set()),
        ({"domain": "other.test"}, {"a@far.test", "a_b@far.test", "b@else.test"}),
        ({"sender": "a!b@far.test"}, {"a@far.test", "a_b@far.test", "b@else.test"}),
    ],
)
async def test_strangers_are_made_by_hand(store: AnyStore, wanted: dict[str, str], left: set[str]) -> None:
    await note(store, "first", *(seen(by(sender)) for sender in ("a@far.test", "a_b@far.test", "b@else.test")))
    await note(store, "passed", seen(by("a@far.test"), at=1))
    what = {"domain": "", "client": "", "sender": "", **wanted}
    while await store.write(lambda tx: tx.greylist.forget(**what, limit=2)):
        pass
    rows = await store.read(lambda tx: tx.greylist.list_triplets())
    assert {triplet.sender for _, triplet, _ in rows} == left
    passed, friends = await counts(store)
    assert passed == len({"a@far.test"} & left)
    assert friends == len(await store.read(lambda tx: tx.greylist.list_friends()))


async def test_pages_go_on(store: AnyStore) -> None:
    await note(store, "first", *(seen(by(f"{'x' * n}@far{n}.test")) for n in range(1, 6)))
    await note(store, "passed", *(seen(by(f"{'x' * n}@far{n}.test"), at=1) for n in (1, 2, 3)))
    first = await store.read(lambda tx: tx.greylist.list_triplets(limit=3))
    rest = await store.read(lambda tx: tx.greylist.list_triplets(after=first[-1][0]))
    assert [len(first), len(rest)] == [3, 2]
    assert len(await store.read(lambda tx: tx.greylist.list_triplets(only_waiting=True))) == 2
    assert await store.read(lambda tx: tx.greylist.list_triplets(domain="other.test")) == []
    friends = await store.read(lambda tx: tx.greylist.list_friends(limit=2))
    more = await store.read(lambda tx: tx.greylist.list_friends(after=friends[-1][0]))
    assert [len(friends), len(more)] == [2, 1]
    assert await store.read(lambda tx: tx.greylist.list_friends(domain="other.test")) == []
