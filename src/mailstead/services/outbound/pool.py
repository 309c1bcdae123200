"""Connections by next hop: how many at once, and which lie idle for the next letter.

How many a destination bears is learned: one more for each turn that went well, half of them where it asks for fewer.
"""

import asyncio
from collections import OrderedDict, deque
from dataclasses import dataclass, field
from enum import Enum
from typing import Final

from mailstead.ground.model.route import Route
from mailstead.services.outbound.settings import OutboundSettings
from mailstead.services.outbound.story import Setback
from mailstead.services.outbound.talk import Talk

FIRST_LIMIT: Final = 5.0
MOST_REMEMBERED: Final = 10_000
_TICK: Final = 1.0


class Care(Enum):
    """How a letter would have its line; one that was opened for less is never used for more."""

    PLAIN = "plain"
    REQUIRED = "required"  # REQUIRETLS
    OPTIONAL = "optional"  # TLS-Required: No


@dataclass(frozen=True, slots=True)
class Destination:
    """What shares a limit."""

    domain: str
    route: Route


@dataclass(frozen=True, slots=True)
class NextHop:
    """What shares connections."""

    destination: Destination
    care: Care


@dataclass(slots=True)
class _Share:
    """What one destination has of the connections."""

    limit: float
    in_use: int = 0
    waiters: deque[asyncio.Future[None]] = field(default_factory=deque)


@dataclass(frozen=True, slots=True)
class _Idle:
    talk: Talk
    until: float


class Pool:
    """`enter`, perhaps `take_idle`, perhaps `keep`; at last `leave`, always."""

    def __init__(self, settings: OutboundSettings) -> None:
        self._settings = settings
        self._shares: OrderedDict[Destination, _Share] = OrderedDict()
        self._crowded: OrderedDict[Destination, None] = OrderedDict()  # those with waiters, whose turn it is first
        self._in_use = 0
        self._idle: OrderedDict[NextHop, list[_Idle]] = OrderedDict()
        self._idle_count = 0
        self._timer: asyncio.TimerHandle | None = None
        self._is_closed = False

    @property
    def in_use(self) -> int:
        """Attempts that may have a connection now."""
        return self._in_use

    async def enter(self, destination: Destination) -> None:
        """Wait for a turn; `Setback` if too many wait already, or we stop."""
        if self._is_closed:
            raise _stopping()
        share = self._share_of(destination)
        if not share.waiters and self._has_room(share):
            self._admit(share)
            return
        if len(share.waiters) >= self._settings.max_waiting:
            raise Setback("4.3.2", "too many letters wait for a connection to this destination", is_busy=True)
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        share.waiters.append(turn)
        self._crowded[destination] = None
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled() and turn.exception() is None:
                self.leave(destination)  # the turn had come, and nobody will take it
            raise

    def leave(self, destination: Destination, *, went_well: bool = False, is_busy: bool = False) -> None:
        """The turn is over."""
        share = self._shares[destination]
        share.in_use -= 1
        self._in_use -= 1
        if is_busy:
            share.limit = max(1.0, share.limit / 2)
        elif went_well:
            share.limit = min(float(self._settings.max_per_destination), share.limit + 1 / share.limit)
        self._wake(destination, share)

    def limit_of(self, destination: Destination) -> int:
        """How many connections it is thought to bear."""
        share = self._shares.get(destination)
        return int(share.limit) if share else int(self._first_limit())

    def take_idle(self, hop: NextHop) -> Talk | None:
        """One that still stands, the latest used first."""
        idle = self._idle.get(hop)
        while idle:
            talk = idle.pop().talk
            self._idle_count -= 1
            if not idle:
                del self._idle[hop]
            if not talk.is_stale:
                return talk
            talk.abort()
        return None

    def keep(self, hop: NextHop, talk: Talk) -> None:
        """Idle from now on; one that has served enough takes leave."""
        if self._is_closed or talk.is_over or self.is_spent(talk) or not self._settings.idle:
            talk.quit()
            return
        loop = asyncio.get_running_loop()
        self._idle.setdefault(hop, []).append(_Idle(talk, loop.time() + self._settings.idle))
        self._idle_count += 1
        self._shrink()
        if self._timer is None:
            self._timer = loop.call_later(_TICK, self._sweep)

    def is_spent(self, talk: Talk) -> bool:
        """True if it has served enough, by our limit or by theirs (RFC 9422 §4.1)."""
        most = self._settings.max_uses
        return talk.uses >= min(most, talk.capabilities.mail_max or most)

    def close(self) -> None:
        """No more turns; idle connections take leave."""
        self._is_closed = True
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        for idle in self._idle.values():
            for one in idle:
                one.talk.quit()
        self._idle.clear()
        self._idle_count = 0
        for share in self._shares.values():
            for turn in share.waiters:
                if not turn.done():
                    turn.set_exception(_stopping())
            share.waiters.clear()

    def _first_limit(self) -> float:
        return min(FIRST_LIMIT, float(self._settings.max_per_destination))

    def _share_of(self, destination: Destination) -> _Share:
        share = self._shares.get(destination)
        if share is None:
            share = self._shares[destination] = _Share(self._first_limit())
            self._forget()
        else:
            self._shares.move_to_end(destination)
        return share

    def _forget(self) -> None:
        """What was learned of the destination asked for longest ago, unless it is in use."""
        if len(self._shares) > MOST_REMEMBERED:
            oldest, share = next(iter(self._shares.items()))
            if share.in_use or share.waiters:
                self._shares.move_to_end(oldest)
            else:
                del self._shares[oldest]

    def _has_room(self, share: _Share) -> bool:
        return share.in_use < int(share.limit) and self._in_use < self._settings.max_connections

    def _admit(self, share: _Share) -> None:
        share.in_use += 1
        self._in_use += 1
        self._shrink()

    def _wake(self, destination: Destination, share: _Share) -> None:
        """Whoever waits for this destination, then whoever waits because all were in use."""
        self._wake_some(destination, share)
        for other in list(self._crowded) if self._in_use < self._settings.max_connections else ():
            self._wake_some(other, self._shares[other])

    def _wake_some(self, destination: Destination, share: _Share) -> None:
        while share.waiters and self._has_room(share):
            turn = share.waiters.popleft()
            if not turn.done():
                self._admit(share)
                turn.set_result(None)
        if not share.waiters:
            self._crowded.pop(destination, None)

    def _shrink(self) -> None:
        """Idle connections count too, and go first."""
        while self._idle and self._in_use + self._idle_count > self._settings.max_connections:
            hop, idle = next(iter(self._idle.items()))
            self._drop_first(hop, idle)

    def _drop_first(self, hop: NextHop, idle: list[_Idle]) -> None:
        idle.pop(0).talk.quit()
        self._idle_count -= 1
        if not idle:
            del self._idle[hop]

    def _sweep(self) -> None:
        loop = asyncio.get_running_loop()
        now = loop.time()
        for hop, idle in list(self._idle.items()):
            while idle and idle[0].until <= now:
                self._drop_first(hop, idle)
        self._timer = loop.call_later(_TICK, self._sweep) if self._idle else None


def _stopping() -> Setback:
    return Setback("4.3.2", "we are stopping")
