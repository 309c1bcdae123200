"""The guards around dispatch: what is held, what waits, what is given up, and what bounces lead to."""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from mailstead.ground.model.address import Address
from mailstead.ground.model.attempt import Attempt, Ending, Result
from mailstead.ground.model.errors import Busy
from mailstead.ground.model.guards import Breaker, HoldRule, Scope, Subject, Suppression
from mailstead.ground.model.ids import AccountId, Instant, SpoolId
from mailstead.ground.model.rate import parse_rates
from mailstead.ground.model.route import Route
from mailstead.ground.model.spool import LOCAL, Origin, SpooledRecipient, State
from mailstead.net.ids import IdSource
from mailstead.services.accounts.forwarding import Forwarding
from mailstead.services.dispatch.lanes import Job
from mailstead.services.dispatch.porter import Porter
from mailstead.services.dispatch.ports import Told
from mailstead.services.dispatch.routes import StoredRoutes
from mailstead.services.guards.breaker import BreakerRules
from mailstead.services.guards.gate import SendingGate
from mailstead.services.guards.halt import Wait
from mailstead.services.guards.names import NameGuard, NameRules
from mailstead.services.guards.observer import GuardObserver
from mailstead.services.guards.providers import Profile, ProviderRates
from mailstead.services.guards.resuming import Resuming
from mailstead.services.guards.suppression import SuppressionRules
from mailstead.services.outbound.parcel import Parcel
from mailstead.services.spool.outbox import NoOutbox
from mailstead.services.spool.spooling import Spooling
from mailstead.services.spool.terms import Terms
from mailstead.store.port.spool import Wanted
from tests.support.fake_clock import FakeClock
from tests.support.mailbox import make_mailbox
from tests.support.spooled import letter, recipient, spool
from tests.support.stores import AnyStore, sqlite_engine
from tests.unit.services.guards.zone import Zone

HOUR = 3_600_000
MINUTE = 60_000
GONE = "550 5.1.1 no such user"
BLOCKED = "550 5.7.1 your host is on our blocklist"


@dataclass
class Peer:
    """Says `says` of each recipient."""

    says: Callable[[SpooledRecipient], str] = lambda _: "250 2.0.0 ok"
    carried: list[tuple[int, int]] = field(default_factory=list)

    async def attempt(self, parcel: Parcel) -> Attempt:
        endings = {"2": Ending.DELIVERED, "4": Ending.DEFERRED, "5": Ending.FAILED}
        self.carried += [(parcel.id, one.number) for one in parcel.recipients]
        said = [(one.number, self.says(one)) for one in parcel.recipients]
        results = tuple(Result(number, endings[text[0]], text.split()[1], text, "mx.test") for number, text in said)
        return Attempt(began_at=Instant(0), ended_at=Instant(0), results=results)


class Notices:
    def __init__(self) -> None:
        self.told: list[str] = []

    async def write(self, letter: Any, told: tuple[Told, ...]) -> tuple[()]:
        self.told += [f"{one.recipient.address} {one.result.status} {one.result.diagnostic}" for one in told]
        return ()


class Contents:
    async def open(self, letter: Any) -> Any:
        return letter.id


@dataclass
class Scene:
    """One worker's porter and gate before a peer in memory."""

    store: AnyStore
    clock: FakeClock
    account: AccountId
    peer: Peer = field(default_factory=Peer)
    notices: Notices = field(default_factory=Notices)
    observer: GuardObserver = field(default_factory=lambda: GuardObserver(BreakerRules(least=4), SuppressionRules()))

    def __post_init__(self) -> None:
        self.ids = IdSource(self.clock, 1)

    def porter(self, gate: SendingGate | None = None) -> Porter:
        return Porter(
            self.store, self.clock, self.ids, Spooling(Terms(), NoOutbox()), carrier=self.peer,
            contents=Contents(), routes=StoredRoutes(self.store, Route(), Route()), notices=self.notices,
            local=self.peer, judging=self.peer,
            gate=gate or SendingGate(self.store, self.clock), observer=self.observer,
            senders=Forwarding(self.store, self.clock),
        )  # fmt: skip

    async def send(self, number: int, *to: str, porter: Porter | None = None, **other: Any) -> list[str]:
        """Spool a letter and carry it; gives the states of its recipients."""
        now = self.clock.now()
        one = letter(
            number, **({"created_at": now, "expires_at": Instant(now + 10**9), "account_id": self.account} | other)
        )
        await spool(self.store, one, *(recipient(number, n, text, due_at=now) for n, text in enumerate(to)))
        await self.carry(porter)
        return await self.states(number)

    async def carry(self, porter: Porter | None = None) -> None:
        """Everything that is due."""
        porter, now = porter or self.porter(), self.clock.now()
        for lane in await self.store.read(lambda tx: tx.spool.due_lanes(now)):
            until = Instant(now + HOUR)
            for one, mine in await self.store.write(
                lambda tx, lane=lane, until=until: tx.spool.claim(
                    lane.destination, "me", now=now, until=until, limit=500
                )
            ):
                await porter.carry(Job(one, tuple(mine)), "me")

    async def recipients(self, number: int) -> list[SpooledRecipient]:
        return await self.store.read(lambda tx: tx.spool.list_recipients(SpoolId(number)))

    async def states(self, number: int) -> list[str]:
        return [one.state.value for one in await self.recipients(number)]

    async def breakers(self) -> list[Breaker]:
        return await self.store.read(lambda tx: tx.guards.list_breakers())

    async def by_hand(self, number: int, state: State = State.ACTIVE) -> None:
        now = self.clock.now()
        pairs = [(one.letter_id, one.number) for one in await self.recipients(number)]
        await self.store.write(lambda tx: tx.spool.change_state(pairs, state, now=now))


@pytest.fixture
async def scene(tmp_path: Path) -> AsyncIterator[Scene]:
    async with sqlite_engine(tmp_path) as engine:
        store = await engine.open()
        box = await make_mailbox(store, "ann@home.test")
        yield Scene(store, FakeClock(), box.account)


async def rule(scene: Scene, **conditions: Any) -> HoldRule:
    return await scene.store.write(lambda tx: tx.guards.insert_rule(HoldRule(reason="look at it", **conditions)))


async def test_a_rule_holds_from_the_next_letter_on_and_not_what_was_seen(scene: Scene) -> None:
    porter = scene.porter()
    assert await scene.send(1, "bob@far.test", porter=porter) == ["delivered"]
    made = await rule(scene, recipient="@far.test")
    assert await scene.send(2, "bob@far.test", "eve@else.test", porter=porter) == ["held", "delivered"]
    held = (await scene.recipients(2))[0]
    assert (held.hold_reason, held.attempts) == ("rule: look at it", 0)
    await scene.by_hand(2)
    await scene.carry(porter)
    assert await scene.states(2) == ["delivered", "delivered"]
    await scene.store.write(lambda tx: tx.guards.delete_rule(made.id))
    assert await scene.send(3, "bob@far.test", porter=porter) == ["delivered"]


async def test_a_rule_is_asked_before_the_first_try_alone(scene: Scene) -> None:
    scene.peer.says = lambda _: "450 4.2.0 later"
    assert await scene.send(1, "bob@far.test") == ["deferred"]
    await rule(scene, recipient="bob@far.test")
    scene.peer.says = lambda _: "250 2.0.0 ok"
    scene.clock.advance(3600)
    await scene.carry()
    assert await scene.states(1) == ["delivered"]


@pytest.mark.parametrize(
    ("conditions", "is_held"),
    [
        ({"sender": "ann@home.test"}, True),
        ({"sender": "@home.test", "domain": "home.test", "min_size": 100}, True),
        ({"destination": "far.test"}, True),
        ({"min_size": 101}, False),
        ({"sender": "@other.test"}, False),
        ({"domain": "other.test"}, False),
        ({"recipient": "bobby@far.test"}, False),
        ({"account_id": 999}, False),
        ({"sender": "@home.test", "destination": "else.test"}, False),
    ],
)
async def test_all_conditions_of_a_rule_must_hold(scene: Scene, conditions: dict[str, Any], is_held: bool) -> None:
    await rule(scene, **conditions)
    assert await scene.send(1, "bob@far.test") == ["held" if is_held else "delivered"]


async def test_nobody_is_held_who_stays_here(scene: Scene) -> None:
    gate = SendingGate(scene.store, scene.clock)
    await rule(scene, min_size=1)
    here = recipient(1, destination=LOCAL)
    assert await gate.judge(letter(1), (here,)) == {}
    assert list(await gate.judge(letter(1), (replace(here, destination="far.test"),))) == [0]


async def test_who_does_not_exist_is_not_written_to_again(scene: Scene) -> None:
    scene.peer.says = lambda one: GONE if one.address.local == "dead" else "250 2.0.0 ok"
    assert await scene.send(1, "dead@far.test", "bob@far.test") == ["failed", "delivered"]
    assert await scene.send(2, "Dead@far.test", "bob@far.test") == ["failed", "delivered"]
    assert scene.peer.carried == [(1, 0), (1, 1), (2, 1)]
    assert scene.notices.told[2] == f"Dead@far.test 5.1.1 suppressed after an earlier bounce: {GONE}"
    assert await scene.send(3, "dead@far.test", domain="other.test") == ["failed"]  # others find out for themselves
    assert (3, 0) in scene.peer.carried
    scene.clock.advance(31 * 86400)
    await scene.send(4, "dead@far.test")
    assert (4, 0) in scene.peer.carried


async def test_a_person_who_tries_again_is_not_stopped(scene: Scene) -> None:
    gone = Suppression(
        domain="home.test", address=Address("bob", "far.test"), reason="x", added_at=Instant(0), expires_at=None
    )
    await scene.store.write(lambda tx: tx.guards.write_suppression(gone))
    assert await scene.send(1, "bob@far.test") == ["failed"]
    await scene.by_hand(1)
    await scene.carry()
    assert await scene.states(1) == ["delivered"]


async def test_forwarded_letters_teach_nothing_about_senders(scene: Scene) -> None:
    scene.peer.says = lambda _: GONE
    for number in range(1, 7):
        await scene.send(number, f"dead@far{number}.test", origin=Origin.FORWARDED)
    assert await scene.breakers() == []
    assert await scene.store.read(lambda tx: tx.guards.list_suppressions(Instant(0))) == []


async def test_who_bounces_pauses_and_goes_on_by_itself(scene: Scene) -> None:
    """Of two destinations, so that neither has enough to pause by itself."""
    scene.peer.says = lambda _: GONE
    for number in range(1, 5):
        await scene.send(number, f"dead{number}@far{number}.test")
    found = await scene.breakers()
    assert [(one.subject, one.until - scene.clock.now(), one.strikes) for one in found] == [
        (Subject(Scope.ACCOUNT, "ann@home.test"), HOUR, 1),
        (Subject(Scope.DOMAIN, "home.test"), HOUR, 1),
    ]
    scene.peer.says = lambda _: "250 2.0.0 ok"
    assert await scene.send(5, "bob@far.test") == ["held"]
    assert (await scene.recipients(5))[0].hold_reason == "paused: 4 of 4 recipients bounced in the last hour"
    assert await scene.send(6, "bob@far.test", sender=None, origin=Origin.NOTICE, account_id=None) == ["delivered"]
    resuming = Resuming(scene.store, scene.clock)
    await resuming.run()
    await scene.carry()
    assert await scene.states(5) == ["held"]
    scene.clock.advance(3600)
    await resuming.run()
    await scene.carry()
    assert await scene.states(5) == ["delivered"]
    assert all(one.is_released for one in await scene.breakers())


async def test_the_next_pause_is_longer(scene: Scene) -> None:
    scene.observer = GuardObserver(BreakerRules(least=4, scopes=frozenset({Scope.ACCOUNT})), SuppressionRules())
    scene.peer.says = lambda _: GONE
    number = 0
    for hours in (1, 2, 4, 8, 8):
        while not (found := await scene.breakers()) or not found[0].is_open(scene.clock.now()):
            number += 1
            await scene.send(number, f"dead{number}@far{number}.test")
        assert found[0].until - scene.clock.now() == hours * HOUR
        scene.clock.advance(hours * 3600)
    assert number == 20  # what led to a pause is not held against anybody again


async def test_a_person_may_let_one_letter_go_during_a_pause(scene: Scene) -> None:
    paused = Breaker(
        subject=Subject(Scope.DOMAIN, "home.test"), opened_at=scene.clock.now(),
        until=Instant(scene.clock.now() + HOUR), strikes=1, reason="paused: x",
    )  # fmt: skip
    await scene.store.write(lambda tx: tx.guards.write_breaker(paused))
    assert await scene.send(1, "bob@far.test") == ["held"]
    assert await scene.send(2, "bob@far.test") == ["held"]
    await scene.by_hand(1)
    await scene.carry()
    assert (await scene.states(1), await scene.states(2)) == (["delivered"], ["held"])


async def test_the_end_of_one_pause_is_not_the_end_of_another(scene: Scene) -> None:
    now = scene.clock.now()
    for scope, name, hours in ((Scope.ACCOUNT, "ann@home.test", 1), (Scope.DESTINATION, "far.test", 2)):
        paused = Breaker(
            subject=Subject(scope, name), opened_at=now, until=Instant(now + hours * HOUR), strikes=1,
            reason=f"paused: {name}",
        )  # fmt: skip
        await scene.store.write(lambda tx, paused=paused: tx.guards.write_breaker(paused))
    assert await scene.send(1, "bob@far.test", "eve@else.test") == ["held", "held"]
    scene.clock.advance(3600)
    await Resuming(scene.store, scene.clock).run()
    await scene.carry()
    assert await scene.states(1) == ["held", "delivered"]
    assert (await scene.recipients(1))[0].hold_reason == "paused: far.test"
    scene.clock.advance(3600)
    await Resuming(scene.store, scene.clock).run()
    await scene.carry()
    assert await scene.states(1) == ["delivered", "delivered"]


async def test_a_pause_lets_go_of_many_in_steps(scene: Scene) -> None:
    now = scene.clock.now()
    paused = Breaker(
        subject=Subject(Scope.DOMAIN, "home.test"), opened_at=now, until=Instant(now + HOUR), strikes=1,
        reason="paused: x",
    )  # fmt: skip
    await scene.store.write(lambda tx: tx.guards.write_breaker(paused))
    assert set(await scene.send(1, *(f"b{number}@far.test" for number in range(450)))) == {"held"}
    assert await scene.send(2, "bob@far.test", domain="other.test", account_id=None) == ["delivered"]
    await scene.by_hand(2)
    assert await Resuming(scene.store, scene.clock).release(paused) == 450
    waiting = await scene.store.read(lambda tx: tx.spool.list_waiting(Wanted(), limit=1000))
    assert [one.state for _, one in waiting] == [State.ACTIVE] * 450


async def test_a_destination_that_blocks_us_is_left_alone(scene: Scene) -> None:
    scene.peer.says = lambda _: BLOCKED
    for number in range(1, 4):
        assert await scene.send(number, "bob@far.test", "eve@far.test") == ["failed", "failed"]
    found = await scene.breakers()
    assert [one.subject for one in found] == [Subject(Scope.DESTINATION, "far.test")]
    assert found[0].reason == "paused: 3 letters in the last hour were refused as from a blocked sender"
    scene.peer.says = lambda _: "250 2.0.0 ok"
    assert await scene.send(4, "bob@far.test", "zoe@else.test") == ["held", "delivered"]


async def test_what_is_switched_off_pauses_nobody(scene: Scene) -> None:
    scene.observer = GuardObserver(BreakerRules(least=1, scopes=frozenset()), SuppressionRules(is_on=False))
    scene.peer.says = lambda _: GONE
    for number in range(1, 4):
        await scene.send(number, "dead@far.test")
    assert await scene.breakers() == []
    assert len(scene.peer.carried) == 3


async def test_complaints_pause_too(scene: Scene) -> None:
    ann = Subject(Scope.ACCOUNT, "ann@home.test")
    for number in range(1, 5):
        await scene.send(number, "bob@far.test")

    async def complain() -> int:
        now = scene.clock.now()
        return len(await scene.store.write(lambda tx: scene.observer.note_complaint(tx, ann, now)))

    assert [await complain() for _ in range(3)] == [0, 1, 0]
    assert (await scene.breakers())[0].reason == "paused: 2 of 4 recipients complained in the last day"


async def test_those_beyond_the_rate_of_a_provider_wait(scene: Scene) -> None:
    rates = ProviderRates(
        scene.store, scene.clock, Profile((), parse_rates("2/minute")), resolver=None, is_warming_up=False
    )
    porter = scene.porter(SendingGate(scene.store, scene.clock, rates=rates))
    assert await scene.send(1, "a@far.test", "b@far.test", "c@far.test", porter=porter) == [
        "delivered", "delivered", "deferred",
    ]  # fmt: skip
    waiting = (await scene.recipients(1))[2]
    assert (waiting.attempts, waiting.due_at - scene.clock.now()) == (0, 65_000)
    assert waiting.last is not None
    assert waiting.last.diagnostic == "2/minute for far.test is used up for 65 seconds"
    scene.clock.advance(65)
    await scene.carry(porter)
    assert await scene.states(1) == ["delivered"] * 3


async def test_letters_wait_for_the_records_of_their_domain(scene: Scene) -> None:
    zone = Zone({"mail.home.test A": ["192.0.2.7"]})
    names = NameGuard(zone, scene.clock, None, NameRules(spf=True, hosts=("mail.home.test",)))  # type: ignore[arg-type]
    porter = scene.porter(SendingGate(scene.store, scene.clock, names=names))
    assert await scene.send(1, "bob@far.test", porter=porter) == ["deferred"]
    waiting = (await scene.recipients(1))[0]
    assert waiting.last is not None
    assert (waiting.attempts, waiting.last.diagnostic) == (0, "home.test has no SPF record")
    assert await scene.send(2, "bob@far.test", porter=porter, origin=Origin.FORWARDED) == ["delivered"]
    zone.rows = {"home.test TXT": ["v=spf1 ip4:192.0.2.7 -all"], **zone.rows}
    scene.clock.advance(300)
    await scene.carry(porter)
    assert await scene.states(1) == ["delivered"]


async def test_while_the_store_is_busy_letters_wait(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    async def read(unit: Any) -> Any:
        raise Busy("the queue is full")

    monkeypatch.setattr(scene.store, "read", read)
    now = scene.clock.now()
    halts = await SendingGate(scene.store, scene.clock).judge(letter(1), (recipient(1),))
    assert halts == {0: Wait(Instant(now + MINUTE), "the queue is full")}


async def test_an_account_with_an_odd_name_goes_on_too(scene: Scene) -> None:
    box = await make_mailbox(scene.store, '"Ann B"@home.test')
    scene.account = box.account
    scene.peer.says = lambda _: GONE
    for number in range(1, 5):
        await scene.send(number, f"dead{number}@far{number}.test", domain="")
    scene.peer.says = lambda _: "250 2.0.0 ok"
    assert await scene.send(5, "bob@far.test", domain="") == ["held"]
    scene.clock.advance(3600)
    await Resuming(scene.store, scene.clock).run()
    await scene.carry()
    assert await scene.states(5) == ["delivered"]


async def test_old_counts_are_forgotten(scene: Scene) -> None:
    await scene.send(1, "bob@far.test")

    async def count(tx: Any) -> int:
        return int((await tx.session.row("SELECT count(*) FROM guard_count"))[0])

    assert await scene.store.read(count) == 5
    await Resuming(scene.store, scene.clock).forget()
    assert await scene.store.read(count) == 5
    scene.clock.advance(3 * 86400)
    await Resuming(scene.store, scene.clock).forget()
    assert await scene.store.read(count) == 0
