"""`audit.*`: who changed what, and whether anybody touched what was written down."""

import json
from typing import Annotated, Any, Final

import msgspec

from mailstead.ground.formats.date import render_rfc3339
from mailstead.ground.model.audit import Entry, Sought
from mailstead.ground.model.ids import Instant
from mailstead.servers.control import args as a
from mailstead.servers.control import shapes
from mailstead.servers.control.desk import Desk, Json, Operation, Say
from mailstead.services.accounts import auditing

ENTRY: Final = "mailstead.audit-entry.v1"
VERIFIED: Final = "mailstead.audit-verified.v1"


class AuditList(a.Args, frozen=True, kw_only=True):
    """`audit.list`: all that is given must hold; `within` is in milliseconds."""

    who: a.Text = ""
    action: a.Text = ""
    subject: a.Text = ""
    domain: a.Text = ""
    within: a.Age | None = None
    limit: Annotated[int, msgspec.Meta(ge=1, le=100_000)] = 100


class AuditVerify(a.Args, frozen=True, kw_only=True):
    """`audit.verify`: `known` is a head that was noted earlier."""

    known: a.Text = ""


def entry_shape(entry: Entry) -> dict[str, object]:
    """One change."""
    return {
        "schema": ENTRY,
        "number": entry.number,
        "at": render_rfc3339(entry.at),
        "who": entry.actor.name,
        "through": entry.actor.through.value,
        "address": entry.actor.address,
        "action": entry.action,
        "subject": entry.subject,
        "domain": entry.domain,
        "before": json.loads(entry.before) if entry.before else None,
        "after": json.loads(entry.after) if entry.after else None,
        "hash": entry.hash,
    }


async def list_(desk: Desk, args: AuditList, say: Say) -> Json:
    """Entries, the latest first."""
    now = desk.directory.clock.now()
    sought = Sought(
        who=args.who,
        action=args.action,
        subject=args.subject,
        domains=(args.domain,) if args.domain else None,
        since=None if args.within is None else Instant(now - args.within),
    )
    count, before = 0, None
    while count < args.limit:
        part = await auditing.list_entries(desk.directory, sought, before=before, limit=args.limit - count)
        for entry in part:
            await say({"row": entry_shape(entry)})
        if not part:
            break
        count, before = count + len(part), part[-1].number
    return {"schema": shapes.LIST, "count": count}


async def verify(desk: Desk, args: AuditVerify, _say: Say) -> Json:
    """Follow the chain from its first entry to its head."""
    known = auditing.read_head(args.known) if args.known else None
    found = await auditing.verify(desk.directory, known)
    return {
        "schema": VERIFIED,
        "whole": found.fault is None,
        "entries": found.reached.number,
        "head": str(found.head),
        "broken_at": found.fault.number if found.fault else None,
        "reason": found.fault.what if found.fault else None,
    }


AUDIT_OPERATIONS: Final[tuple[Operation[Any], ...]] = (
    Operation("audit.list", AuditList, list_),
    Operation("audit.verify", AuditVerify, verify),
)
