"""Refusals are written in one unit, lost in number when there are too many, and found by their names."""

import json
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from mailstead.ground.model.envelope import Client
from mailstead.ground.model.errors import Busy
from mailstead.ground.model.policy import Policy, Trace
from mailstead.ground.model.verdict import Reason, Refuse
from mailstead.services.policy.concealing import Concealing, name_key
from mailstead.services.reception import refusals
from mailstead.services.reception.refusals import KEPT_MAX, Refusals
from mailstead.store.port import Tx
from mailstead.store.port.trails import Refusal
from mailstead.telemetry import Event
from tests.support.fake_clock import FakeClock
from tests.support.smtp_scene import furnish
from tests.support.stores import AnyStore, sqlite_engine

CLIENT = Client(ip="192.0.2.1", session="77")


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[AnyStore]:
    async with sqlite_engine(tmp_path) as engine:
        opened = await engine.open()
        await furnish(opened, {"accounts": "ann@y.example"})
        yield opened


@pytest.fixture
def lost(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    counts: list[int] = []

    def emit(event: Event, **fields: Any) -> None:
        assert event is Event.REFUSALS_LOST
        counts.append(fields["count"])

    monkeypatch.setattr(refusals, "emit", emit)
    return counts


def note(to: Refusals, recipient: str = "x@y.example", client: Client = CLIENT) -> None:
    verdict = Refuse(Reason.USER_UNKNOWN)
    to.note(verdict, client, sender="Eve@far.test", recipient=recipient, message_id="1@far.test")


async def find(store: AnyStore, name: str) -> list[Refusal]:
    key = name_key(await Concealing(store).key(), name)
    return await store.read(lambda tx: tx.trails.find_refusals(key))


async def test_all_of_a_second_are_found_by_every_name(store: AnyStore, lost: list[int]) -> None:
    kept = Refusals(store, FakeClock(), Concealing(store))
    note(kept)
    note(kept, "z@y.example")
    await kept.flush()
    await kept.flush()
    for name in ("192.0.2.1", "77", "eve@far.test", "1@far.test"):
        assert len(await find(store, name)) == 2
    (one,) = await find(store, "Z@y.example")
    facts = json.loads(one.detail)
    assert (facts["to"], facts["from"], facts["reason"]) == ("z@y.example", "Eve@far.test", Reason.USER_UNKNOWN.value)
    assert (one.domain, lost) == ("y.example", [])
    assert await find(store, "nobody@far.test") == await find(store, "") == []


async def test_a_domain_may_want_no_addresses_kept(store: AnyStore) -> None:
    async def want(tx: Tx) -> None:
        policy = replace(Policy(), trace=Trace(hash_addresses=True))
        await tx.policies.put_policy("y.example", policy, version=await tx.policies.advance(), now=FakeClock().now())

    await store.write(want)
    kept = Refusals(store, FakeClock(), Concealing(store))
    note(kept)
    note(kept, "x@other.example")
    await kept.flush()
    (hidden,) = await find(store, "x@y.example")
    assert b"eve" not in hidden.detail.lower()
    facts = json.loads(hidden.detail)
    assert facts["to"].startswith("~")
    assert facts["to"].endswith("@y.example")
    assert b"Eve@far.test" in (await find(store, "x@other.example"))[0].detail
    assert len(await find(store, "eve@far.test")) == 2


async def test_what_our_own_people_send_belongs_to_their_domain(store: AnyStore) -> None:
    kept = Refusals(store, FakeClock(), Concealing(store))
    note(kept, "x@y.example", replace(CLIENT, login="eve"))
    await kept.flush()
    assert [one.domain for one in await find(store, "x@y.example")] == ["far.test"]


async def test_what_does_not_fit_is_counted(store: AnyStore, lost: list[int]) -> None:
    kept = Refusals(store, FakeClock(), Concealing(store))
    for number in range(KEPT_MAX + 7):
        note(kept, f"{number}@y.example")
    await kept.flush()
    assert len(await find(store, f"{KEPT_MAX - 1}@y.example")) == 1
    assert await find(store, f"{KEPT_MAX}@y.example") == []
    assert lost == [7]


async def test_a_busy_store_loses_them_and_says_so(
    store: AnyStore, lost: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = Refusals(store, FakeClock(), Concealing(store))
    note(kept)

    async def refuse(*_: Any, **__: Any) -> None:
        raise Busy("full")

    monkeypatch.setattr(store, "write", refuse)
    await kept.flush()
    assert lost == [1]
    await kept.flush()
    assert lost == [1]
