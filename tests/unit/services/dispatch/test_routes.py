"""Which way a letter goes, that a change holds at once, and that a dead relay holds up nobody else."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from mailstead.ground.model.address import Address
from mailstead.ground.model.attempt import Attempt, Ending, Health, Result
from mailstead.ground.model.errors import Invalid
from mailstead.ground.model.ids import BlobId, Instant, SpoolId
from mailstead.ground.model.route import Route, parse_route
from mailstead.ground.model.route_rule import RouteRule, Side
from mailstead.ground.model.spool import LOCAL, Origin, SpooledLetter, SpooledRecipient
from mailstead.services.dispatch.ports import Way
from mailstead.services.dispatch.routes import StoredRoutes
from mailstead.services.outbound.parcel import Parcel
from mailstead.services.spool.outbox import Bundle
from mailstead.services.spool.spooling import put_bundle
from mailstead.store.port import Tx
from tests.support.dispatching import Scene, open_scene
from tests.support.mailbox import NOW, rendered, staged
from tests.support.spooled import letter, recipient

RELAY, PROXY = Route(host="default.test"), ("socks5://proxy.test:1080",)


@pytest.fixture
async def scene(tmp_path: Path) -> AsyncIterator[Scene]:
    async with open_scene(tmp_path) as made:
        yield made


async def put(scene: Scene, side: Side, name: str, target: str) -> None:
    rule = RouteRule(side=side, name=name, target=target, created_at=NOW)
    await scene.store.write(lambda tx: tx.routes.put_route(rule))


async def drop(scene: Scene, side: Side, name: str) -> None:
    await scene.store.write(lambda tx: tx.routes.drop_route(side, name))


async def spool(scene: Scene, one: SpooledLetter, *recipients: SpooledRecipient) -> Bundle:
    """As services do it, by `put_bundle`."""

    async def unit(tx: Tx) -> Bundle:
        blob_id, _ = await tx.blobs.put(staged(one.id + 1_000_000, b"%d" % one.id))
        await tx.messages.put_rendered(BlobId(blob_id), rendered(b"x"))
        return await put_bundle(tx, Bundle(one, recipients), BlobId(blob_id))

    return await scene.store.write(unit)


async def lanes(scene: Scene, number: int) -> list[str]:
    found = await scene.store.read(lambda tx: tx.spool.list_recipients(SpoolId(number)))
    return [one.destination for one in found]


async def test_who_comes_first(scene: Scene) -> None:
    routes = StoredRoutes(scene.store, RELAY, Route(port=2525))
    one, by_hand = letter(1), recipient(1, route="smtp://hand.test")

    async def way(who: SpooledLetter = one, to: SpooledRecipient = by_hand) -> tuple[str, str]:
        found = await routes.find(who, to)
        return found.route.host, found.lane

    plain = recipient(1)
    assert await way(to=plain) == ("default.test", "far.test")
    await put(scene, Side.FROM, "home.test", "smtp://of-domain.test")
    assert await way(to=plain) == ("of-domain.test", "smtp://of-domain.test")
    await put(scene, Side.FROM, "ann@home.test", "smtp://me:geheim@of-ann.test")
    assert await way(to=plain) == ("of-ann.test", "smtp://me@of-ann.test")
    await put(scene, Side.TO, "far.test", "lmtp:/run/far.sock")
    assert await way(to=plain) == ("/run/far.sock", "lmtp:/run/far.sock")
    assert await way() == ("hand.test", "smtp://hand.test")
    forwarded = letter(2, origin=Origin.FORWARDED, sender=Address("ann", "home.test"))
    elsewhere = recipient(1, to="x@elsewhere.test")
    assert await way(forwarded, elsewhere) == ("of-domain.test", "smtp://of-domain.test")  # any stranger may say ann
    assert await way(replace(forwarded, domain=""), elsewhere) == ("default.test", "elsewhere.test")


async def test_direct_is_what_the_operator_says_of_all(scene: Scene) -> None:
    direct = Route(port=2525, proxies=PROXY)
    routes = StoredRoutes(scene.store, replace(RELAY, proxies=PROXY), direct)
    await put(scene, Side.TO, "far.test", "direct")
    assert await routes.find(letter(1), recipient(1)) == Way(direct, "far.test (direct)")
    by_hand = await routes.find(letter(1), recipient(1, route="smtp://hand.test"))
    assert by_hand.route == replace(parse_route("smtp://hand.test"), proxies=PROXY)
    with pytest.raises(Invalid):
        await routes.find(letter(1), recipient(1, route="relay"))


async def test_each_waits_in_the_lane_of_its_hop(scene: Scene) -> None:
    await put(scene, Side.TO, "far.test", "smtp://me:geheim@relay.test")
    handed = recipient(1, 3, "eve@ours.test", destination="lmtp://store.test")
    local = recipient(1, 2, "ann@home.test", destination=LOCAL)
    bundle = await spool(scene, letter(1), recipient(1), recipient(1, 1, "b@near.test"), local, handed)
    expected = ["smtp://me@relay.test", "near.test", LOCAL, "lmtp://store.test"]
    assert await lanes(scene, 1) == [one.destination for one in bundle.recipients] == expected


async def test_the_dead_relay_of_one_sender_holds_up_nobody_else(scene: Scene) -> None:
    """Both write to the same domain."""
    await put(scene, Side.FROM, "ann@home.test", "smtp://dead.test")

    async def attempt(parcel: Parcel) -> Attempt:
        dead = parcel.route.host == "dead.test"
        ending, said = (Ending.DEFERRED, "no answer") if dead else (Ending.DELIVERED, "250 ok")
        results = tuple(Result(one.number, ending, "4.4.1" if dead else "2.0.0", said) for one in parcel.recipients)
        health = Health.DEAD if dead else Health.GOOD
        return Attempt(began_at=NOW, ended_at=NOW, results=results, health=health, why=said)

    scene.carrier.attempt = attempt  # type: ignore[method-assign]
    await spool(scene, letter(1), recipient(1))
    dispatcher = scene.dispatcher()
    dispatcher.start()
    await scene.until(1, "deferred")
    async with asyncio.timeout(5):
        while not (paused := await scene.store.read(lambda tx: tx.spool.list_lanes(only_paused=True))):
            await asyncio.sleep(0.005)
    assert [lane.destination for lane in paused] == ["smtp://dead.test"]
    await spool(scene, letter(2, sender=Address("bob", "home.test")), recipient(2))
    await spool(scene, letter(3), recipient(3))
    dispatcher.wake()
    await scene.until(2, "delivered")
    assert await scene.states(3) == ["active"]  # its lane is paused: nobody runs into the same wall
    await dispatcher.stop(1)


async def test_a_change_holds_for_those_who_wait(scene: Scene) -> None:
    """A route is set and taken away again while letters wait; each is carried the way that holds when it is tried."""
    await spool(scene, letter(1), recipient(1), recipient(1, 1, "b@near.test"))
    await put(scene, Side.TO, "far.test", "smtp://relay.test")
    dispatcher = scene.dispatcher()
    dispatcher.start()
    await scene.until(1, "delivered", "delivered")
    assert {parcel.domain: parcel.route.host for parcel in scene.carrier.parcels} == {
        "far.test": "relay.test",
        "near.test": "",
    }
    assert await lanes(scene, 1) == ["smtp://relay.test", "near.test"]
    await dispatcher.stop(1)

    await put(scene, Side.FROM, "home.test", "smtp://both.test")
    await drop(scene, Side.TO, "far.test")
    await spool(scene, letter(2), recipient(2), recipient(2, 1, "b@near.test"))
    assert await lanes(scene, 2) == ["smtp://both.test", "smtp://both.test"]
    await drop(scene, Side.FROM, "home.test")
    again = scene.dispatcher()
    again.start()
    await scene.until(2, "delivered", "delivered")
    assert await lanes(scene, 2) == ["far.test", "near.test"]
    assert {parcel.route.host for parcel in scene.carrier.parcels[2:]} == {""}
    await again.stop(1)


async def test_what_is_handed_off_follows_its_domain(scene: Scene) -> None:
    routes = StoredRoutes(scene.store, Route(), Route())
    handed, to = letter(1, origin=Origin.HANDED_OFF, domain="ours.test"), recipient(1, to="eve@ours.test")
    await put(scene, Side.FROM, "ours.test", "smtp://wrong.test")

    async def hand_off(target: str) -> None:
        async def unit(tx: Tx) -> None:
            ours = await tx.directory.find_domain("ours.test")
            ours = ours or await tx.directory.insert_domain("ours.test", now=Instant(NOW), default_quota=0)
            await tx.directory.update_domain(replace(ours, hand_off=target))

        await scene.store.write(unit)

    for target in ("lmtp://one.test", "lmtp://two.test:26"):
        await hand_off(target)
        assert await routes.find(handed, to) == Way(parse_route(target), target)
    await hand_off("")
    assert (await routes.find(handed, to)).lane == LOCAL
    elsewhere = letter(2, origin=Origin.HANDED_OFF, domain="gone.test")
    assert (await routes.find(elsewhere, to)).lane == LOCAL
