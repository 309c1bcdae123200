"""Connections for the next letter, and how many a destination bears."""

import asyncio
from dataclasses import replace

import pytest

from mailstead.ground.model.attempt import Ending, Health
from mailstead.ground.model.route import Route
from mailstead.services.outbound.pool import FIRST_LIMIT, Destination, Pool
from mailstead.services.outbound.story import Setback
from tests.support.outbound_scene import endings, names_of, outbound, parcel, settings, statuses
from tests.support.peer import Act, Peer

HERE, THERE = Destination("b.test", Route()), Destination("c.test", Route())


async def turns() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def test_one_connection_for_many_letters() -> None:
    names = names_of()
    async with Peer("PIPELINING").listen() as peer, outbound(names) as out:
        for _ in range(5):
            assert endings(await out.attempt(parcel(port=peer.port))) == [Ending.RELAYED]
        assert peer.connections == 1
        assert [kind for kind, _ in names.asked] == ["mx", "aaaa", "a"]
    assert len(peer.letters) == 5
    assert "RSET" not in peer.commands


async def test_not_for_another_route_and_not_for_ever() -> None:
    async with Peer().listen() as peer, outbound(max_uses=2) as out:
        for _ in range(3):
            await out.attempt(parcel(port=peer.port))
        assert peer.connections == 2
        await out.attempt(parcel(route=Route(host="mx.b.test", port=peer.port)))
        assert peer.connections == 3


async def test_idle_ones_take_leave() -> None:
    quits = asyncio.Event()

    def bye(_: bytes) -> bytes:
        quits.set()
        return b"221 bye"

    async with Peer(QUIT=bye).listen() as peer, outbound(idle=0.01) as out:
        await out.attempt(parcel(port=peer.port))
        async with asyncio.timeout(10):
            await quits.wait()
        await out.attempt(parcel(port=peer.port))
        assert peer.connections == 2


async def test_closing_takes_leave() -> None:
    quits = asyncio.Event()

    def bye(_: bytes) -> bytes:
        quits.set()
        return b"221 bye"

    async with Peer(QUIT=bye).listen() as peer:
        async with outbound() as out:
            await out.attempt(parcel(port=peer.port))
        async with asyncio.timeout(10):
            await quits.wait()
        late = await out.attempt(parcel(port=peer.port))
    assert (endings(late), statuses(late)) == ([Ending.DEFERRED], ["4.3.2"])


@pytest.mark.parametrize("act", [Act.CLOSE, b"421 4.4.2 idle too long", Act.GARBAGE, b"451 not again"])
async def test_a_stale_one_tells_nothing_of_the_host(act: object) -> None:
    async with Peer("PIPELINING", MAIL=[b"250 ok", act, b"250 ok"]).listen() as peer, outbound() as out:
        await out.attempt(parcel(port=peer.port))
        attempt = await out.attempt(parcel(port=peer.port))
    assert endings(attempt) == [Ending.RELAYED]
    assert attempt.health is Health.GOOD
    assert peer.connections == 2


async def test_a_limit_of_all() -> None:
    pool = Pool(settings(max_connections=2))
    await pool.enter(HERE)
    await pool.enter(HERE)
    waiting = [asyncio.create_task(pool.enter(where)) for where in (HERE, THERE)]
    await turns()
    assert not any(task.done() for task in waiting)
    pool.leave(HERE)
    await turns()
    assert [task.done() for task in waiting] == [True, False]
    pool.leave(HERE)
    await turns()
    assert waiting[1].done()
    assert pool.in_use == 2


async def test_a_limit_that_is_learned() -> None:
    pool = Pool(settings(max_per_destination=8))
    assert pool.limit_of(HERE) == FIRST_LIMIT
    for _ in range(100):
        await pool.enter(HERE)
        pool.leave(HERE, went_well=True)
    assert pool.limit_of(HERE) == 8
    for limit in (4, 2, 1, 1):
        await pool.enter(HERE)
        pool.leave(HERE, is_busy=True)
        assert pool.limit_of(HERE) == limit
    assert pool.limit_of(THERE) == FIRST_LIMIT


async def test_waiters_are_bounded_and_let_go() -> None:
    pool = Pool(settings(max_per_destination=1, max_waiting=1))
    await pool.enter(HERE)
    waiting = asyncio.create_task(pool.enter(HERE))
    await turns()
    with pytest.raises(Setback) as caught:
        await pool.enter(HERE)
    assert caught.value.is_busy
    pool.close()
    with pytest.raises(Setback):
        await waiting
    pool.leave(HERE)
    assert pool.in_use == 0


@pytest.mark.parametrize("is_admitted", [True, False])
async def test_a_waiter_that_is_cancelled(is_admitted: bool) -> None:
    pool = Pool(settings(max_per_destination=1))
    await pool.enter(HERE)
    waiting = asyncio.create_task(pool.enter(HERE))
    await turns()
    if is_admitted:
        pool.leave(HERE)
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    if not is_admitted:
        pool.leave(HERE)
    assert pool.in_use == 0
    await pool.enter(HERE)


async def test_idle_ones_make_room() -> None:
    names = names_of()
    names.add("mx", "c.test", *(await names.mx("b.test")).records)
    async with Peer().listen() as peer, outbound(names, max_connections=1) as out:
        await out.attempt(parcel("x@b.test", port=peer.port))
        await out.attempt(parcel("x@c.test", port=peer.port))
        await out.attempt(parcel("x@b.test", port=peer.port))
        assert peer.connections == 3
    assert len(peer.letters) == 3


async def test_busy_is_told() -> None:
    async with Peer(greeting=b"450 4.7.1 too many connections").listen() as peer, outbound() as out:
        attempt = await out.attempt(parcel(port=peer.port))
    assert (attempt.health, attempt.why) == (Health.BUSY, "450 4.7.1 too many connections")


async def test_many_at_once() -> None:
    async with Peer("PIPELINING").listen() as peer, outbound(max_per_destination=3) as out:
        attempts = await asyncio.gather(*(out.attempt(parcel(port=peer.port)) for _ in range(30)))
        assert all(endings(attempt) == [Ending.RELAYED] for attempt in attempts)
        assert peer.connections <= 3
    assert len(peer.letters) == 30


async def test_the_next_letter_is_its_own() -> None:
    async with Peer("PIPELINING", RCPT=[b"250 ok", b"550 no", b"250 ok"]).listen() as peer, outbound() as out:
        made = [parcel(f"u{n}@b.test", port=peer.port) for n in range(3)]
        results = [await out.attempt(replace(one, id=n)) for n, one in enumerate(made)]
    assert [endings(one)[0] for one in results] == [Ending.RELAYED, Ending.FAILED, Ending.RELAYED]
    assert peer.commands.count("RSET") == 1
