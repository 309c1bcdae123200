"""From a key that was made to one that signs, and from one that signs to one that is gone.

    new --- its record is seen in the DNS ---> active --- a successor is active ---> retiring --- a week ---> retired

The steps are pure functions; `Rotation` asks the DNS and writes down what they say.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import replace
from functools import partial
from typing import Final

from mailstead.ground.formats.dkim.record import read_record, record_name
from mailstead.ground.formats.dkim.tags import Malformed
from mailstead.ground.model.audit import PROGRAM, Deed, facts_of
from mailstead.ground.model.errors import Conflict, Invalid
from mailstead.ground.model.ids import Instant
from mailstead.ground.model.signing import KeyState, SigningKey
from mailstead.net.clock import Clock
from mailstead.net.dns import DnsError, Resolver
from mailstead.services.signing.making import record_of
from mailstead.store.port import Lane, ReadTx, Store, Tx, Unit
from mailstead.telemetry import Event, emit

SETTLE_MS: Final = 15 * 60_000
"""A successor's record has to be in every answer for so long: name servers do not all change at once."""
KEPT_MS: Final = 7 * 86_400_000
"""How long the record of a retired key has to stay: letters wait in queues for days (RFC 5321 §4.5.4.1)."""
LOOK_TIMEOUT: Final = 30.0
AT_ONCE: Final = 20


def shows(key: SigningKey, records: Iterable[bytes]) -> bool:
    """Whether the DNS says of this key what it has to, and nothing else (RFC 6376 §3.6.2.2: one record)."""
    wanted, found = record_of(key.pem), 0
    for text in records:
        try:
            record = read_record(text)
        except Malformed:
            return False
        if (record.type, record.key) != (wanted.type, wanted.key):
            return False
        found += 1
    return found > 0


def after_look(key: SigningKey, now: Instant, *, is_seen: bool) -> SigningKey:
    """A new key that knows since when its record is in every answer."""
    if not is_seen:
        return replace(key, seen_at=None)
    return key if key.seen_at is not None else replace(key, seen_at=now)


def is_settled(key: SigningKey, now: Instant, *, is_first: bool) -> bool:
    """Whether it may sign. `is_first`: nothing else does, so nothing is lost by beginning at once."""
    return key.seen_at is not None and (is_first or now - key.seen_at >= SETTLE_MS)


def activated(key: SigningKey, now: Instant) -> SigningKey:
    """It signs from now on."""
    return replace(key, state=KeyState.ACTIVE, activated_at=now, retired_at=None)


def retired(key: SigningKey, now: Instant) -> SigningKey:
    """It signs no longer; one that never signed need not be kept."""
    if key.state is KeyState.NEW:
        return replace(key, state=KeyState.RETIRED, retired_at=now)
    return replace(key, state=KeyState.RETIRING, retired_at=now)


def after_rest(key: SigningKey, now: Instant) -> SigningKey:
    """A retiring key whose time may have come."""
    if key.retired_at is not None and now - key.retired_at >= KEPT_MS:
        return replace(key, state=KeyState.RETIRED)
    return key


def predecessors(key: SigningKey, keys: Iterable[SigningKey]) -> list[SigningKey]:
    """Active keys of its family, which it takes the place of."""
    return [
        other
        for other in keys
        if other.state is KeyState.ACTIVE
        and other.selector != key.selector
        and other.algorithm.family == key.algorithm.family
    ]


async def activate(tx: Tx, key: SigningKey, now: Instant) -> list[SigningKey]:
    """Within a unit: it signs, its predecessors do not; gives all that changed."""
    active = activated(key, now)
    await tx.signing.update_key(active, was=key.state)
    changed = [active]
    for other in predecessors(key, await tx.signing.list_keys(key.domain)):
        changed.append(retired(other, now))
        await tx.signing.update_key(changed[-1], was=other.state)
    return changed


def key_deed(key: SigningKey, *, is_gone: bool = False) -> Deed:
    """What is told of a key: what it is now, or that it is no more."""
    action, facts = ("removed" if is_gone else key.state.value), facts_of(key)
    before, after = (facts, None) if is_gone else (None, facts)
    return Deed(action=f"dkim.{action}", subject=key.selector, domain=key.domain, before=before, after=after)


async def _read_keys(state: KeyState, after: tuple[str, str], tx: ReadTx) -> list[SigningKey]:
    return await tx.signing.keys_in(state, after=after, limit=AT_ONCE)


class Rotation:
    """The duty: run it once a minute."""

    def __init__(self, store: Store, resolver: Resolver, clock: Clock) -> None:
        self._store = store
        self._resolver = resolver
        self._clock = clock

    async def run(self) -> None:
        """Look for every new key, then let go of those that have rested."""
        await self._each(KeyState.NEW, self._look)
        await self._each(KeyState.RETIRING, self._rest)

    async def _each(self, state: KeyState, step: Callable[[SigningKey], Awaitable[None]]) -> None:
        after = ("", "")
        while True:
            keys = await self._store.read(partial(_read_keys, state, after))
            await asyncio.gather(*map(step, keys))
            if len(keys) < AT_ONCE:
                return
            after = keys[-1].domain, keys[-1].selector

    async def _look(self, key: SigningKey) -> None:
        """No answer is no news."""
        try:
            async with asyncio.timeout(LOOK_TIMEOUT):
                answer = await self._resolver.txt(record_name(key.selector, key.domain))
            is_seen = shows(key, answer.records)
        except (DnsError, TimeoutError, Invalid):
            return
        now = self._clock.now()
        looked = after_look(key, now, is_seen=is_seen)

        async def unit(tx: Tx) -> list[SigningKey]:
            others = await tx.signing.list_keys(key.domain)
            if is_settled(looked, now, is_first=not predecessors(key, others)):
                changed = await activate(tx, looked, now)
                for one in changed:
                    await tx.audit.record(PROGRAM, key_deed(one), now)
                return changed
            if looked != key:
                await tx.signing.update_key(looked, was=key.state)
            return []

        await self._change(unit)

    async def _rest(self, key: SigningKey) -> None:
        after = after_rest(key, self._clock.now())
        if after == key:
            return

        async def unit(tx: Tx) -> list[SigningKey]:
            await tx.signing.update_key(after, was=key.state)
            await tx.audit.record(PROGRAM, key_deed(after), after.retired_at or after.created_at)
            return [after]

        await self._change(unit)

    async def _change(self, unit: Unit[list[SigningKey]]) -> None:
        """What somebody changed by hand meanwhile stays as they left it."""
        try:
            changed = await self._store.write(unit, lane=Lane.BULK)
        except Conflict:
            return
        for key in changed:
            tell(key)


def tell(key: SigningKey) -> None:
    """For the log: what a key is now."""
    emit(Event.SIGNING_KEY_CHANGED, domain=key.domain, selector=key.selector, result=key.state.value)
