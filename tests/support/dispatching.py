"""A dispatcher on a real store, with a carrier whose answers a test decides."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mailstead.ground.model.attempt import Attempt, Ending, Health, Result
from mailstead.ground.model.ids import Instant
from mailstead.ground.model.route import Route
from mailstead.net.ids import IdSource
from mailstead.services.accounts.forwarding import Forwarding
from mailstead.services.delivery.deliver import Delivery
from mailstead.services.dispatch.dispatcher import Dispatcher, Limits
from mailstead.services.dispatch.local import LocalDelivery
from mailstead.services.dispatch.porter import Porter
from mailstead.services.dispatch.ports import NoObserver, Notice, Told
from mailstead.services.dispatch.rejudging import Rejudging
from mailstead.services.dispatch.routes import StoredRoutes
from mailstead.services.guards.halt import Hold
from mailstead.services.outbound.parcel import Parcel
from mailstead.services.spool.outbox import NoOutbox
from mailstead.services.spool.spooling import Spooling
from mailstead.services.spool.terms import Schedule, Terms
from tests.support.fake_clock import FakeClock
from tests.support.mailbox import NOW
from tests.support.stores import AnyStore, sqlite_engine

MINUTE = 60_000


@dataclass
class FakeCarrier:
    """Answers each parcel with `answer`, once it is allowed to."""

    answer: Callable[[Parcel], tuple[Ending, str]] = lambda _: (Ending.DELIVERED, "250 ok")
    health: Health = Health.GOOD
    parcels: list[Parcel] = field(default_factory=list)
    open: asyncio.Event = field(default_factory=asyncio.Event)
    arrived: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(0))

    def __post_init__(self) -> None:
        self.open.set()

    async def attempt(self, parcel: Parcel) -> Attempt:
        self.parcels.append(parcel)
        self.arrived.release()
        await self.open.wait()
        ending, said = self.answer(parcel)
        status = {"2": "2.0.0", "4": "4.2.0", "5": "5.1.1"}[said[0]]
        results = tuple(Result(one.number, ending, status, said, "mx.far.test") for one in parcel.recipients)
        return Attempt(began_at=NOW, ended_at=NOW, results=results, health=self.health, why="silent")


@dataclass
class FakeNotices:
    """Remembers what senders would be told."""

    told: list[tuple[int, str, str]] = field(default_factory=list)

    async def write(self, letter: Any, told: tuple[Told, ...]) -> tuple[Notice, ...]:
        self.told += [(letter.id, str(one.recipient.address), one.result.ending.value) for one in told]
        return ()


class OpenGate:
    reason = ""

    async def judge(self, letter: Any, recipients: Any) -> dict[int, Hold]:
        return {one.number: Hold(self.reason) for one in recipients} if self.reason else {}


class PlainContents:
    async def open(self, letter: Any) -> Any:
        return letter.id


@dataclass
class Scene:
    """All of it."""

    store: AnyStore
    clock: FakeClock
    carrier: FakeCarrier
    notices: FakeNotices
    spooling: Spooling
    gate: OpenGate
    ids: IdSource
    judges: Any = None

    def dispatcher(self, holder: str = "me", *, contents: Any = None, routes: Any = None, **limits: int) -> Dispatcher:
        senders = Forwarding(self.store, self.clock)
        delivery = Delivery(self.store, self.clock, self.ids, self.spooling, hostname="mx.home.test")
        local = LocalDelivery(self.store, self.clock, delivery, reverser=senders)
        judging = Rejudging(self.store, self.clock, local, self.spooling.terms, reverser=senders)
        judging.judges = self.judges
        porter = Porter(
            self.store, self.clock, self.ids, self.spooling, carrier=self.carrier, contents=contents or PlainContents(),
            routes=routes or StoredRoutes(self.store, Route(), Route()), notices=self.notices,
            local=local, judging=judging, gate=self.gate, senders=senders,
            observer=NoObserver(),
        )  # fmt: skip
        made = Dispatcher(self.store, self.clock, porter, holder, Limits(**limits))
        self.spooling.outbox = made
        return made

    async def states(self, number: int) -> list[str]:
        found = await self.store.read(lambda tx: tx.spool.list_recipients(number))
        return [one.state.value for one in found]

    async def until(self, number: int, *states: str) -> None:
        """Wait until the recipients of a letter are in these states."""
        async with asyncio.timeout(10):
            while await self.states(number) != list(states):
                await asyncio.sleep(0.005)


@asynccontextmanager
async def open_scene(folder: Path, **terms: Any) -> AsyncIterator[Scene]:
    async with sqlite_engine(folder) as engine:
        store, clock = await engine.open(), FakeClock(NOW)
        schedule = Schedule((MINUTE, 2 * MINUTE))
        spooling = Spooling(Terms(**({"schedule": schedule} | terms)), NoOutbox())
        ids = IdSource(clock, 1)
        yield Scene(store, clock, FakeCarrier(), FakeNotices(), spooling, OpenGate(), ids)


def later(minutes: float) -> Instant:
    return Instant(NOW + round(minutes * MINUTE))
