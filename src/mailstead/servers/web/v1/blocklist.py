"""`/blocklist` and `/allowlist`: who is not heard, and who always is, from the next command on, everywhere."""

from collections.abc import Awaitable, Callable
from typing import Annotated, Any, Final

import msgspec

from mailstead.ground.formats.date import render_rfc3339
from mailstead.ground.model.blocks import EVERYBODY, Entry, Side, read_pattern
from mailstead.ground.model.errors import Invalid, NotFound
from mailstead.ground.model.ids import Instant
from mailstead.ground.model.permission import Reach, Verb
from mailstead.servers.web.refusals import Refused
from mailstead.servers.web.v1.cursors import page_of, read_cursor
from mailstead.servers.web.v1.endpoint import AnyCall, Body, Call, Endpoint, Page, PageQuery, Query, Read, Text
from mailstead.services.blocks import managing
from mailstead.services.blocks.managing import Put

MINUTE: Final = 60_000
_GAP: Final = "\n"


class BlockShown(msgspec.Struct, frozen=True, kw_only=True):
    """An entry; `domain` is of ours, or "" for all of them."""

    pattern: str
    domain: str
    reason: str
    who: str
    added_at: str
    expires_at: str | None


class BlockNew(Body, frozen=True, kw_only=True):
    """An address, `*@domain`, `*@*.domain`, an IP address or a network; `minutes` until it ends by itself."""

    pattern: Annotated[str, msgspec.Meta(min_length=1, max_length=320)]
    domain: Text = EVERYBODY
    reason: Annotated[str, msgspec.Meta(max_length=500)] = ""
    minutes: Annotated[int, msgspec.Meta(ge=1, le=52_560_000)] | None = None


class BlocksQuery(PageQuery, frozen=True, kw_only=True):
    """Of one domain; `*` for those of the whole server."""

    domain: Text = ""


class EntryQuery(Query, frozen=True, kw_only=True):
    """Which entry: its pattern, and its domain unless it is of the whole server."""

    pattern: Annotated[str, msgspec.Meta(min_length=1, max_length=320)]
    domain: Text = EVERYBODY


def _show(entry: Entry) -> BlockShown:
    return BlockShown(
        pattern=entry.pattern, domain=entry.scope, reason=entry.reason, who=entry.who,
        added_at=render_rfc3339(entry.added_at),
        expires_at=None if entry.expires_at is None else render_rfc3339(entry.expires_at),
    )  # fmt: skip


def _scope(call: AnyCall, domain: str) -> str:
    """A domain that they see; all domains are for those who see all."""
    if domain:
        return call.sight.need_domain(domain.lower())
    if call.sight.reach is not Reach.ALL:
        raise Refused(403, "forbidden", "what holds for all domains is for administrators", "say a domain of yours")
    return EVERYBODY


def _read(side: Side) -> Read:
    async def read(tx: Any, call: AnyCall, made: tuple[Put, ...] | None) -> BlockShown:
        if made is not None:
            return _show(made[0].entry)
        query = call.query
        pattern = read_pattern(query.pattern)
        found: Entry | None = await tx.blocks.get_entry(side, _scope(call, query.domain), pattern)
        if found is None:
            raise NotFound(f"{pattern} is not on the list")
        return _show(found)

    return read


def _list(side: Side) -> Callable[[Call[BlocksQuery, None]], Awaitable[Page[BlockShown]]]:
    async def list_(call: Call[BlocksQuery, None]) -> Page[BlockShown]:
        """By domain and pattern."""
        scope, pattern = _mark(call.query.cursor)
        found: list[Entry] = []
        for domain in _wanted(call):
            after = (scope, pattern) if domain in (None, scope) else ("", "")
            if domain is None or domain >= scope:
                limit = call.query.limit + 1 - len(found)
                found += await managing.list_page(call.directory, side, domain=domain, after=after, limit=limit)
        return page_of(found, call.query, _show, lambda entry: f"{entry.scope}{_GAP}{entry.pattern}")

    return list_


def _wanted(call: Call[BlocksQuery, None]) -> list[str | None]:
    """The scopes of a list, in their order; None: all."""
    domain = call.query.domain
    if domain == "*":
        return [_scope(call, EVERYBODY)]
    if domain:
        return [_scope(call, domain)]
    return [None] if call.sight.domains is None else list(call.sight.domains)


def _mark(cursor: str) -> tuple[str, str]:
    if not cursor:
        return "", ""
    scope, gap, pattern = read_cursor(cursor).partition(_GAP)
    if not gap:
        raise Invalid("that is no cursor of this list: take `next` of the page before")
    return scope, pattern


def _add(side: Side) -> Callable[[Call[Query, BlockNew]], Awaitable[Put]]:
    async def add(call: Call[Query, BlockNew]) -> Put:
        """In place of one of the same pattern."""
        wish, now = call.body, call.directory.clock.now()
        new = managing.NewEntry(
            side=side, pattern=wish.pattern, domain=_scope(call, wish.domain), reason=wish.reason,
            expires_at=Instant(now + wish.minutes * MINUTE) if wish.minutes else None,
        )  # fmt: skip
        return await managing.add(call.directory, new)

    return add


def _remove(side: Side) -> Callable[[Call[EntryQuery, None]], Awaitable[None]]:
    async def remove(call: Call[EntryQuery, None]) -> None:
        """At once."""
        query = call.query
        await managing.remove(call.directory, side, query.pattern, domain=_scope(call, query.domain))

    return remove


def _rows(side: Side, name: str, words: str) -> tuple[Endpoint, ...]:
    read, path = _read(side), f"/{name}"
    return (
        Endpoint(method="GET", path=path, name=f"{name}.list", act=_list(side), query=BlocksQuery, resource="blocklist",
                 answer=Page[BlockShown], words=f"{words}, by domain and pattern.", refusals=(404,)),
        Endpoint(method="POST", path=path, name=f"{name}.add", act=_add(side), read=read, answer=BlockShown,
                 body=BlockNew, resource="blocklist", verb=Verb.WRITE, status=201, refusals=(404, 409),
                 words="Put an entry on the list, in place of one of the same pattern."),
        Endpoint(method="GET", path=f"{path}/entry", name=f"{name}.show", read=read, query=EntryQuery,
                 answer=BlockShown, resource="blocklist", words="One entry.", refusals=(404,)),
        Endpoint(method="DELETE", path=f"{path}/entry", name=f"{name}.remove", act=_remove(side), read=read,
                 query=EntryQuery, resource="blocklist", verb=Verb.WRITE, status=204, refusals=(404,),
                 words="Take an entry off the list."),
    )  # fmt: skip


ENDPOINTS: Final = (
    *_rows(Side.BLOCK, "blocklist", "Senders and clients that are not heard"),
    *_rows(Side.ALLOW, "allowlist", "Senders and clients that are always heard"),
)
