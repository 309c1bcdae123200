"""What another store says of recipients is asked once, remembered for a while, and never awaited by too many."""

import asyncio
from dataclasses import dataclass, field

import pytest

from mailstead.ground.model.address import Address
from mailstead.ground.model.route import Route
from mailstead.ground.model.verdict import PASS, Defer, Reason, Refuse
from mailstead.services.accounts.resolve import Abroad, Resolution
from mailstead.services.outbound import verification
from mailstead.services.outbound.probing import Answer, Standing
from mailstead.services.outbound.verification import Verification
from tests.support.fake_clock import FakeClock

VIA = "lmtp://store.test:24"
ANN, BOB = Address.parse("ann@far.test"), Address.parse("bob@far.test")


@dataclass
class Store:
    """Implements `Asking`."""

    standing: Standing = Standing.KNOWN
    asked: list[str] = field(default_factory=list)
    open: asyncio.Event = field(default_factory=asyncio.Event)
    arrived: asyncio.Event = field(default_factory=asyncio.Event)
    at_once: int = 0
    most: int = 0
    fault: Exception | None = None

    def __post_init__(self) -> None:
        self.open.set()

    async def ask(self, route: Route, address: Address) -> Answer:
        assert route.host == "store.test"
        self.asked.append(str(address))
        self.at_once += 1
        self.most = max(self.most, self.at_once)
        self.arrived.set()
        await self.open.wait()
        self.at_once -= 1
        if self.fault:
            raise self.fault
        return Answer(self.standing, "its words")


@pytest.mark.parametrize(
    ("standing", "verdict", "seconds"),
    [
        (Standing.KNOWN, PASS, 3600),
        (Standing.UNKNOWN, Refuse(Reason.USER_UNKNOWN, f"{VIA}: its words"), 300),
        (Standing.UNCLEAR, Defer(Reason.USER_UNKNOWN, f"{VIA}: its words"), 15),
    ],
)
async def test_an_answer_holds_for_a_while(standing: Standing, verdict: object, seconds: int) -> None:
    store, clock = Store(standing), FakeClock()
    judges = Verification(store, clock)
    assert await judges.judge(VIA, ANN) == verdict
    clock.advance(seconds - 1)
    assert await judges.judge(VIA, Address.parse("ANN@far.test")) == verdict
    assert store.asked == ["ann@far.test"]
    clock.advance(2)
    assert await judges.judge(VIA, ANN) == verdict
    assert len(store.asked) == 2


async def test_one_question_for_all_who_ask_it() -> None:
    store = Store()
    store.open.clear()
    judges = Verification(store, FakeClock())
    first, second = (asyncio.create_task(judges.judge(VIA, ANN)) for _ in range(2))
    await store.arrived.wait()
    first.cancel()
    store.open.set()
    assert await second == PASS
    assert store.asked == ["ann@far.test"]


async def test_so_many_at_once_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verification, "WAITING_MAX", 50)
    store = Store()
    store.open.clear()
    judges = Verification(store, FakeClock())
    tasks = [asyncio.create_task(judges.judge(VIA, Address(f"r{n}", "far.test"))) for n in range(51)]
    assert await tasks[50] == Defer(Reason.BUSY, f"too many questions wait for {VIA}")
    store.open.set()
    assert await asyncio.gather(*tasks[:50]) == [PASS] * 50
    assert store.most == verification.AT_ONCE


async def test_only_so_much_is_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verification, "KEPT_MAX", 1)
    store = Store()
    judges = Verification(store, FakeClock())
    for address in (ANN, BOB, ANN):
        await judges.judge(VIA, address)
    assert len(store.asked) == 3


async def test_a_fault_of_ours_refuses_nobody() -> None:
    judges = Verification(Store(fault=ZeroDivisionError()), FakeClock())
    assert isinstance(await judges.judge(VIA, ANN), Defer)
    assert isinstance(await judges.judge("no route", ANN), Defer)


def meant(*addresses: Address) -> Resolution:
    return Resolution((), tuple(Abroad(address, VIA, "far.test", is_asked=True) for address in addresses))


@pytest.mark.parametrize("must_know", [True, False])
async def test_who_is_unknown_is_left_out(must_know: bool) -> None:
    judges = Verification(Store(Standing.UNKNOWN), FakeClock())
    elsewhere = Abroad(BOB)
    both = Resolution((), (*meant(ANN).abroad, elsewhere))
    assert await judges.sift(both, must_know=must_know) == Resolution((), (elsewhere,))
    assert isinstance(await judges.sift(meant(ANN), must_know=must_know), Refuse)


async def test_who_cannot_be_asked_about_is_taken_from_our_own_people_alone() -> None:
    judges = Verification(Store(Standing.UNCLEAR), FakeClock())
    assert isinstance(await judges.sift(meant(ANN)), Defer)
    assert await judges.sift(meant(ANN), must_know=False) == meant(ANN)
