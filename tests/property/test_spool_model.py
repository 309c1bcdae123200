"""The spool against a model of dicts: workers that claim, renew and settle, an operator, and a clock that goes on.

What the store says is what the model says, recipient by recipient: so nobody is leased to two, and nobody disappears.
"""

import asyncio
import contextlib
import tempfile
from collections.abc import Callable, Coroutine
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeVar

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from mailstead.ground.model.envelope import Wishes
from mailstead.ground.model.ids import Instant, SpoolId
from mailstead.ground.model.spool import QUEUES, State
from mailstead.store.port.spool import Settlement
from mailstead.store.sql.check import Finding, check
from tests.support.mailbox import NOW
from tests.support.postgres import cluster
from tests.support.spooled import letter, recipient, spool
from tests.support.stores import AnyStore, Engine, postgres_engine, sqlite_engine

T = TypeVar("T")
Key = tuple[SpoolId, int]

MEMORY = Path("/dev/shm")  # what is tried here is not durability

holders = st.sampled_from(["one", "two", "three"])
lanes = st.sampled_from(["a.test", "b.test", "c.test"])
spans = st.sampled_from([1, 5, 20, 60])
WAITING = (State.ACTIVE, State.DEFERRED)
picks = st.lists(st.integers(0, 30), min_size=1, max_size=4)


@dataclass(frozen=True)
class Waiter:
    """What the model knows of a recipient."""

    state: State
    lane: str
    due: int
    urgency: int
    lease: str = ""
    attempts: int = 0
    is_warned: bool = False

    def is_free(self, now: int) -> bool:
        return not self.lease or self.due <= now


@dataclass
class Sheet:
    """What the model knows of a letter."""

    expires: int
    attention: int
    settled_at: int | None = None


@dataclass
class Model:
    """All of it."""

    now: int = NOW
    letters: dict[SpoolId, Sheet] = field(default_factory=dict)
    waiters: dict[Key, Waiter] = field(default_factory=dict)
    paused: dict[str, int] = field(default_factory=dict)

    def of(self, letter: SpoolId) -> dict[int, Waiter]:
        return {number: one for (mine, number), one in self.waiters.items() if mine == letter}

    def is_paused(self, lane: str) -> bool:
        return self.paused.get(lane, 0) > self.now

    def due(self, lane: str) -> list[Key]:
        """In the order in which they are claimed."""
        found = [
            (-one.urgency, one.due, key)
            for key, one in self.waiters.items()
            if one.lane == lane and one.state.is_waiting and one.due <= self.now
        ]
        return [key for _, _, key in sorted(found)]

    def recount(self, letter: SpoolId) -> None:
        """What follows for a letter from a change of its recipients."""
        states = [one.state for one in self.of(letter).values()]
        sheet = self.letters[letter]
        if any(state.is_waiting for state in states):
            return
        if State.FAILED in states:
            sheet.attention = self.now
        elif State.HELD not in states:
            sheet.settled_at = self.now


class SpoolMachine(RuleBasedStateMachine):
    """`open_engine` gives a new empty database."""

    def __init__(self, open_engine: Callable[[Path], AbstractAsyncContextManager[Engine]]) -> None:
        super().__init__()
        self._open_engine = open_engine
        self._stack = contextlib.ExitStack()
        self._async_stack = AsyncExitStack()
        self._runner = self._stack.enter_context(asyncio.Runner())
        self.model = Model()

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return self._runner.run(work)

    def write(self, unit: Callable[[Any], Coroutine[Any, Any, T]]) -> T:
        return self.run(self.store.write(unit))

    def read(self, unit: Callable[[Any], Coroutine[Any, Any, T]]) -> T:
        return self.run(self.store.read(unit))

    @initialize()
    def open(self) -> None:
        folder = Path(self._stack.enter_context(tempfile.TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None)))
        self.store: AnyStore = self.run(self._open(folder))

    async def _open(self, folder: Path) -> AnyStore:
        engine = await self._async_stack.enter_async_context(self._open_engine(folder))
        return await engine.open()

    def teardown(self) -> None:
        try:
            if hasattr(self, "store"):
                self.run(self._end())
        finally:
            self._stack.close()

    async def _end(self) -> None:
        async with self._async_stack:
            assert [report async for report in check(self.store) if isinstance(report, Finding)] == []

    def pick(self, numbers: list[int]) -> list[Key]:
        keys = sorted(self.model.waiters)
        return sorted({keys[number % len(keys)] for number in numbers}) if keys else []

    @property
    def now(self) -> Instant:
        return Instant(self.model.now)

    @rule(
        to=st.lists(st.tuples(lanes, st.sampled_from(["", "one", "two"])), min_size=1, max_size=4),
        priority=st.sampled_from([0, 0, 0, -4, 4, 9]), wait=st.sampled_from([0, 0, 0, 7]),
        life=st.sampled_from([30, 90]), warn=st.sampled_from([None, 10]),
    )  # fmt: skip
    def insert(self, to: list[tuple[str, str]], priority: int, wait: int, life: int, warn: int | None) -> None:
        number = SpoolId(len(self.model.letters) + 1)
        now = self.model.now
        warn_at = Instant(now + warn) if warn is not None else None
        one = letter(
            number, created_at=now, expires_at=now + life, warn_at=warn_at, wishes=Wishes(priority=priority)
        )  # fmt: skip
        self.model.letters[number] = Sheet(now + life, warn_at or now + life)
        rows = []
        for place, (lane, lease) in enumerate(to):
            due = now + (20 if lease else wait)
            rows.append(recipient(number, place, f"x@{lane}", due_at=Instant(due), lease=lease))
            if lease and self.model.is_paused(lane):
                due, lease = now, ""  # noqa: PLW2901 - as the store does
            self.model.waiters[number, place] = Waiter(State.ACTIVE, lane, due, int(one.urgency), lease)
        paused = self.run(spool(self.store, one, *rows))
        assert paused == {lane for lane, _ in to if self.model.is_paused(lane)}

    @rule(lane=lanes, holder=holders, limit=st.integers(1, 5), span=spans)
    def claim(self, lane: str, holder: str, limit: int, span: int) -> None:
        until = Instant(self.model.now + span)
        found = self.write(lambda tx: tx.spool.claim(lane, holder, now=self.now, until=until, limit=limit))
        got = {(one.id, mine.number) for one, some in found for mine in some}
        expected = [] if self.model.is_paused(lane) else self.model.due(lane)[:limit]
        assert got == set(expected)
        for key in expected:
            self.model.waiters[key] = replace(self.model.waiters[key], lease=holder, due=until)

    @rule(holder=holders, span=spans)
    def renew(self, holder: str, span: int) -> None:
        until = Instant(self.model.now + span)
        keys = sorted(self.model.waiters)
        self.write(lambda tx: tx.spool.renew(keys, holder, until=until))
        for key, one in self.model.waiters.items():
            if one.lease == holder:
                self.model.waiters[key] = replace(one, due=max(one.due, until))

    @rule(
        numbers=picks, holder=holders, span=spans, is_try=st.booleans(),
        state=st.sampled_from([State.DELIVERED, State.DEFERRED, State.DEFERRED, State.FAILED, State.HELD]),
    )  # fmt: skip
    def settle(self, numbers: list[int], holder: str, span: int, state: State, is_try: bool) -> None:
        keys = self.pick(numbers)
        if not keys:
            return
        mine = [key for key in keys if key[0] == keys[0][0]]
        due = self.model.now + (span if state.is_waiting else 0)
        said = [
            Settlement(number=number, state=state, due_at=Instant(due), last=None, is_try=is_try) for _, number in mine
        ]
        done = self.write(lambda tx: tx.spool.settle(mine[0][0], said, holder, now=self.now))
        assert done == [number for letter_id, number in mine if self.model.waiters[letter_id, number].lease == holder]
        for number in done:
            key = (mine[0][0], number)
            one = self.model.waiters[key]
            self.model.waiters[key] = replace(one, state=state, due=due, lease="", attempts=one.attempts + is_try)
        if done:
            self.model.recount(mine[0][0])

    @rule(lane=lanes, span=st.sampled_from([-1, 5, 40]))
    def pause(self, lane: str, span: int) -> None:
        until = Instant(self.model.now + span if span > 0 else 0)
        self.write(lambda tx: tx.spool.pause(lane, until=until, reason="dead", failures=2))
        self.model.paused[lane] = until

    @rule(
        numbers=picks, route=st.sampled_from([None, None, "b.test"]),
        state=st.sampled_from([State.HELD, State.ACTIVE, State.ACTIVE, State.DROPPED]),
    )  # fmt: skip
    def by_hand(self, numbers: list[int], state: State, route: str | None) -> None:
        keys = self.pick(numbers)
        changed = self.write(lambda tx: tx.spool.change_state(keys, state, now=self.now, route=route))
        self._change(keys, changed, state, QUEUES, route)

    def _change(
        self, keys: list[Key], changed: list[Key], state: State, of: tuple[State, ...], route: str | None = None
    ) -> None:
        expected = [
            key for key in keys if (one := self.model.waiters[key]).state in of and one.is_free(self.model.now)
        ]  # fmt: skip
        assert changed == expected
        for key in expected:
            one = self.model.waiters[key]
            lane = route or one.lane
            self.model.waiters[key] = replace(one, state=state, due=self.model.now, lease="", lane=lane)
        for letter_id in {letter_id for letter_id, _ in expected}:
            self.model.recount(letter_id)

    @rule()
    def overdue(self) -> None:
        found = self.read(lambda tx: tx.spool.overdue(self.now, 1000))
        now = self.model.now
        expected = {
            number: [place for place, one in sorted(self.model.of(number).items())
                     if one.state.is_waiting and one.is_free(now)]
            for number, sheet in self.model.letters.items()
            if sheet.attention <= now and any(one.state.is_waiting for one in self.model.of(number).values())
        }  # fmt: skip
        assert {one.id: [mine.number for mine in some] for one, some in found} == expected
        for number, places in expected.items():
            sheet = self.model.letters[number]
            if sheet.expires <= now:
                keys = [(number, place) for place in places]
                changed = self.write(
                    lambda tx, keys=keys: tx.spool.change_state(keys, State.FAILED, now=self.now, of=WAITING)
                )  # fmt: skip
                self._change(keys, changed, State.FAILED, WAITING)
            elif places:
                marked = self.write(lambda tx, number=number, places=places: tx.spool.mark_warned(number, places))
                of = self.model.of(number)
                assert sorted(marked) == [place for place in places if not of[place].is_warned]
                for place in places:
                    self.model.waiters[number, place] = replace(of[place], is_warned=True)
                sheet.attention = sheet.expires

    @rule(failed=st.sampled_from([0, 30]), gone=st.sampled_from([0, 60]))
    def forget(self, failed: int, gone: int) -> None:
        model = self.model
        before, settled_before, now = model.now - failed, model.now - gone, Instant(model.now)
        self.write(
            lambda tx: tx.spool.forget_settled(
                failed_before=Instant(before), settled_before=Instant(settled_before), now=now
            )
        )
        for number, sheet in list(model.letters.items()):
            of = model.of(number)
            is_over = not any(one.state.is_waiting for one in of.values())
            if is_over and State.FAILED in {one.state for one in of.values()} and sheet.attention < before:
                for place, one in of.items():
                    if one.state is State.FAILED:
                        model.waiters[number, place] = replace(one, state=State.DROPPED)
                if not any(one.state is State.HELD for one in of.values()):
                    sheet.settled_at = now
            if sheet.settled_at is not None and sheet.settled_at < settled_before:
                for place in of:
                    del model.waiters[number, place]
                sheet.attention = 1 << 60  # the row is gone; its number is not used again

    @rule(span=spans)
    def time_goes_on(self, span: int) -> None:
        self.model.now += span

    @invariant()
    def same(self) -> None:
        """Recipient by recipient; and whoever is due is led to by a lane, unless that is paused."""
        if not hasattr(self, "store"):
            return
        for number in self.model.letters:
            rows = self.read(lambda tx, number=number: tx.spool.list_recipients(number))
            assert {
                one.number: (one.state, one.destination, one.due_at, one.lease, one.attempts, one.is_warned)
                for one in rows
            } == {
                place: (one.state, one.lane, one.due, one.lease, one.attempts, one.is_warned)
                for place, one in self.model.of(number).items()
            }  # fmt: skip
        led = {lane.destination for lane in self.read(lambda tx: tx.spool.due_lanes(self.now, limit=1000))}
        assert not any(self.model.is_paused(lane) for lane in led)
        due = {one.lane for one in self.model.waiters.values() if one.state.is_waiting and one.due <= self.model.now}
        assert {lane for lane in due if not self.model.is_paused(lane)} <= led


SETTINGS = settings(deadline=None, suppress_health_check=list(HealthCheck), stateful_step_count=50)


def test_the_spool_follows_the_model_on_sqlite() -> None:
    run_state_machine_as_test(lambda: SpoolMachine(sqlite_engine), settings=settings(SETTINGS, max_examples=60))


def test_the_spool_follows_the_model_on_postgres() -> None:
    with cluster() as running:

        @contextlib.asynccontextmanager
        async def engine(folder: Path) -> Any:
            with running.database() as conninfo:
                async with postgres_engine(conninfo, folder) as made:
                    yield made

        run_state_machine_as_test(lambda: SpoolMachine(engine), settings=settings(SETTINGS, max_examples=8))
