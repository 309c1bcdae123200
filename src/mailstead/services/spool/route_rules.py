"""What an administrator does with the ways out."""

from functools import partial
from typing import Final

from mailstead.ground.model.address import Address, canonical_domain
from mailstead.ground.model.errors import Invalid, NotFound
from mailstead.ground.model.ids import Instant
from mailstead.ground.model.route import parse_route, shown_route, with_password
from mailstead.ground.model.route_rule import RouteRule, Side
from mailstead.services.accounts.directory import Directory, get_domain
from mailstead.services.spool.ways import lane_of
from mailstead.store.port import ReadTx, Tx

RULES_AT_ONCE: Final = 200
NOTE_MAX: Final = 200


async def set_route(
    directory: Directory, side: Side, name: str, target: str, *, password: str = "", note: str = "",
    dry_run: bool = False,
) -> tuple[RouteRule, RouteRule | None]:  # fmt: skip
    """Set or replace; gives the new one and what was there. NotFound (a sender's domain that is not ours), Invalid."""
    rule = RouteRule(
        side=side, name=_read_name(side, name), target=_read_target(target, password), note=_read_note(note),
        created_at=directory.clock.now(),
    )  # fmt: skip

    async def unit(tx: Tx) -> RouteRule | None:
        await _check_domain(tx, rule)
        before = await tx.routes.find_route(rule.side, rule.name)
        await tx.routes.put_route(rule)
        if rule.side is Side.TO:
            await _let_go(tx, rule.name)
        if before is not None:
            await _let_go(tx, lane_of(before.target, before.name))
        was = _facts(before) if before else None
        await directory.record(tx, "route.set", rule.name, before=was, after=_facts(rule))
        return before

    return rule, await directory.commit(unit, dry_run=dry_run)


async def remove_route(directory: Directory, side: Side, name: str, *, dry_run: bool = False) -> RouteRule:
    """Let the letters of a name go the usual way again; gives what was there. NotFound."""
    wanted = _read_name(side, name)

    async def unit(tx: Tx) -> RouteRule:
        rule = await tx.routes.find_route(side, wanted)
        if rule is None:
            raise NotFound(f"there is no route {side.value} {wanted} (mailstead route list)")
        await tx.routes.drop_route(side, wanted)
        await _let_go(tx, lane_of(rule.target, rule.name))
        await directory.record(tx, "route.removed", rule.name, before=_facts(rule))
        return rule

    return await directory.commit(unit, dry_run=dry_run)


async def list_routes(directory: Directory) -> list[RouteRule]:
    """All, by name."""
    rules: list[RouteRule] = []
    after = ("", "")
    while found := await directory.store.read(partial(_read_rules, after)):
        rules += found
        after = found[-1].name, found[-1].side.value
    return rules


async def _read_rules(after: tuple[str, str], tx: ReadTx) -> list[RouteRule]:
    return await tx.routes.list_routes(after=after, limit=RULES_AT_ONCE)


def _facts(rule: RouteRule) -> dict[str, object]:
    """Without its password."""
    return {"side": rule.side.value, "target": shown_route(rule.target), "note": rule.note}


async def _check_domain(tx: Tx, rule: RouteRule) -> None:
    """Senders are ours, recipients are not: ours are found here, or handed off."""
    if rule.side is Side.FROM:
        await get_domain(tx, rule.name.rpartition("@")[2])
    elif await tx.directory.find_domain(rule.name) is not None:
        raise Invalid(f"{rule.name} is ours: mailstead domain set {rule.name} --hand-off says who keeps its mail")


async def _let_go(tx: Tx, lane: str) -> None:
    """Those who wait for a hop that could not be reached need wait no longer: there is another way."""
    await tx.spool.pause(lane, until=Instant(0), reason="", failures=0)


def _read_name(side: Side, name: str) -> str:
    if "@" not in name:
        return canonical_domain(name)
    if side is Side.TO:
        raise Invalid(f"{name!r} is no domain: routes to recipients go by their domains")
    return Address.parse(name).key


def _read_target(target: str, password: str) -> str:
    route = parse_route(target)
    if route.password:
        raise Invalid("a route is given without its password, which is given beside it")
    if route.login and not password:
        raise Invalid(f"{target} names a user: say the password too")
    return with_password(target, password) if password else target


def _read_note(note: str) -> str:
    if len(note) > NOTE_MAX or not note.isprintable():
        raise Invalid(f"a note is one line of at most {NOTE_MAX} characters")
    return note
