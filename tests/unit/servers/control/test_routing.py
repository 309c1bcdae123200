"""`route.*` and `tls-rule.*`, and the hand-off of a domain: what they answer, and that no answer holds a password."""

import shlex

import pytest

from mailstead.ground.model.ids import Instant
from mailstead.ground.model.route_rule import Side
from mailstead.servers.control.desk import Desk
from tests.unit.servers.control.conftest import Admin

RELAY = "smtp://me@relay.test:587?tls=secure"


async def test_the_life_of_a_route(admin: Admin, desk: Desk) -> None:
    args = {"side": "from", "name": "Ann@Example.com", "target": RELAY, "password": "geheim", "note": "for Ann"}
    rehearsed = await admin.ask("route.add", **args, dry_run=True)
    await admin.ask("route.list")
    assert admin.news == []

    made = await admin.ask("route.add", **args)
    assert made == rehearsed
    undo = "mailstead route remove --from ann@example.com"
    assert made == {
        "schema": "mailstead.route.v1", "side": "from", "name": "ann@example.com", "target": RELAY,
        "has_password": True, "note": "for Ann", "created_at": "2027-01-15T08:00:00Z", "undo": undo,
        "undo_asks_password": False,
    }  # fmt: skip
    kept = await desk.directory.store.read(lambda tx: tx.routes.find_route(Side.FROM, "ann@example.com"))
    assert kept is not None
    assert kept.target == "smtp://me:geheim@relay.test:587?tls=secure"

    changed = await admin.ask("route.add", side="from", name="ann@example.com", target="direct")
    words = ["mailstead", "route", "add", "--from", "ann@example.com", RELAY, "--note", "for Ann", "--password", "-"]
    assert shlex.split(changed["undo"]) == words
    assert changed["undo_asks_password"] is True
    assert await admin.ask("route.list") == {"schema": "mailstead.list.v1", "count": 1}
    gone = await admin.ask("route.remove", side="from", name="ann@example.com")
    assert (gone["schema"], gone["undo"]) == (
        "mailstead.removal.v1",
        "mailstead route add --from ann@example.com direct",
    )
    assert await admin.ask("route.remove", side="from", name="ann@example.com") == "not_found"
    assert "geheim" not in str([made, rehearsed, changed, gone, admin.news])


@pytest.mark.parametrize(
    ("kind", "args"),
    [
        ("not_found", {"side": "from", "name": "stranger.test", "target": "direct"}),
        ("not_found", {"side": "from", "name": "ann@stranger.test", "target": "direct"}),
        ("invalid", {"side": "to", "name": "example.com", "target": "direct"}),
        ("invalid", {"side": "to", "name": "ann@far.test", "target": "direct"}),
        ("invalid", {"side": "to", "name": "far.test", "target": "relay.test"}),
        ("invalid", {"side": "to", "name": "far.test", "target": RELAY}),
        ("invalid", {"side": "to", "name": "far.test", "target": "smtp://me:geheim@relay.test"}),
        ("invalid", {"side": "to", "name": "far.test", "target": "smtp://relay.test", "password": "x"}),
        ("invalid", {"side": "to", "name": "far.test", "target": "direct", "note": "two\nlines"}),
        ("usage", {"side": "by", "name": "far.test", "target": "direct"}),
    ],
)
async def test_what_is_refused(admin: Admin, kind: str, args: dict[str, str]) -> None:
    assert await admin.ask("route.add", **args) == kind
    assert "geheim" not in str(admin.error)


async def test_a_new_route_lets_go_who_waits_for_the_old_one(admin: Admin, desk: Desk) -> None:
    until = Instant(desk.directory.clock.now() + 3_600_000)
    store, far = desk.directory.store, {"side": "to", "name": "far.test"}

    async def pause(lane: str) -> None:
        await store.write(lambda tx: tx.spool.pause(lane, until=until, reason="silent", failures=3))

    async def paused() -> list[str]:
        return [lane.destination for lane in await store.read(lambda tx: tx.spool.list_lanes(only_paused=True))]

    await pause("far.test")
    await admin.ask("route.add", **far, target="smtp://me@one.test", password="x", dry_run=True)
    assert await paused() == ["far.test"]
    await admin.ask("route.add", **far, target="smtp://me@one.test", password="x")
    assert await paused() == []
    await pause("smtp://me@one.test")
    await admin.ask("route.add", **far, target="direct")
    assert await paused() == []
    await pause("far.test (direct)")
    await admin.ask("route.remove", **far)
    assert await paused() == []
    await admin.ask("domain.set", name="example.com", hand_off="lmtp://one.test")
    await pause("lmtp://one.test")
    await admin.ask("domain.set", name="example.com", hand_off="lmtp://two.test")
    assert await paused() == []


async def test_the_life_of_a_tls_rule(admin: Admin) -> None:
    await admin.ask("tls-rule.add", domain="far.test", demand="secure", dry_run=True)
    assert (await admin.ask("tls-rule.list"))["count"] == 0
    made = await admin.ask("tls-rule.add", domain="FAR.test", demand="secure", note="they asked")
    assert made == {
        "schema": "mailstead.tls-rule.v1", "domain": "far.test", "demand": "secure", "note": "they asked",
        "created_at": "2027-01-15T08:00:00Z", "undo": "mailstead tls-rule remove far.test",
    }  # fmt: skip
    changed = await admin.ask("tls-rule.add", domain="far.test", demand="dane-only")
    assert changed["undo"] == "mailstead tls-rule add far.test secure --note 'they asked'"
    await admin.ask("tls-rule.list")
    assert [row["demand"] for row in admin.news] == ["dane-only"]
    gone = await admin.ask("tls-rule.remove", domain="far.test")
    assert (gone["schema"], gone["undo"]) == ("mailstead.removal.v1", "mailstead tls-rule add far.test dane-only")
    assert await admin.ask("tls-rule.remove", domain="far.test") == "not_found"
    assert await admin.ask("tls-rule.add", domain="far.test", demand="much") == "usage"
    assert await admin.ask("tls-rule.add", domain="-", demand="may") == "invalid"


async def test_a_domain_is_handed_off(admin: Admin) -> None:
    store = "lmtp://store.test:24"
    await admin.ask("domain.add", name="far.test", hand_off=store, dry_run=True)
    made = await admin.ask("domain.add", name="far.test", hand_off=store, verify=False)
    assert (made["hand_off"], made["verify"]) == (store, False)
    changed = await admin.ask("domain.set", name="far.test", hand_off="none", verify=True)
    assert (changed["hand_off"], changed["verify"]) == (None, True)
    assert changed["undo"] == f"mailstead domain set far.test --hand-off {store} --verify no"
    await admin.ask("domain.set", name="far.test", hand_off="lmtp:/run/store.sock", dry_run=True)
    shown = await admin.ask("domain.show", name="far.test")
    assert (shown["hand_off"], shown["default_quota"]) == (None, made["default_quota"])
    await admin.ask("domain.set", name="far.test", hand_off=store)
    await admin.ask("alias.add", address="ann@example.com", targets=["ann@far.test"])  # whoever that is there
    gone = await admin.ask("domain.remove", name="far.test")
    assert gone["undo"].endswith(f" --hand-off {store}")


@pytest.mark.parametrize("hand_off", ["direct", "store.test", "smtp://me@store.test", "smtp://me:x@store.test"])
async def test_a_hand_off_leads_to_a_host(admin: Admin, hand_off: str) -> None:
    assert await admin.ask("domain.set", name="example.com", hand_off=hand_off) == "invalid"


async def test_what_is_handed_off_is_not_caught_here(admin: Admin) -> None:
    catchall = {"name": "far.test", "hand_off": "lmtp://store.test", "catchall": "ann@example.com"}
    assert await admin.ask("domain.add", **catchall) == "invalid"
    alias = {"name": "far.test", "hand_off": "lmtp://store.test", "alias_of": "example.com"}
    assert await admin.ask("domain.add", **alias) == "invalid"
