"""Time, turns and pauses of one filter."""

import asyncio

import pytest

from mailstead.ground.model.opinion import Concern, Opinion
from mailstead.services.filters.asking import Silent, Unable
from mailstead.services.filters.breaker import BreakerRules, State
from mailstead.services.filters.panel import FilterPanel
from mailstead.services.filters.watched import WAITING_MAX, Patience, WatchedFilter
from tests.support.fake_clock import FakeClock
from tests.support.filters.letters import HAM
from tests.support.filters.scene import SetFilter, specimen

FINE = (Opinion(source="set", concern=Concern.SPAM, score=1.0),)
PATIENCE = Patience(timeout=60.0, at_once=2, breaker=BreakerRules(failures=2, pause=30.0))


async def fine() -> tuple[Opinion, ...]:
    return FINE


async def silent() -> tuple[Opinion, ...]:
    raise Silent("gone fishing")


async def broken() -> tuple[Opinion, ...]:
    raise ZeroDivisionError


async def never() -> tuple[Opinion, ...]:
    await asyncio.Event().wait()
    raise AssertionError


def trouble(words: str) -> tuple[Opinion, ...]:
    return (Opinion(source="set", concern=Concern.SPAM, trouble=words),)


async def test_an_answer_is_passed_on() -> None:
    watched = WatchedFilter(SetFilter([fine]), FakeClock(), PATIENCE)
    assert await watched.ask(specimen(HAM)) == FINE


async def test_failures_open_and_an_answer_closes(capsys: pytest.CaptureFixture[str]) -> None:
    clock, filter_ = FakeClock(), SetFilter([silent, silent, fine])
    watched = WatchedFilter(filter_, clock, PATIENCE)
    for _ in range(2):
        assert await watched.ask(specimen(HAM)) == trouble("gone fishing")
    assert watched.state is State.OPEN
    assert await watched.ask(specimen(HAM)) == trouble("not asked for a while: gone fishing")
    assert filter_.asked == 2
    clock.advance(30.0)
    assert await watched.ask(specimen(HAM)) == FINE
    assert watched.state is State.CLOSED


async def test_what_it_cannot_judge_is_no_failure_of_the_filter() -> None:
    """Else strangers who know such a letter had all others go in unseen."""

    async def unable() -> tuple[Opinion, ...]:
        raise Unable("too deep for me")

    watched = WatchedFilter(SetFilter([silent, unable]), FakeClock(), PATIENCE)
    for _ in range(5):
        (opinion,) = await watched.ask(specimen(HAM))
    assert opinion.trouble == "too deep for me"
    assert watched.state is State.CLOSED


async def test_no_answer_in_time() -> None:
    patience = Patience(timeout=0.01, at_once=2, breaker=PATIENCE.breaker)
    watched = WatchedFilter(SetFilter([never]), FakeClock(), patience)
    for _ in range(2):
        assert await watched.ask(specimen(HAM)) == trouble("no answer in 0.01 s")
    assert watched.state is State.OPEN


async def test_a_wait_for_a_turn_is_no_failure_of_the_filter() -> None:
    patience = Patience(timeout=0.05, at_once=1, breaker=BreakerRules(failures=2))
    watched = WatchedFilter(SetFilter([never]), FakeClock(), patience)
    answers = await asyncio.gather(*(watched.ask(specimen(HAM)) for _ in range(3)))
    assert set(answers) == {trouble("no answer in 0.05 s")}
    assert watched.state is State.CLOSED


async def test_a_fault_of_ours_is_silence() -> None:
    watched = WatchedFilter(SetFilter([broken]), FakeClock(), PATIENCE)
    (opinion,) = await watched.ask(specimen(HAM))
    assert opinion.trouble.startswith("a fault of ours (incident ")


async def test_too_many_are_told_at_once() -> None:
    watched = WatchedFilter(SetFilter([never]), FakeClock(), PATIENCE)
    waiting = [asyncio.create_task(watched.ask(specimen(HAM))) for _ in range(WAITING_MAX)]
    await asyncio.sleep(0)
    assert await watched.ask(specimen(HAM)) == trouble(f"{WAITING_MAX} letters wait for it")
    for task in waiting:
        task.cancel()
    await asyncio.gather(*waiting, return_exceptions=True)


async def test_who_goes_away_while_probing_does_not_shut_it_for_good() -> None:
    clock, filter_ = FakeClock(), SetFilter([silent, silent, never, fine])
    watched = WatchedFilter(filter_, clock, PATIENCE)
    for _ in range(2):
        await watched.ask(specimen(HAM))
    clock.advance(30.0)
    probe = asyncio.create_task(watched.ask(specimen(HAM)))
    while filter_.asked < 3:
        await asyncio.sleep(0)
    probe.cancel()
    with pytest.raises(asyncio.CancelledError):
        await probe
    assert await watched.ask(specimen(HAM)) == FINE


async def test_the_panel_keeps_the_order_and_asks_whom_somebody_wants() -> None:
    gate = asyncio.Event()

    async def slow() -> tuple[Opinion, ...]:
        await gate.wait()
        return FINE

    async def quick() -> tuple[Opinion, ...]:
        gate.set()
        return trouble("busy")

    unliked = SetFilter([fine], is_liked=False)
    filters = [WatchedFilter(one, FakeClock(), PATIENCE) for one in (SetFilter([slow]), unliked, SetFilter([quick]))]
    assert await FilterPanel(filters).examine(specimen(HAM)) == (*FINE, *trouble("busy"))
    assert await FilterPanel(filters[:2]).examine(specimen(HAM)) == FINE
    assert await FilterPanel(filters[1:2]).examine(specimen(HAM)) == ()
    assert unliked.asked == 0
