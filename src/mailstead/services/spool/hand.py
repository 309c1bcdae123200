"""The queue in the operator's hand: every move is made in steps of at most 500 recipients, and told in the story."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Final, Protocol

import msgspec

from mailstead.ground.model.audit import Actor, Deed
from mailstead.ground.model.envelope import NO_WISHES
from mailstead.ground.model.errors import Conflict, Invalid, NotFound
from mailstead.ground.model.ids import Instant, SpoolId
from mailstead.ground.model.spool import SpooledLetter, SpooledRecipient, State
from mailstead.net.clock import Clock
from mailstead.net.ids import IdSource
from mailstead.services.spool.looking import Looking, Mark
from mailstead.services.spool.orders import BY_POLICY, Done, Move, Order, shown_route
from mailstead.services.spool.terms import Terms
from mailstead.store.port import Lane, ReadTx, Store, Tx
from mailstead.store.port.spool import StoryRow, Wanted
from mailstead.telemetry import Event, emit

STEP: Final = 500
NAMED_MAX: Final = 100
"""Recipients that a chapter names."""

Pairs = list[tuple[SpooledLetter, SpooledRecipient]]
_TRIED_NOW: Final = (Move.PROCESS, Move.RETRY, Move.RELEASE, Move.REROUTE)


class Returning(Protocol):
    """Gives letters back to their senders: see `dispatch.hand`."""

    async def give_up(
        self, letter: SpooledLetter, recipients: tuple[SpooledRecipient, ...], *, by: Actor, reason: str
    ) -> bool:
        """These recipients have failed, and the sender is told as they wished; False if one is being tried."""


class Hand(Looking):
    """One for a worker, or for a command without a server."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        ids: IdSource,
        terms: Terms,
        *,
        returning: Returning | None,
        check_route: Callable[[str], object],
        wake: Callable[[], None] = lambda: None,
    ) -> None:
        super().__init__(store, clock)
        self._ids = ids
        self._terms = terms
        self._returning = returning
        self._check_route = check_route
        self._wake = wake

    async def do(self, order: Order) -> Done:
        """Everything the order means that nobody is trying right now. Invalid, NotFound, Conflict."""
        self._check(order)
        now = self._clock.now()
        wanted = order.wish.wanted(now, order.states)
        plan = await self._look_over(order, wanted, now)
        self._compare(order, plan)
        if not plan.recipients:
            return replace(plan, undo=None)
        if order.dry_run:
            return plan
        done = await (self._give_up(order, wanted) if order.move is Move.BOUNCE else self._make(order, wanted, now))
        if order.move in _TRIED_NOW:
            self._wake()
        emit(Event.SPOOL_HAND_MOVED, command=order.move.value, username=order.by.name, count=done.recipients)
        return replace(done, undo=plan.undo)

    def _check(self, order: Order) -> None:
        if order.move is Move.HOLD and not order.reason:
            raise Invalid("say why it is held")
        if order.move is Move.BOUNCE and self._returning is None:
            raise Invalid("nobody writes notices here, so nothing can be returned")
        if order.move is Move.REROUTE and order.route != BY_POLICY:
            self._check_route(order.route)

    async def _look_over(self, order: Order, wanted: Wanted, now: Instant) -> Done:
        """What it would do."""
        count, ways = _Count(), set[str | None]()
        after: Mark | None = None
        while True:
            pairs = await self._store.read(_Look(wanted, after))
            free = [(letter, one) for letter, one in pairs if not _is_busy(one, now)]
            count.add(free, busy=len(pairs) - len(free))
            ways |= {one.route for _, one in free}
            if len(pairs) < STEP:
                break
            after = _mark(pairs)
            await asyncio.sleep(0)
        if not count.letters and wanted.letter is not None:
            await self._object(wanted.letter, busy=count.busy)
        return replace(count.done(order.move), undo=_undo(order, ways))

    async def _object(self, number: SpoolId, *, busy: int) -> None:
        """A letter that was named, and nothing of it can be touched."""
        await self._store.read(lambda tx: tx.spool.get_letter(number))
        if busy:
            raise Conflict(f"letter {number} is being tried right now: try again in a moment")
        raise NotFound(f"no recipient of letter {number} can be touched so: see mailstead queue show {number}")

    def _compare(self, order: Order, plan: Done) -> None:
        if order.expected is not None and order.expected != plan.letters:
            raise Conflict(f"{order.expected} letters were expected, and there are {plan.letters}: nothing was changed")
        if order.move is Move.DROP and order.expected is None and plan.letters > 1 and not order.dry_run:
            raise Invalid(f"this drops {plan.letters} letters and nobody is told: say how many you expect")

    async def _make(self, order: Order, wanted: Wanted, now: Instant) -> Done:
        count = _Count()
        after: Mark | None = None
        while True:
            ids = tuple(self._ids.next() for _ in range(STEP))
            step = _Step(order, wanted, after, self._terms, ids, now)
            seen, free, after = await self._store.write(step, lane=Lane.BULK)
            count.add(free, busy=seen - len(free))
            if seen < STEP:
                return count.done(order.move)

    async def _give_up(self, order: Order, wanted: Wanted) -> Done:
        """A unit for each letter, which spools what its sender is told."""
        returning = self._returning
        assert returning is not None, "checked before"
        count = _Count()
        after: Mark | None = None
        while True:
            pairs = await self._store.read(_Look(wanted, after))
            now = self._clock.now()
            for mine in _by_letter(pairs):
                free = tuple(one for _, one in mine if not _is_busy(one, now))
                letter = mine[0][0]
                if free and await returning.give_up(letter, free, by=order.by, reason=order.reason):
                    count.add([(letter, one) for one in free], busy=len(mine) - len(free))
                else:
                    count.add([], busy=len(mine))
            if len(pairs) < STEP:
                return count.done(order.move)
            after = _mark(pairs)


@dataclass(slots=True)
class _Count:
    """Pairs come in the order of their letters."""

    letters: int = 0
    recipients: int = 0
    busy: int = 0
    size: int = 0
    last: SpoolId | None = field(default=None)

    def add(self, pairs: Sequence[tuple[SpooledLetter, SpooledRecipient]], *, busy: int) -> None:
        """Some more."""
        self.busy += busy
        self.recipients += len(pairs)
        for letter, _ in pairs:
            if letter.id != self.last:
                self.last = letter.id
                self.letters += 1
                self.size += letter.size

    def done(self, move: Move) -> Done:
        """As the answer."""
        return Done(move=move, letters=self.letters, recipients=self.recipients, busy=self.busy, size=self.size)


@dataclass(frozen=True, slots=True)
class _Look:
    wanted: Wanted
    after: Mark | None

    async def __call__(self, tx: ReadTx) -> Pairs:
        return await tx.spool.list_waiting(self.wanted, after=self.after, limit=STEP)


@dataclass(frozen=True, slots=True)
class _Step:
    """Runs as a unit: how many it saw, those it changed, and where to go on."""

    order: Order
    wanted: Wanted
    after: Mark | None
    terms: Terms
    ids: tuple[int, ...]
    now: Instant

    async def __call__(self, tx: Tx) -> tuple[int, Pairs, Mark | None]:
        pairs = await tx.spool.list_waiting(self.wanted, after=self.after, limit=STEP)
        if not pairs:
            return 0, [], None
        if self.order.move in _TRIED_NOW:
            await self._prolong(tx, pairs)
        changed = set(await self._change(tx, pairs))
        free = [(letter, one) for letter, one in pairs if (letter.id, one.number) in changed]
        if self.order.move in _TRIED_NOW:
            await self._resume(tx, {self._destination(one) for _, one in free})
        for number, mine in zip(self.ids, _by_letter(free), strict=False):
            await tx.spool.tell(tell_move(self.order, mine[0][0], [one for _, one in mine], number, self.now))
        if free:
            await tx.audit.record(self.order.by, move_deed(self.order.move, free, self.order.reason), self.now)
        return len(pairs), free, _mark(pairs)

    async def _prolong(self, tx: Tx, pairs: Pairs) -> None:
        """What was held past its time has a life before it again; of what failed nobody is warned any more."""
        letters = {letter.id: (letter, one.state) for letter, one in pairs if not one.state.is_waiting}
        for letter, state in letters.values():
            is_over = letter.expires_at <= self.now
            if is_over or state is State.FAILED:
                fresh, _ = self.terms.of(letter.origin, NO_WISHES, self.now)
                await tx.spool.prolong(letter.id, fresh if is_over else letter.expires_at)

    async def _change(self, tx: Tx, pairs: Pairs) -> list[Mark]:
        order = self.order
        match order.move:
            case Move.HOLD:
                return await tx.spool.change_state(_marks(pairs), State.HELD, now=self.now, reason=order.reason)
            case Move.DROP:
                return await tx.spool.change_state(_marks(pairs), State.DROPPED, now=self.now)
            case Move.REROUTE:
                return await self._reroute(tx, pairs)
            case _:
                return await tx.spool.change_state(_marks(pairs), State.ACTIVE, now=self.now)

    async def _reroute(self, tx: Tx, pairs: Pairs) -> list[Mark]:
        """What is held stays so, and for the same reason."""
        groups: dict[tuple[State, str, str], Pairs] = {}
        route = "" if self.order.route == BY_POLICY else self.order.route
        for letter, one in pairs:
            state = State.HELD if one.state is State.HELD else State.ACTIVE
            groups.setdefault((state, one.hold_reason, self._destination(one)), []).append((letter, one))
        changed: list[Mark] = []
        for (state, reason, destination), mine in groups.items():
            changed += await tx.spool.change_state(
                _marks(mine), state, now=self.now, reason=reason, route=route, destination=destination
            )
        return changed

    def _destination(self, one: SpooledRecipient) -> str:
        """The lane it is in afterwards."""
        if self.order.move is not Move.REROUTE:
            return one.destination
        if self.order.route != BY_POLICY:
            return shown_route(self.order.route)
        return one.address.domain if one.route else one.destination

    async def _resume(self, tx: Tx, destinations: set[str]) -> None:
        """Lanes that are left alone would keep what is to be tried now; how often they failed is remembered."""
        for lane in await tx.spool.list_lanes(only_paused=True):
            if lane.destination in destinations and lane.paused_until > self.now:
                await tx.spool.pause(lane.destination, until=Instant(0), reason=lane.reason, failures=lane.failures)


def move_deed(move: Move, pairs: Pairs, reason: str) -> Deed:
    """One for a step: the letters, and the queues they were in."""
    letters = list(dict.fromkeys(str(letter.id) for letter, _ in pairs))
    domains = {letter.domain for letter, _ in pairs}
    more = {"reason": reason} if reason else {}
    return Deed(
        action=f"queue.{move.value}",
        subject=letters[0] if len(letters) == 1 else f"{len(letters)} letters",
        domain=domains.pop() if len(domains) == 1 else "",
        before={"queues": sorted({one.state.value for _, one in pairs})},
        after={"letters": letters[:NAMED_MAX], "recipients": len(pairs), **more},
    )


def tell_move(
    order: Order, letter: SpooledLetter, recipients: Sequence[SpooledRecipient], number: int, now: Instant
) -> StoryRow:
    """What was done by hand, and by whom."""
    return tell_hand(
        letter, recipients, number, now, what=order.move.value, by=order.by.name, reason=order.reason,
        route=shown_route(order.route),
    )  # fmt: skip


def tell_hand(
    letter: SpooledLetter, recipients: Sequence[SpooledRecipient], number: int, now: Instant, **facts: str
) -> StoryRow:
    """A chapter; empty facts are left out."""
    told: dict[str, object] = {name: value for name, value in facts.items() if value}
    told["to"] = [str(one.address) for one in recipients[:NAMED_MAX]]
    told["count"] = len(recipients)
    return StoryRow(letter.id, number, now, "hand", msgspec.json.encode(told))


def _undo(order: Order, ways: set[str | None]) -> tuple[str, ...] | None:
    letter = order.wish.letter
    match order.move:
        case Move.HOLD if letter is not None:
            return "queue", "release", str(letter)
        case Move.HOLD:
            return "queue", "release", "--reason", order.reason
        case Move.RELEASE if letter is not None:
            return "queue", "hold", str(letter)
        case Move.REROUTE if letter is not None and len(ways) == 1:
            route = next(iter(ways)) or BY_POLICY
            return ("queue", "reroute", route, str(letter)) if shown_route(route) == route else None
        case _:
            return None


def _is_busy(one: SpooledRecipient, now: Instant) -> bool:
    return bool(one.lease) and one.due_at > now


def _mark(pairs: Pairs) -> Mark:
    letter, one = pairs[-1]
    return letter.id, one.number


def _marks(pairs: Pairs) -> list[Mark]:
    return [(letter.id, one.number) for letter, one in pairs]


def _by_letter(pairs: Pairs) -> list[Pairs]:
    groups: dict[SpoolId, Pairs] = {}
    for letter, one in pairs:
        groups.setdefault(letter.id, []).append((letter, one))
    return list(groups.values())
