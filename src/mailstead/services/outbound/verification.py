"""Whether another store knows a recipient whose mail it keeps: asked at RCPT, so that nobody is accepted whose letter
would have to be returned to a sender who may never have written it."""

import asyncio
from collections import OrderedDict
from dataclasses import dataclass, replace
from typing import Final, Protocol

from mailstead.ground.model.address import Address
from mailstead.ground.model.errors import Invalid
from mailstead.ground.model.route import Route, parse_route
from mailstead.ground.model.verdict import PASS, Defer, Reason, Refuse, Verdict
from mailstead.net.clock import Clock
from mailstead.services.accounts.resolve import Abroad, Resolution
from mailstead.services.outbound.probing import Answer, Standing
from mailstead.telemetry import incident

KEPT_MAX: Final = 20_000
"""Answers remembered by one worker."""
KEPT_FOR: Final = {Standing.KNOWN: 3600.0, Standing.UNKNOWN: 300.0, Standing.UNCLEAR: 15.0}
"""Seconds; what is unclear is asked again soon, but not by everyone who comes meanwhile."""
AT_ONCE: Final = 20
WAITING_MAX: Final = 500
ASK_TIME: Final = 60.0

_Key = tuple[str, str]


class Asking(Protocol):
    """See `outbound.probing`."""

    async def ask(self, route: Route, address: Address) -> Answer: ...


@dataclass(frozen=True, slots=True)
class _Kept:
    answer: Answer
    until: float


class Verification:
    """One for a worker. Whoever asks for the same recipient at the same time shares one question."""

    def __init__(self, asking: Asking, clock: Clock) -> None:
        self._asking = asking
        self._clock = clock
        self._kept: OrderedDict[_Key, _Kept] = OrderedDict()
        self._asked: dict[_Key, asyncio.Task[Answer]] = {}
        self._turns = asyncio.Semaphore(AT_ONCE)

    async def sift(self, resolution: Resolution, *, must_know: bool = True) -> Resolution | Refuse | Defer:
        """Who is unknown to the store that keeps its mail is left out. `must_know`: nobody is taken who cannot be asked
        about; else only a plain no counts (our own people get a bounce, should it come to that)."""
        abroad: list[Abroad] = []
        against: Refuse | Defer | None = None
        for one in resolution.abroad:
            match await self.judge(one.via, one.address) if one.is_asked else PASS:
                case Refuse() as refusal:
                    against = against or refusal
                case Defer() as later if must_know:
                    return later
                case _:
                    abroad.append(one)
        if against is None:
            return resolution
        if not abroad and not resolution.targets:
            return against
        return replace(resolution, abroad=tuple(abroad))

    async def judge(self, via: str, address: Address) -> Verdict:
        """`via` is the route of the hand-off."""
        key = (via, address.key)
        answer = self._remember(key)
        if answer is None:
            task = self._asked.get(key)
            if task is None:
                if len(self._asked) >= WAITING_MAX:
                    return Defer(Reason.BUSY, f"too many questions wait for {via}")
                task = self._asked[key] = asyncio.create_task(self._ask(key, address))
            answer = await asyncio.shield(task)  # others may wait for it, and it ends by itself
        evidence = f"{via}: {answer.words}"
        match answer.standing:
            case Standing.KNOWN:
                return PASS
            case Standing.UNKNOWN:
                return Refuse(Reason.USER_UNKNOWN, evidence)
            case Standing.UNCLEAR:
                return Defer(Reason.USER_UNKNOWN, evidence)

    def _remember(self, key: _Key) -> Answer | None:
        kept = self._kept.get(key)
        if kept is None:
            return None
        if kept.until <= self._clock.monotonic():
            del self._kept[key]
            return None
        self._kept.move_to_end(key)
        return kept.answer

    async def _ask(self, key: _Key, address: Address) -> Answer:
        try:
            answer = await self._have_turn(key[0], address)
        finally:
            del self._asked[key]
        self._kept[key] = _Kept(answer, self._clock.monotonic() + KEPT_FOR[answer.standing])
        if len(self._kept) > KEPT_MAX:
            self._kept.popitem(last=False)
        return answer

    async def _have_turn(self, via: str, address: Address) -> Answer:
        try:
            async with asyncio.timeout(ASK_TIME), self._turns:
                return await self._asking.ask(parse_route(via), address)
        except TimeoutError:
            return Answer(Standing.UNCLEAR, "no answer in time")
        except Invalid as error:
            return Answer(Standing.UNCLEAR, str(error))
        except Exception as error:  # noqa: BLE001 - a fault of ours refuses nobody
            return Answer(Standing.UNCLEAR, f"a fault of ours (incident {incident(error, subsystem='reception')})")
