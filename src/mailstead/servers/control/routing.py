"""`route.*`, `tls-rule.*`, `outbound.test`: the ways out and what is demanded of them. A password is in no answer."""

from contextlib import aclosing
from typing import Any, Final

from mailstead.ground.formats.date import render_rfc3339
from mailstead.ground.model.route import parse_route, shown_route
from mailstead.ground.model.route_rule import RouteRule, Side
from mailstead.ground.model.tls_rule import TlsDemand, TlsRule
from mailstead.servers.control import args as a
from mailstead.servers.control import shapes
from mailstead.servers.control.answers import command_line, say_rows
from mailstead.servers.control.desk import Desk, Json, Operation, Say, Unavailable
from mailstead.services.outbound.trust.rules import list_tls_rules, remove_tls_rule, set_tls_rule
from mailstead.services.spool.route_rules import list_routes, remove_route, set_route

ROUTE: Final = "mailstead.route.v1"
TLS_RULE: Final = "mailstead.tls-rule.v1"
OUTBOUND_TEST: Final = "mailstead.outbound-test.v1"
_REACHED: Final = frozenset({"host", "ours"})
"""Findings that say, where they are good, that a letter would arrive."""


def route_shape(rule: RouteRule, **more: object) -> dict[str, object]:
    """A route without its password."""
    return {
        "schema": ROUTE,
        "side": rule.side.value,
        "name": rule.name,
        "target": shown_route(rule.target),
        "has_password": _has_password(rule),
        "note": rule.note,
        "created_at": render_rfc3339(rule.created_at),
        **more,
    }


def tls_rule_shape(rule: TlsRule, **more: object) -> dict[str, object]:
    """What is demanded for one domain."""
    return {
        "schema": TLS_RULE,
        "domain": rule.domain,
        "demand": rule.demand.value,
        "note": rule.note,
        "created_at": render_rfc3339(rule.created_at),
        **more,
    }


def _has_password(rule: RouteRule) -> bool:
    return bool(parse_route(rule.target).password)


def _add_again(rule: RouteRule) -> dict[str, object]:
    """How to have it back: its password has to be given again."""
    words = ["route", "add", f"--{rule.side.value}", rule.name, shown_route(rule.target)]
    words += ["--note", rule.note] if rule.note else []
    words += ["--password", "-"] if _has_password(rule) else []
    return {"undo": command_line(*words), "undo_asks_password": _has_password(rule)}


async def route_add(desk: Desk, args: a.RouteAdd, _say: Say) -> Json:
    """Set or replace a route."""
    rule, before = await set_route(
        desk.directory, Side(args.side), args.name, args.target, password=args.password, note=args.note,
        dry_run=args.dry_run,
    )  # fmt: skip
    if before is not None:
        return route_shape(rule, **_add_again(before))
    back = command_line("route", "remove", f"--{rule.side.value}", rule.name)
    return route_shape(rule, undo=back, undo_asks_password=False)


async def route_list(desk: Desk, _args: a.Nothing, say: Say) -> Json:
    """All routes."""
    found = await list_routes(desk.directory)
    return await say_rows(say, (route_shape(rule) for rule in found))


async def route_remove(desk: Desk, args: a.RouteName, _say: Say) -> Json:
    """Let letters go the usual way again."""
    gone = await remove_route(desk.directory, Side(args.side), args.name, dry_run=args.dry_run)
    return route_shape(gone, **_add_again(gone)) | {"schema": shapes.REMOVAL}


def _rule_again(rule: TlsRule) -> str:
    words = ["tls-rule", "add", rule.domain, rule.demand.value]
    return command_line(*words, *(["--note", rule.note] if rule.note else []))


async def tls_rule_add(desk: Desk, args: a.TlsRuleAdd, _say: Say) -> Json:
    """Set or replace what is demanded for a domain."""
    rule, before = await set_tls_rule(
        desk.directory, args.domain, TlsDemand(args.demand), note=args.note, dry_run=args.dry_run
    )
    back = _rule_again(before) if before else command_line("tls-rule", "remove", rule.domain)
    return tls_rule_shape(rule, undo=back)


async def tls_rule_list(desk: Desk, _args: a.Nothing, say: Say) -> Json:
    """All rules."""
    found = await list_tls_rules(desk.directory)
    return await say_rows(say, (tls_rule_shape(rule) for rule in found))


async def tls_rule_remove(desk: Desk, args: a.TlsRuleName, _say: Say) -> Json:
    """Demand nothing for a domain any more."""
    gone = await remove_tls_rule(desk.directory, args.domain, dry_run=args.dry_run)
    return tls_rule_shape(gone, undo=_rule_again(gone)) | {"schema": shapes.REMOVAL}


async def outbound_test(desk: Desk, args: a.OutboundTest, say: Say) -> Json:
    """Look at the way to a domain without sending anything."""
    if desk.explore is None:
        raise Unavailable("nothing can be looked at from here")
    is_reached = False
    async with aclosing(desk.explore(args.target)) as findings:
        async for one in findings:
            is_reached = is_reached or (one.is_good is True and one.what in _REACHED)
            await say({"row": {"what": one.what, "good": one.is_good, "words": one.words}})
    return {"schema": OUTBOUND_TEST, "target": args.target, "reached": is_reached}


ROUTING_OPERATIONS: Final[tuple[Operation[Any], ...]] = (
    Operation("route.add", a.RouteAdd, route_add),
    Operation("route.list", a.Nothing, route_list),
    Operation("route.remove", a.RouteName, route_remove),
    Operation("outbound.test", a.OutboundTest, outbound_test),
    Operation("tls-rule.add", a.TlsRuleAdd, tls_rule_add),
    Operation("tls-rule.list", a.Nothing, tls_rule_list),
    Operation("tls-rule.remove", a.TlsRuleName, tls_rule_remove),
)
