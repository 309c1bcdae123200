"""What a changed policy would have done with the letters of the last days: kept facts, judged once more.

Reads alone. Only what came as far as its content can be judged again; what was refused before that, or came from our
own people, is counted and left out.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any, Final

import msgspec

from mailstead.ground.model.errors import Invalid
from mailstead.ground.model.ids import Instant
from mailstead.ground.model.policy import Action, Policy
from mailstead.net.clock import Clock
from mailstead.services.checks.judging import Judgement, judge
from mailstead.services.checks.recall import read_facts
from mailstead.store.port import ReadTx, Store
from mailstead.store.port.duties import Trace, TraceMark
from mailstead.store.port.trails import Refusal, RefusalMark

DAY: Final = 86_400_000
STEPS_MAX: Final = 400
"""Of each kind: so many times 500 letters are looked at, the latest ones."""
_STEP: Final = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Flip:
    """A letter that another verdict would have met."""

    at: Instant
    message_id: str
    sender: str
    recipient: str
    ip: str
    before: Judgement
    after: Judgement
    is_open: bool  # its origin alone had it refused, so no filter was asked what it thinks of the rest


@dataclass(slots=True)
class Replay:
    """What came out. `flips`: the latest ones, at most as many as were asked for; `counts` are of all."""

    since: Instant
    letters: int = 0  # judged once more
    left_out: int = 0
    counts: Counter[tuple[Action, Action]] = field(default_factory=Counter)
    flips: list[Flip] = field(default_factory=list)
    is_cut: bool = False  # there are older ones that were not looked at

    @property
    def flipped(self) -> int:
        """Of all."""
        return self.counts.total()


@dataclass(frozen=True, slots=True)
class _Past:
    at: Instant
    message_id: str
    story: dict[str, Any]

    @property
    def recipient(self) -> str:
        return str(self.story.get("to", ""))


class WhatIf:
    """Long looks are taken in short reads, others come between."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    async def replay(self, domain: str, before: Policy, after: Policy, *, days: int, limit: int) -> Replay:
        """All letters of a domain, and of those that are other names of it."""
        names = await self._store.read(_Names(domain))
        result = Replay(Instant(self._clock.now() - days * DAY))
        async for past in self._filed(result, names):
            _judge_again(result, past, before, after, limit)
        for name in names:
            async for past in self._refused(result, name):
                _judge_again(result, past, before, after, limit)
        result.flips.sort(key=lambda flip: -flip.at)
        return result

    async def _filed(self, result: Replay, names: list[str]) -> AsyncIterator[_Past]:
        marks = [f'@{name}"'.encode() for name in names]
        mark = TraceMark(Instant(self._clock.now() + 1))
        for _ in range(STEPS_MAX):
            step = await self._store.read(_Traces(result.since, mark))
            for trace, message_id in step:
                if any(name in trace.story for name in marks):
                    story = msgspec.json.decode(trace.story)
                    past = _Past(trace.at, message_id or story.get("message_id", ""), story)
                    if past.recipient.rpartition("@")[2] in names:
                        yield past
            if len(step) < _STEP:
                return
            mark = step[-1][0].mark
            await asyncio.sleep(0)
        result.is_cut = True

    async def _refused(self, result: Replay, name: str) -> AsyncIterator[_Past]:
        """But for those that were taken all the same: they have a trace, too."""
        mark = RefusalMark(Instant(self._clock.now() + 1))
        for _ in range(STEPS_MAX):
            step = await self._store.read(_Refusals(name, result.since, mark))
            for refusal in step:
                story = msgspec.json.decode(refusal.detail)
                if not story.get("checks", {}).get("taken"):
                    yield _Past(refusal.at, story.get("message_id", ""), story)
            if len(step) < _STEP:
                return
            mark = RefusalMark(step[-1].at, step[-1].id)
            await asyncio.sleep(0)
        result.is_cut = True


def _judge_again(result: Replay, past: _Past, before: Policy, after: Policy, limit: int) -> None:
    checks = past.story.get("checks")
    if not checks or "action" not in checks:
        result.left_out += 1
        return
    try:
        evidence = read_facts(checks)
    except Invalid:
        result.left_out += 1
        return
    result.letters += 1
    was, is_now = (judge(evidence, policy, past.recipient) for policy in (before, after))
    if was.action is is_now.action:
        return
    result.counts[was.action, is_now.action] += 1
    if len(result.flips) < limit:
        result.flips.append(
            Flip(
                at=past.at, message_id=past.message_id, sender=past.story.get("from", ""), recipient=past.recipient,
                ip=past.story.get("ip", ""), before=was, after=is_now,
                is_open=not evidence.opinions and was.action is Action.REJECT,
            )
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Names:
    domain: str

    async def __call__(self, tx: ReadTx) -> list[str]:
        rows = await tx.directory.list_domains()
        ours = {row.id for row in rows if row.name == self.domain}
        return [self.domain, *(row.name for row in rows if row.alias_of in ours)]


@dataclass(frozen=True, slots=True)
class _Traces:
    since: Instant
    before: TraceMark

    async def __call__(self, tx: ReadTx) -> list[tuple[Trace, str]]:
        return await tx.duties.walk_traces(self.since, self.before, _STEP)


@dataclass(frozen=True, slots=True)
class _Refusals:
    domain: str
    since: Instant
    before: RefusalMark

    async def __call__(self, tx: ReadTx) -> list[Refusal]:
        return await tx.trails.walk_refusals(self.domain, self.since, self.before, _STEP)
