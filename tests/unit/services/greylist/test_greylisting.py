"""A stranger comes, is asked to come again, and comes: what is answered, and what is written for it."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from mailstead.ground.model.address import Address
from mailstead.ground.model.envelope import Client, Envelope
from mailstead.ground.model.greylist import DAY, MINUTE
from mailstead.ground.model.policy import Greylist
from mailstead.ground.model.verdict import PASS, Defer, Reason, Verdict
from mailstead.services.greylist import notes
from mailstead.services.greylist.greylisting import Greylisting
from mailstead.services.greylist.managing import forget_expired
from tests.support.fake_clock import FakeClock
from tests.support.stores import sqlite_engine

ANN, BOB = Address("ann", "home.test"), Address("bob", "home.test")
WISH = Greylist()


class Counting:
    """A store that counts its writes."""

    def __init__(self, store: Any) -> None:
        self._store = store
        self.writes = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    async def write(self, unit: Any, **options: Any) -> Any:
        self.writes += 1
        return await self._store.write(unit, **options)


class Gate:
    """Two workers at one store."""

    def __init__(self, store: Counting, clock: FakeClock) -> None:
        self.store = store
        self.clock = clock
        self.authorized = {"203.0.113.1", "198.51.100.1"}
        self.asked = 0
        self.workers = [Greylisting(store, clock, self) for _ in range(2)]

    async def vouches(self, envelope: Envelope, client: Client) -> bool:
        """big.test sends from all over the world."""
        self.asked += 1
        return envelope.sender is not None and envelope.sender.domain == "big.test" and client.ip in self.authorized

    async def come(
        self, sender: str = "eve@far.test", *, ip: str = "192.0.2.7", to: Address = ANN, worker: int = 0,
        wish: Greylist = WISH,
    ) -> Verdict:  # fmt: skip
        envelope = Envelope(sender=Address.parse(sender) if sender else None)
        return await self.workers[worker].judge(envelope, to, Client(ip=ip), wish)

    async def flush(self) -> None:
        for worker in self.workers:
            await worker.notes.flush()

    def wait(self, milliseconds: int) -> None:
        self.clock.advance(milliseconds / 1000)


@pytest.fixture
async def gate(tmp_path: Path) -> AsyncIterator[Gate]:
    async with sqlite_engine(tmp_path) as engine:
        yield Gate(Counting(await engine.open()), FakeClock())


def later(minutes: int, *, is_first: bool = False) -> Defer:
    words = f"Greylisted, come again in {minutes} minute{'' if minutes == 1 else 's'}"
    return Defer(Reason.GREYLISTED, "first try from 192.0.2.0/24" if is_first else "", words)


async def test_who_comes_again_in_time_is_let_in_by_any_worker(gate: Gate) -> None:
    assert await gate.come() == later(5, is_first=True)
    await gate.flush()
    gate.wait(4 * MINUTE)
    assert await gate.come(worker=1) == later(1)
    assert await gate.come(ip="192.0.2.200") == later(1), "of the same network"
    gate.wait(MINUTE)
    assert await gate.come(worker=1) == PASS
    await gate.flush()
    assert await gate.come() == PASS
    for stranger in ({"sender": "mal@far.test"}, {"ip": "192.0.3.7"}, {"to": BOB}, {"sender": ""}):
        assert isinstance(await gate.come(**stranger), Defer)  # type: ignore[arg-type]


async def test_a_first_try_is_one_write_and_each_later_one_none(gate: Gate) -> None:
    await gate.flush()
    assert gate.store.writes == 0
    await gate.come()
    await gate.come(to=BOB)
    assert gate.store.writes == 0, "the answer waits for no write"
    await gate.flush()
    assert gate.store.writes == 1
    for _ in range(10):
        await gate.come()
        await gate.come(worker=1)
        await gate.flush()
    assert gate.store.writes == 1
    gate.wait(5 * MINUTE)
    for _ in range(10):
        assert await gate.come() == PASS
    await gate.flush()
    assert gate.store.writes == 2
    for _ in range(10):
        assert await gate.come() == PASS
    await gate.flush()
    assert gate.store.writes == 2
    gate.wait(DAY)
    await gate.come()
    await gate.flush()
    assert gate.store.writes == 3, "kept longer, once a day"


async def test_while_a_note_is_being_written_it_is_known(gate: Gate) -> None:
    await gate.come()
    writing = asyncio.create_task(gate.flush())
    gate.wait(MINUTE)
    assert await gate.come() == later(4)
    await writing
    assert await gate.come() == later(4)


async def test_from_the_third_letter_on_a_network_is_trusted_with_a_domain(gate: Gate) -> None:
    for name in ("a", "b", "c"):
        assert isinstance(await gate.come(f"{name}@far.test"), Defer)
    await gate.flush()
    gate.wait(5 * MINUTE)
    for worker in (0, 1):  # both see it pass: it counts once
        assert await gate.come("a@far.test", worker=worker) == PASS
    assert await gate.come("b@far.test") == PASS
    await gate.flush()
    assert isinstance(await gate.come("new@far.test"), Defer)
    assert await gate.come("c@far.test") == PASS
    await gate.flush()
    assert await gate.come("newer@far.test") == PASS
    assert isinstance(await gate.come("new@else.test"), Defer)
    assert isinstance(await gate.come("new2@far.test", ip="198.51.100.1"), Defer)
    assert isinstance(await gate.come("newer@far.test", to=Address("ann", "other.test")), Defer)
    assert isinstance(await gate.come("newer@far.test", to=BOB, wish=replace(WISH, whitelist_after=4)), Defer)


async def test_policy_says_how_long(gate: Gate) -> None:
    assert await gate.come(wish=replace(WISH, enabled=False)) == PASS
    assert (await gate.come(wish=replace(WISH, delay_minutes=60))).words.endswith("in 60 minutes")  # type: ignore[union-attr]
    gate.wait(MINUTE)
    assert await gate.come(wish=replace(WISH, delay_minutes=1)) == PASS, "a change holds at once"
    await gate.flush()
    gate.wait(10 * DAY)
    assert await gate.come() == PASS
    assert isinstance(await gate.come(wish=replace(WISH, expiry_days=9)), Defer)
    await gate.flush()
    gate.wait(5 * MINUTE)
    assert await gate.come(wish=replace(WISH, expiry_days=9)) == PASS


async def test_who_stays_away_is_a_stranger_again_and_goes_from_the_store(gate: Gate) -> None:
    await gate.come()
    await gate.flush()
    gate.wait(5 * MINUTE)
    await gate.come()
    await gate.flush()
    gate.wait(31 * DAY)
    assert isinstance(await gate.come(), Defer)
    await forget_expired(gate.store, gate.clock)  # type: ignore[arg-type]
    await gate.flush()
    assert len(await gate.store.read(lambda tx: tx.greylist.list_triplets())) == 1
    assert await gate.store.read(lambda tx: tx.greylist.list_friends()) == []


async def test_one_network_does_not_take_the_room_of_others(gate: Gate, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(notes, "KEPT_MAX", 12)
    monkeypatch.setattr(notes, "EACH_MAX", 10)
    for number in range(60):
        assert isinstance(await gate.come(f"{'x' * number}y@far.test"), Defer)
    for number in range(5):
        await gate.come("eve@else.test", ip=f"198.51.{number}.1")
    await gate.flush()
    rows = await gate.store.read(lambda tx: tx.greylist.list_triplets())
    clients = [triplet.client for _, triplet, _ in rows]
    assert (len(clients), clients.count("192.0.2.0/24")) == (12, 10)
    await gate.come("eve@else.test", ip="198.51.4.1")
    await gate.flush()
    assert len(await gate.store.read(lambda tx: tx.greylist.list_triplets())) == 13, "the next second has room again"


async def test_those_for_whom_a_domain_vouches_are_one_client(gate: Gate) -> None:
    assert isinstance(await gate.come("eve@big.test", ip="203.0.113.1"), Defer)
    await gate.flush()
    gate.wait(5 * MINUTE)
    assert isinstance(await gate.come("eve@big.test", ip="192.0.2.7"), Defer), "not one of theirs"
    assert await gate.come("eve@big.test", ip="198.51.100.1", worker=1) == PASS
    asked = gate.asked
    assert isinstance(await gate.come("ann@far.test"), Defer)
    await gate.flush()
    assert gate.asked == asked + 1
    await gate.come("ann@far.test")
    assert gate.asked == asked + 1, "a network that is known is not looked up in the DNS"
    envelope = Envelope(sender=Address.parse("mal@big.test"))
    verdict = await gate.workers[0].judge(envelope, ANN, Client(ip="203.0.113.1"), WISH, is_vouched=False)
    assert isinstance(verdict, Defer)
    assert (verdict.evidence, gate.asked) == ("first try from 203.0.113.0/24", asked + 1)
