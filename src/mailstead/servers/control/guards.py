"""`guards.*`, `suppression.*` and `hold-rule.*`: what keeps others from holding our sending against us."""

from typing import Any, Final

from mailstead.ground.formats.date import render_rfc3339
from mailstead.ground.model.guards import Breaker, HoldRule, Limits, Subject, Suppression
from mailstead.ground.model.ids import Instant
from mailstead.ground.model.rate import Rate, show_rates
from mailstead.servers.control import args as a
from mailstead.servers.control import shapes
from mailstead.servers.control.answers import command_line, say_rows
from mailstead.servers.control.desk import Desk, Json, Operation, Say
from mailstead.services.guards import managing
from mailstead.services.guards.words import DAY

PAUSE = "mailstead.pause.v1"
SENDING_LIMIT = "mailstead.sending-limit.v1"
SUPPRESSION = "mailstead.suppression.v1"
HOLD_RULE = "mailstead.hold-rule.v1"


def _pause_shape(breaker: Breaker, now: Instant) -> dict[str, object]:
    return {
        "schema": PAUSE,
        "scope": breaker.subject.scope.value,
        "name": breaker.subject.name,
        "is_open": breaker.is_open(now),
        "since": render_rfc3339(breaker.opened_at),
        "until": render_rfc3339(breaker.until),
        "strikes": breaker.strikes,
        "reason": breaker.reason,
    }


def _rates_shape(rates: tuple[Rate, ...] | None) -> str:
    """As `guards.limit` takes it."""
    if rates is None:
        return managing.INHERIT
    return show_rates(rates) or managing.UNLIMITED


def _limits_shape(subject: Subject, limits: Limits) -> dict[str, object]:
    return {
        "schema": SENDING_LIMIT,
        "scope": subject.scope.value,
        "name": subject.name,
        "recipients": _rates_shape(limits.recipients),
        "newcomers": _rates_shape(limits.newcomers),
    }


def _suppression_shape(one: Suppression) -> dict[str, object]:
    return {
        "schema": SUPPRESSION,
        "domain": one.domain,
        "address": str(one.address),
        "reason": one.reason,
        "added_at": render_rfc3339(one.added_at),
        "expires_at": None if one.expires_at is None else render_rfc3339(one.expires_at),
    }


def _rule_shape(rule: HoldRule) -> dict[str, object]:
    return {
        "schema": HOLD_RULE,
        "id": rule.id,
        "reason": rule.reason,
        "sender": rule.sender,
        "recipient": rule.recipient,
        "domain": rule.domain,
        "destination": rule.destination,
        "account": rule.account,
        "min_size": rule.min_size,
        "created_at": render_rfc3339(rule.created_at),
    }


async def guards_status(desk: Desk, args: a.GuardStatus, say: Say) -> Json:
    """Who is paused, and why."""
    now = desk.directory.clock.now()
    found = await managing.list_breakers(desk.directory, only_open=not args.all)
    return await say_rows(say, (_pause_shape(one, now) for one in found))


async def guards_resume(desk: Desk, args: a.GuardResume, _say: Say) -> Json:
    """End pauses by hand."""
    now = desk.directory.clock.now()
    ended = await managing.resume(desk.directory, args.name, dry_run=args.dry_run)
    return {"schema": shapes.REMOVAL, "name": args.name, "pauses": [_pause_shape(one, now) for one in ended],
            "undo": None}  # fmt: skip


async def guards_limit(desk: Desk, args: a.GuardLimit, _say: Say) -> Json:
    """Set what an account, a domain, or everybody may send."""
    change = managing.LimitChange(recipients=args.recipients, newcomers=args.newcomers)
    subject, before, after = await managing.set_limits(desk.directory, args.name, change, dry_run=args.dry_run)
    words = ["guards", "limit", args.name]
    words += ["--recipients", _rates_shape(before.recipients)] if args.recipients is not None else []
    words += ["--new-recipients", _rates_shape(before.newcomers)] if args.newcomers is not None else []
    return {**_limits_shape(subject, after), "undo": command_line(*words)}


async def guards_limits(desk: Desk, _args: a.Nothing, say: Say) -> Json:
    """Limits set by hand."""
    found = await managing.list_limits(desk.directory)
    return await say_rows(say, (_limits_shape(subject, limits) for subject, limits in found))


async def suppression_list(desk: Desk, args: a.DomainFilter, say: Say) -> Json:
    """Recipients that are written to no longer."""
    count, after = 0, ("", "")
    while part := await managing.list_suppressions(desk.directory, args.domain or "", after):
        for one in part:
            await say({"row": _suppression_shape(one)})
        count, after = count + len(part), (part[-1].domain, part[-1].address.key)
    return {"schema": shapes.LIST, "count": count}


async def suppression_add(desk: Desk, args: a.SuppressionAdd, _say: Say) -> Json:
    """Suppress a recipient by hand."""
    made = await managing.add_suppression(
        desk.directory, args.domain, args.address, args.reason, args.days, dry_run=args.dry_run
    )
    back = command_line("suppression", "remove", str(made.address), "--domain", made.domain)
    return {**_suppression_shape(made), "undo": back}


async def suppression_remove(desk: Desk, args: a.SuppressionRemove, _say: Say) -> Json:
    """Write to a recipient again."""
    gone = await managing.remove_suppression(desk.directory, args.domain, args.address, dry_run=args.dry_run)
    words = ["suppression", "add", str(gone.address), "--domain", gone.domain, "--reason", gone.reason]
    if gone.expires_at is not None:
        words += ["--days", str(max(1, -(-(gone.expires_at - desk.directory.clock.now()) // DAY)))]
    return {**_suppression_shape(gone), "schema": shapes.REMOVAL, "undo": command_line(*words)}


async def hold_rule_add(desk: Desk, args: a.HoldRuleAdd, _say: Say) -> Json:
    """Hold what a rule means."""
    new = managing.NewRule(
        reason=args.reason,
        sender=args.sender,
        recipient=args.recipient,
        domain=args.domain,
        destination=args.destination,
        account=args.account,
        min_size=args.min_size,
    )
    made = await managing.add_rule(desk.directory, new, dry_run=args.dry_run)
    return {**_rule_shape(made), "undo": command_line("hold-rule", "remove", str(made.id))}


async def hold_rule_list(desk: Desk, _args: a.Nothing, say: Say) -> Json:
    """All rules."""
    found = await managing.list_rules(desk.directory)
    return await say_rows(say, (_rule_shape(one) for one in found))


async def hold_rule_remove(desk: Desk, args: a.HoldRuleRemove, _say: Say) -> Json:
    """Hold no more for a rule."""
    gone = await managing.remove_rule(desk.directory, args.id, dry_run=args.dry_run)
    words = ["hold-rule", "add", "--reason", gone.reason]
    for option, value in (
        ("--sender", gone.sender), ("--recipient", gone.recipient), ("--domain", gone.domain),
        ("--destination", gone.destination), ("--account", gone.account),
        ("--min-size", str(gone.min_size) if gone.min_size else ""),
    ):  # fmt: skip
        words += [option, value] if value else []
    return {**_rule_shape(gone), "schema": shapes.REMOVAL, "undo": command_line(*words)}


GUARD_OPERATIONS: Final[tuple[Operation[Any], ...]] = (
    Operation("guards.status", a.GuardStatus, guards_status),
    Operation("guards.resume", a.GuardResume, guards_resume),
    Operation("guards.limit", a.GuardLimit, guards_limit),
    Operation("guards.limits", a.Nothing, guards_limits),
    Operation("suppression.list", a.DomainFilter, suppression_list),
    Operation("suppression.add", a.SuppressionAdd, suppression_add),
    Operation("suppression.remove", a.SuppressionRemove, suppression_remove),
    Operation("hold-rule.add", a.HoldRuleAdd, hold_rule_add),
    Operation("hold-rule.list", a.Nothing, hold_rule_list),
    Operation("hold-rule.remove", a.HoldRuleRemove, hold_rule_remove),
)
