"""`blocklist.*` and `allowlist.*`: who is not heard, and who always is."""

from collections.abc import Awaitable, Callable
from typing import Any, Final

from mailstead.ground.formats.date import render_rfc3339
from mailstead.ground.model.blocks import Entry, Side
from mailstead.ground.model.ids import Instant
from mailstead.servers.control import args_blocks as a
from mailstead.servers.control import shapes
from mailstead.servers.control.answers import command_line
from mailstead.servers.control.desk import Desk, Json, Operation, Say
from mailstead.services.blocks import managing

ENTRY: Final = "mailstead.block-entry.v1"
CHECK: Final = "mailstead.block-check.v1"
GROUPS: Final = {Side.BLOCK: "blocklist", Side.ALLOW: "allowlist"}


def entry_shape(entry: Entry) -> dict[str, object]:
    """As answers and the API show it."""
    return {
        "schema": ENTRY,
        "list": entry.side.value,
        "domain": entry.scope,
        "pattern": entry.pattern,
        "reason": entry.reason,
        "who": entry.who,
        "added_at": render_rfc3339(entry.added_at),
        "expires_at": None if entry.expires_at is None else render_rfc3339(entry.expires_at),
    }


def _words_for(entry: Entry) -> list[str]:
    return [entry.pattern, *(("--domain", entry.scope) if entry.scope else ())]


def _to_have_back(entry: Entry, now: Instant) -> str:
    words = [GROUPS[entry.side], "add", *_words_for(entry)]
    words += ["--reason", entry.reason] if entry.reason else []
    words += ["--for", f"{max(1, (entry.expires_at - now) // 1000)}s"] if entry.expires_at is not None else []
    return command_line(*words)


def _add(side: Side) -> Callable[[Desk, a.EntryAdd, Say], Awaitable[Json]]:
    async def add(desk: Desk, args: a.EntryAdd, _say: Say) -> Json:
        """Put entries on the list; of several the answer is the last one, and how many there were."""
        now = desk.directory.clock.now()
        news = [
            managing.NewEntry(
                side=side, pattern=pattern, domain=args.domain, reason=args.reason,
                expires_at=Instant(now + args.lasts) if args.lasts else None,
            )
            for pattern in args.patterns
        ]  # fmt: skip
        puts = await managing.add_many(desk.directory, news, dry_run=args.dry_run)
        put = puts[-1]
        undo = command_line(GROUPS[side], "remove", *_words_for(put.entry))
        if put.before is not None:
            undo = _to_have_back(put.before, now)
        return {**entry_shape(put.entry), "count": len(puts), "undo": undo if len(puts) == 1 else None}

    return add


def _remove(side: Side) -> Callable[[Desk, a.EntryName, Say], Awaitable[Json]]:
    async def remove(desk: Desk, args: a.EntryName, _say: Say) -> Json:
        """Take an entry off the list."""
        gone = await managing.remove(desk.directory, side, args.pattern, domain=args.domain, dry_run=args.dry_run)
        back = _to_have_back(gone, desk.directory.clock.now())
        return {**entry_shape(gone), "schema": shapes.REMOVAL, "undo": back}

    return remove


def _list(side: Side) -> Callable[[Desk, a.ListName, Say], Awaitable[Json]]:
    async def list_(desk: Desk, args: a.ListName, say: Say) -> Json:
        """All entries, or those of one domain."""
        count = 0
        async for entry in managing.list_all(desk.directory, side, domain=args.domain):
            await say({"row": entry_shape(entry)})
            count += 1
        return {"schema": shapes.LIST, "count": count}

    return list_


async def check(desk: Desk, args: a.BlockCheck, _say: Say) -> Json:
    """What both lists say of somebody."""
    found = await managing.check(desk.directory, ip=args.ip, sender=args.sender)
    standing = found.standing
    by = standing.objection(args.domain)
    verdict = "allowed" if standing.is_allowed(args.domain) else "blocked" if by else "not listed"
    return {
        "schema": CHECK,
        "ip": args.ip,
        "sender": args.sender,
        "domain": args.domain,
        "verdict": verdict,
        "pattern": by,
        "entries": [entry_shape(entry) for entry in found.entries],
    }


BLOCK_OPERATIONS: Final[tuple[Operation[Any], ...]] = tuple(
    operation
    for side, group in GROUPS.items()
    for operation in (
        Operation(f"{group}.add", a.EntryAdd, _add(side)),
        Operation(f"{group}.remove", a.EntryName, _remove(side)),
        Operation(f"{group}.list", a.ListName, _list(side)),
        Operation(f"{group}.check", a.BlockCheck, check),
    )
)
