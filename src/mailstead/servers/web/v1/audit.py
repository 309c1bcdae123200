"""`/audit`: who changed what, and whether that is still as it was written down."""

from datetime import UTC, datetime
from typing import Annotated, Any, Final

import msgspec

from mailstead.ground.formats.date import render_rfc3339
from mailstead.ground.model.audit import Entry, Sought
from mailstead.ground.model.errors import Invalid
from mailstead.ground.model.ids import Instant
from mailstead.ground.model.permission import Reach
from mailstead.servers.web.refusals import Refused
from mailstead.servers.web.v1.cursors import number_of, page_of
from mailstead.servers.web.v1.endpoint import Call, Endpoint, Page, PageQuery, Query, Text
from mailstead.services.accounts import auditing

Moment = Annotated[str, msgspec.Meta(max_length=40, description="RFC 3339, such as 2027-01-15T08:00:00Z.")]


class ChangeShown(msgspec.Struct, frozen=True, kw_only=True):
    """One change: of what differs, the value before and after. Secrets are never told."""

    number: int
    at: str
    who: str
    through: str
    address: str
    action: str
    subject: str
    domain: str
    before: dict[str, Any] | None
    after: dict[str, Any] | None
    hash: str


class Verified(msgspec.Struct, frozen=True, kw_only=True):
    """Whether the chain is whole; else the first entry that is not, and why. `head` is worth keeping elsewhere."""

    whole: bool
    entries: int
    head: str
    broken_at: int | None
    reason: str | None


class AuditQuery(PageQuery, frozen=True, kw_only=True):
    """All that is given must hold; `action` may be the part before the dot."""

    who: Text = ""
    action: Text = ""
    subject: Text = ""
    domain: Text = ""
    since: Moment = ""
    until: Moment = ""


class VerifyQuery(Query, frozen=True, kw_only=True):
    """`known` is a head noted earlier."""

    known: Text = ""


def read_moment(text: str) -> Instant | None:
    """None for nothing; Invalid."""
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text)
        zoned = moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
        return Instant(int(zoned.timestamp() * 1000))
    except (ValueError, OverflowError) as error:
        raise Invalid(f"{text[:40]!r} is no time: write it as 2027-01-15T08:00:00Z") from error


def _show(entry: Entry) -> ChangeShown:
    return ChangeShown(
        number=entry.number, at=render_rfc3339(entry.at), who=entry.actor.name, through=entry.actor.through.value,
        address=entry.actor.address, action=entry.action, subject=entry.subject, domain=entry.domain,
        before=msgspec.json.decode(entry.before) if entry.before else None,
        after=msgspec.json.decode(entry.after) if entry.after else None, hash=entry.hash,
    )  # fmt: skip


async def list_(call: Call[AuditQuery, None]) -> Page[ChangeShown]:
    """The latest first."""
    query = call.query
    within = (call.sight.need_domain(query.domain.lower()),) if query.domain else call.sight.domains
    sought = Sought(
        who=query.who, action=query.action, subject=query.subject, domains=within,
        since=read_moment(query.since), until=read_moment(query.until),
    )  # fmt: skip
    found = await auditing.list_entries(call.directory, sought, before=number_of(query), limit=query.limit + 1)
    return page_of(found, query, _show, lambda entry: str(entry.number))


async def verify(call: Call[VerifyQuery, None]) -> Verified:
    """All of it: for those who see all of it."""
    if call.sight.reach is not Reach.ALL:
        raise Refused(403, "forbidden", "the chain is of the whole server", "ask an administrator")
    known = auditing.read_head(call.query.known) if call.query.known else None
    found = await auditing.verify(call.directory, known)
    return Verified(
        whole=found.fault is None, entries=found.reached.number, head=str(found.head),
        broken_at=found.fault.number if found.fault else None, reason=found.fault.what if found.fault else None,
    )  # fmt: skip


ENDPOINTS: Final = (
    Endpoint(method="GET", path="/audit", name="audit.list", act=list_, query=AuditQuery, answer=Page[ChangeShown],
             resource="audit", words="Changes, the latest first.", refusals=(404,)),
    Endpoint(method="GET", path="/audit/verify", name="audit.verify", act=verify, query=VerifyQuery, answer=Verified,
             resource="audit", words="Follow the chain of hashes from its first entry to its head."),
)  # fmt: skip
