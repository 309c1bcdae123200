"""`/stats` and `/logs`: how the server is, in numbers and in its last words."""

from typing import Final, Literal

import msgspec

from mailstead.ground.model.permission import Reach
from mailstead.servers.web.v1.audit import Moment, read_moment
from mailstead.servers.web.v1.endpoint import PAGE, Call, Endpoint, Limit, Query, Text
from mailstead.telemetry.recent import Told, Wanted, moment

DAY: Final = 86_400_000


class DomainStats(msgspec.Struct, frozen=True, kw_only=True):
    """What the accounts of a domain hold."""

    domain: str
    accounts: int
    used_bytes: int
    used_messages: int


class QueueStats(msgspec.Struct, frozen=True, kw_only=True):
    """Letters and their bytes in one queue."""

    letters: int
    recipients: int
    bytes: int


class Stats(msgspec.Struct, frozen=True, kw_only=True):
    """`counters` count since the program started. What is of the whole server is null for a domain-admin."""

    at: str
    accounts: int
    used_bytes: int
    domains: list[DomainStats]
    filed_today: int | None
    queue: dict[str, QueueStats] | None
    counters: dict[str, float] | None


class LogShown(msgspec.Struct, frozen=True, kw_only=True):
    """One event as the log has it."""

    at: str
    level: str
    event: str
    message: str
    fields: dict[str, str | int | float | bool | None]


class Logs(msgspec.Struct, frozen=True, kw_only=True):
    """The last events of this node, the latest first; older ones are in its log."""

    items: list[LogShown]


class LogsQuery(Query, frozen=True, kw_only=True):
    """`level` is the least; `event` a name or the part before a dot; `text` stands anywhere in it."""

    level: Literal["debug", "info", "warning", "error"] = "debug"
    event: Text = ""
    since: Moment = ""
    until: Moment = ""
    text: Text = ""
    limit: Limit = PAGE


async def stats(call: Call[Query, None]) -> Stats:
    """Counted now, or within the last seconds."""
    counts = await call.site.counts.look()
    domains = [
        DomainStats(
            domain=one.domain, accounts=one.accounts, used_bytes=one.used_bytes, used_messages=one.used_messages
        )
        for one in counts.domains
        if call.sight.sees_domain(one.domain)
    ]
    is_whole = call.sight.reach is Reach.ALL
    queue = {
        state.value: QueueStats(letters=tally.letters, recipients=tally.recipients, bytes=tally.size)
        for state, tally in counts.queue.queues.items()
    }
    return Stats(
        at=moment(counts.at), accounts=sum(one.accounts for one in domains),
        used_bytes=sum(one.used_bytes for one in domains), domains=domains,
        filed_today=counts.filed_today if is_whole else None, queue=queue if is_whole else None,
        counters=dict(await call.site.numbers()) if is_whole else None,
    )  # fmt: skip


async def logs(call: Call[LogsQuery, None]) -> Logs:
    """Of all workers of this node."""
    query = call.query
    since, until = read_moment(query.since), read_moment(query.until)
    wanted = Wanted(
        level=query.level, event=query.event, since=since or 0, until=1 << 62 if until is None else until,
        text=query.text, limit=query.limit,
    )  # fmt: skip
    return Logs(items=[_show(one) for one in await call.site.logs(wanted)])


def _show(told: Told) -> LogShown:
    return LogShown(at=moment(told.at), level=told.level, event=told.event, message=told.message, fields=told.fields)


ENDPOINTS: Final = (
    Endpoint(method="GET", path="/stats", name="stats.show", act=stats, answer=Stats, resource="stats",
             words="Accounts, storage by domain, what was filed today, the queue, counters."),
    Endpoint(method="GET", path="/logs", name="logs.list", act=logs, query=LogsQuery, answer=Logs, resource="logs",
             words="The last events of this node, the latest first."),
)  # fmt: skip
