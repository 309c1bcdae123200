"""`policy.*`: what domains want, and the template of new ones."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

from mailstead.ground.formats.date import render_rfc3339
from mailstead.ground.model.policy import TEMPLATE, Profile, take_profile
from mailstead.ground.model.policy_columns import (
    COLUMNS,
    IDENTITY,
    KINDS,
    Column,
    change,
    differences,
    find_column,
    read_words,
    write_grouped,
)
from mailstead.servers.control import args as a
from mailstead.servers.control.answers import command_line
from mailstead.servers.control.desk import Desk, Json, Operation, Say
from mailstead.services.checks.what_if import Flip, WhatIf
from mailstead.services.policy import editing
from mailstead.services.policy.editing import Edited

POLICY: Final = "mailstead.policy.v1"
CHANGE: Final = "mailstead.policy-change.v1"
WHAT_IF: Final = "mailstead.what-if.v1"
SAID_TO_ADD: Final = frozenset({"default_quota", "max_users", "catchall_email"})
"""Columns that `domain add` has options for."""


async def show(desk: Desk, args: a.PolicyShow, _say: Say) -> Json:
    """All groups of one domain."""
    sheet = await editing.show(desk.directory, args.domain)
    changed = sheet.policy.changed_at
    return {
        "schema": POLICY,
        "domain": args.domain,
        "version": sheet.policy.version,
        "changed_at": render_rfc3339(changed) if changed else None,
        **write_grouped(sheet),
    }


async def set_(desk: Desk, args: a.PolicySet, _say: Say) -> Json:
    """Change fields."""
    values = read_words(args.values)
    return _shape(await editing.edit(desk.directory, args.domain, values, dry_run=args.dry_run))


async def reset(desk: Desk, args: a.PolicyReset, _say: Say) -> Json:
    """Take fields back to what a new domain would have."""
    columns = _columns(args.fields)
    return _shape(await editing.reset(desk.directory, args.domain, columns, dry_run=args.dry_run))


async def profile(desk: Desk, args: a.PolicyProfile, _say: Say) -> Json:
    """Take checks and limits from a profile."""
    chosen = Profile(args.profile)
    return _shape(await editing.choose_profile(desk.directory, args.domain, chosen, dry_run=args.dry_run))


async def what_if(desk: Desk, args: a.PolicyWhatIf, say: Say) -> Json:
    """Letters of the last days under another policy; nothing is changed."""
    before = await editing.show(desk.directory, args.domain)
    chosen = take_profile(before.policy, Profile(args.profile)) if args.profile else before.policy
    after = change(replace(before, policy=chosen), read_words(args.values))
    domain = (await editing.find(desk.directory, args.domain)).row.name
    replayed = await WhatIf(desk.directory.store, desk.directory.clock).replay(
        domain, before.policy, after.policy, days=args.days, limit=args.limit
    )
    for flip in replayed.flips:
        await say({"row": _flip(flip)})
    return {
        "schema": WHAT_IF,
        "domain": domain,
        "since": render_rfc3339(replayed.since),
        "letters": replayed.letters,
        "left_out": replayed.left_out,
        "flipped": replayed.flipped,
        "counts": {f"{was.value} -> {is_now.value}": count for (was, is_now), count in replayed.counts.most_common()},
        "is_cut": replayed.is_cut,
    }


def _flip(flip: Flip) -> Json:
    return {
        "at": render_rfc3339(flip.at),
        "message_id": flip.message_id,
        "from": flip.sender,
        "to": flip.recipient,
        "ip": flip.ip,
        "before": flip.before.action.value,
        "after": flip.after.action.value,
        "reasons_before": flip.before.words,
        "reasons_after": flip.after.words,
        "rules": [charge.rule for charge in flip.after.charges if charge.rule],
        "is_open": flip.is_open,
    }


async def commands_to_restore(desk: Desk, domain: str) -> str:
    """What follows `domain add` to have the policy back that a domain has now; "" if it is that of any new one."""
    wanted, given = await editing.show(desk.directory, domain), await editing.show(desk.directory, TEMPLATE)
    words = [
        f"{column.dotted}={_word(column.of(wanted))}"
        for column in differences(given, wanted)
        if column.flat not in SAID_TO_ADD
    ]
    return " && " + command_line("policy", "set", "--domain", domain, *words) if words else ""


def _columns(names: Sequence[str]) -> list[Column]:
    if not names:
        return [column for column in COLUMNS if column.group != IDENTITY]
    found: list[Column] = []
    for name in names:
        found += [Column(name, field) for field in KINDS[name]] if name in KINDS else [find_column(name)]
    return found


def _shape(edited: Edited) -> Json:
    changes = edited.differences
    back = [f"{column.dotted}={_word(before)}" for column, (before, _) in changes.items()]
    where = ("default", "set") if edited.domain == TEMPLATE else ("set", "--domain", edited.domain)
    return {
        "schema": CHANGE,
        "domain": edited.domain,
        "version": edited.after.policy.version,
        "changes": [
            {"field": column.dotted, "before": before, "after": after} for column, (before, after) in changes.items()
        ],
        "undo": command_line("policy", *where, *back) if back else None,
    }


def _word(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


POLICY_OPERATIONS: Final[tuple[Operation[Any], ...]] = (
    Operation("policy.show", a.PolicyShow, show),
    Operation("policy.set", a.PolicySet, set_),
    Operation("policy.reset", a.PolicyReset, reset),
    Operation("policy.profile", a.PolicyProfile, profile),
    Operation("policy.what-if", a.PolicyWhatIf, what_if),
)
