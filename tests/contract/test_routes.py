"""Routes of the operator keep their promises on both engines."""

from mailstead.ground.model.ids import Instant
from mailstead.ground.model.route_rule import RouteRule, Side
from mailstead.store.port import ReadTx, Tx
from tests.support.mailbox import NOW
from tests.support.spooled import letter, recipient, spool
from tests.support.stores import Engine


def rule(side: Side, name: str, target: str = "smtp://relay.test", note: str = "") -> RouteRule:
    return RouteRule(side=side, name=name, target=target, created_at=NOW, note=note)


async def test_rules(engine: Engine) -> None:
    store = await engine.open()
    to_a, from_a, of_ann = rule(Side.TO, "a.test"), rule(Side.FROM, "a.test"), rule(Side.FROM, "ann@b.test")
    changed = rule(Side.TO, "a.test", "direct", "why")

    async def put(tx: Tx) -> None:
        for one in (to_a, from_a, of_ann):
            await tx.routes.put_route(one)

    await store.write(put)

    async def look(tx: ReadTx) -> tuple[object, ...]:
        routes = tx.routes
        return (
            await routes.list_routes(),
            await routes.list_routes(after=("a.test", "from"), limit=1),
            sorted(await routes.routes_among({"a.test", "x.test"}), key=lambda one: one.side.value),
            await routes.routes_among([]),
            await routes.find_route(Side.FROM, "ann@b.test"),
            await routes.find_route(Side.TO, "ann@b.test"),
        )

    assert await store.read(look) == ([from_a, to_a, of_ann], [to_a], [from_a, to_a], [], of_ann, None)

    async def change(tx: Tx) -> tuple[object, ...]:
        await tx.routes.put_route(changed)
        gone = await tx.routes.drop_route(Side.FROM, "a.test"), await tx.routes.drop_route(Side.FROM, "a.test")
        return (*gone, await tx.routes.list_routes())

    assert await store.write(change) == (True, False, [changed, of_ann])


async def test_only_who_holds_them_moves_recipients(engine: Engine) -> None:
    store = await engine.open()
    await spool(store, letter(1), *(recipient(1, number, f"r{number}@far.test") for number in range(3)))
    until = Instant(NOW + 1000)

    async def move(tx: Tx) -> None:
        await tx.spool.claim("far.test", "me", now=NOW, until=until, limit=2)
        await tx.spool.move(letter(1).id, {0: "smtp://relay.test", 2: "smtp://relay.test"}, "me", now=NOW)
        await tx.spool.move(letter(1).id, {1: "smtp://relay.test"}, "you", now=NOW)

    await store.write(move)
    found = await store.read(lambda tx: tx.spool.list_recipients(letter(1).id))
    assert [(one.destination, one.lease, one.due_at) for one in found] == [
        ("smtp://relay.test", "", NOW),
        ("far.test", "me", until),
        ("far.test", "", NOW),
    ]
    lanes = await store.read(lambda tx: tx.spool.due_lanes(NOW))
    assert [lane.destination for lane in lanes] == ["far.test", "smtp://relay.test"]
