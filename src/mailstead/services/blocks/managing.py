"""Reading and changing both lists: by commands, the API and the program itself."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Final

from mailstead.ground.model.address import Address, canonical_domain
from mailstead.ground.model.audit import facts_of
from mailstead.ground.model.blocks import (
    EVERYBODY,
    Entry,
    Side,
    Standing,
    is_network,
    key_of,
    keys_of,
    read_pattern,
    weigh,
)
from mailstead.ground.model.errors import Invalid
from mailstead.ground.model.ids import Instant
from mailstead.net.clock import Clock
from mailstead.services.accounts.directory import Directory, get_real_domain
from mailstead.store.port import Lane, ReadTx, Store, Tx
from mailstead.telemetry import Event, emit

REASON_MAX: Final = 500
PAGE: Final = 500
MANY_MAX: Final = 500
"""Entries of one `add_many`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewEntry:
    """As people write it. `domain`: of ours; "": all of them."""

    side: Side
    pattern: str
    domain: str = EVERYBODY
    reason: str = ""
    expires_at: Instant | None = None


@dataclass(frozen=True, slots=True)
class Put:
    """An entry, and what was in its place before."""

    entry: Entry
    before: Entry | None


@dataclass(frozen=True, slots=True)
class Checked:
    """What both lists say of somebody: the nearest entry first."""

    standing: Standing
    entries: tuple[Entry, ...]


async def add(directory: Directory, new: NewEntry, *, dry_run: bool = False) -> Put:
    """Put an entry on a list, in place of one of the same pattern; it holds from now on. Invalid, NotFound,
    LimitReached."""
    (put,) = await add_many(directory, (new,), dry_run=dry_run)
    return put


async def add_many(directory: Directory, news: Sequence[NewEntry], *, dry_run: bool = False) -> tuple[Put, ...]:
    """The same for up to MANY_MAX at once: all of them or none."""
    if len(news) > MANY_MAX:
        raise Invalid(f"more than {MANY_MAX} entries at once")
    now = directory.clock.now()
    read = tuple(_read(new, directory.actor.name, now) for new in news)

    async def unit(tx: Tx) -> tuple[Put, ...]:
        await tx.blocks.advance()
        for scope in sorted({entry.scope for entry in read} - {EVERYBODY}):
            await get_real_domain(tx, scope)
        puts = tuple([await _put(tx, entry) for entry in read])
        for put in puts:
            before = None if put.before is None else facts_of(put.before)
            action = f"{put.entry.side.value}list.added"
            await directory.record(
                tx, action, put.entry.pattern, domain=put.entry.scope, before=before, after=facts_of(put.entry)
            )
        return puts

    puts = await directory.commit(unit, dry_run=dry_run)
    if not dry_run:
        for put in puts:
            _tell(put.entry, put.entry.who, is_there=True)
    return puts


async def remove(
    directory: Directory, side: Side, pattern: str, *, domain: str = EVERYBODY, dry_run: bool = False
) -> Entry:
    """Take an entry off a list, and give what it was; NotFound, Invalid."""
    wanted, scope = read_pattern(pattern), _scope(domain)

    async def unit(tx: Tx) -> Entry:
        await tx.blocks.advance()
        gone = await tx.blocks.delete_entry(side, scope, wanted)
        await directory.record(tx, f"{side.value}list.removed", wanted, domain=scope, before=facts_of(gone))
        return gone

    gone = await directory.commit(unit, dry_run=dry_run)
    if not dry_run:
        _tell(gone, directory.actor.name, is_there=False)
    return gone


async def list_page(
    directory: Directory, side: Side, *, domain: str | None = None, after: tuple[str, str] = ("", ""), limit: int = PAGE
) -> list[Entry]:
    """By scope and pattern, those whose time has passed left out; go on with the pair of the last one.

    `domain` None: of all scopes.
    """
    scope, now = None if domain is None else _scope(domain), directory.clock.now()

    async def unit(tx: ReadTx) -> list[Entry]:
        return await tx.blocks.list_entries(side, scope=scope, after=after, limit=limit)

    return [entry for entry in await directory.store.read(unit) if entry.holds(now)]


async def list_all(directory: Directory, side: Side, *, domain: str | None = None) -> AsyncIterator[Entry]:
    """Page by page: others come between."""
    scope, now, after = None if domain is None else _scope(domain), directory.clock.now(), ("", "")
    while True:

        async def unit(tx: ReadTx, after: tuple[str, str] = after) -> list[Entry]:
            return await tx.blocks.list_entries(side, scope=scope, after=after, limit=PAGE)

        page = await directory.store.read(unit)
        for entry in page:
            if entry.holds(now):
                yield entry
        if len(page) < PAGE:
            return
        after = page[-1].scope, page[-1].pattern


async def check(directory: Directory, *, ip: str = "", sender: str = "") -> Checked:
    """What is said of a client, a sender, or a sender at a client; Invalid."""
    if ip and not is_network(pattern := read_pattern(ip)):
        raise Invalid(f"{pattern} is no address of a client")
    keys = keys_of(read_pattern(ip) if ip else "", Address.parse(sender) if sender else None)

    async def unit(tx: ReadTx) -> list[Entry]:
        return await tx.blocks.find(keys)

    found, now = await directory.store.read(unit), directory.clock.now()
    held = sorted((one for one in found if one.holds(now)), key=lambda one: keys.index(key_of(one.pattern)))
    return Checked(weigh(held, keys, now), tuple(held))


async def forget(store: Store, clock: Clock) -> None:
    """Drop entries whose time has passed."""
    now = clock.now()

    async def unit(tx: Tx) -> int:
        return await tx.blocks.forget_entries(now=now)

    while await store.write(unit, lane=Lane.BULK):
        pass


async def _put(tx: Tx, entry: Entry) -> Put:
    before = await tx.blocks.get_entry(entry.side, entry.scope, entry.pattern)
    await tx.blocks.put_entry(entry)
    return Put(entry, before)


def _read(new: NewEntry, who: str, now: Instant) -> Entry:
    if new.expires_at is not None and new.expires_at <= now:
        raise Invalid("its time would have passed already")
    return Entry(
        side=new.side, scope=_scope(new.domain), pattern=read_pattern(new.pattern), who=who, added_at=now,
        reason=" ".join(new.reason.split())[:REASON_MAX], expires_at=new.expires_at,
    )  # fmt: skip


def _scope(domain: str) -> str:
    return canonical_domain(domain) if domain else EVERYBODY


def _tell(entry: Entry, who: str, *, is_there: bool) -> None:
    """In mu's words where mu has them."""
    ip, sender = (entry.pattern, "") if is_network(entry.pattern) else ("", entry.pattern)
    scope, why = entry.scope, entry.reason
    if entry.side is Side.ALLOW:
        emit(
            Event.BLOCKS_ALLOW_ADDED if is_there else Event.BLOCKS_ALLOW_REMOVED,
            client_ip=ip, sender=sender, domain=scope, who=who, detail=why,
        )  # fmt: skip
    elif ip:
        emit(
            Event.BLOCKS_CLIENT_BLOCKED if is_there else Event.BLOCKS_CLIENT_UNBLOCKED,
            client_ip=ip, domain=scope, who=who, detail=why,
        )  # fmt: skip
    else:
        emit(
            Event.BLOCKS_SENDER_BLOCKED if is_there else Event.BLOCKS_SENDER_UNBLOCKED,
            sender=sender, domain=scope, who=who, detail=why,
        )  # fmt: skip
