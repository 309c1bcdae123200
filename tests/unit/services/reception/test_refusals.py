"""Refusals are written in one unit, and lost in number when there are too many."""

import json
from typing import Any

import pytest

from mailstead.ground.model.envelope import Client
from mailstead.ground.model.errors import Busy
from mailstead.ground.model.ids import Instant
from mailstead.ground.model.verdict import Reason, Refuse
from mailstead.services.reception import refusals
from mailstead.services.reception.refusals import KEPT_MAX, Refusals
from mailstead.telemetry import Event
from tests.support.fake_clock import FakeClock


class Duties:
    def __init__(self) -> None:
        self.units: list[list[tuple[Instant, bytes]]] = []

    async def insert_refusals(self, rows: list[tuple[Instant, bytes]]) -> None:
        self.units.append(rows)


class Store:
    def __init__(self) -> None:
        self.duties = Duties()
        self.is_busy = False

    async def write(self, unit: Any, **_: Any) -> None:
        if self.is_busy:
            raise Busy("full")
        await unit(self)


@pytest.fixture
def lost(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    counts: list[int] = []

    def emit(event: Event, **fields: Any) -> None:
        assert event is Event.REFUSALS_LOST
        counts.append(fields["count"])

    monkeypatch.setattr(refusals, "emit", emit)
    return counts


def note(to: Refusals, recipient: str = "x@y.example") -> None:
    to.note(Refuse(Reason.USER_UNKNOWN), Client(ip="192.0.2.1"), sender="", recipient=recipient)


async def test_one_unit_for_many(lost: list[int]) -> None:
    store = Store()
    kept = Refusals(store, FakeClock())  # type: ignore[arg-type]
    note(kept)
    note(kept, "z@y.example")
    await kept.flush()
    await kept.flush()
    assert [len(unit) for unit in store.duties.units] == [2]
    facts = json.loads(store.duties.units[0][1][1])
    assert facts["to"] == "z@y.example"
    assert facts["from"] == "<>"
    assert facts["reason"] == Reason.USER_UNKNOWN.value
    assert lost == []


async def test_what_does_not_fit_is_counted(lost: list[int]) -> None:
    store = Store()
    kept = Refusals(store, FakeClock())  # type: ignore[arg-type]
    for _ in range(KEPT_MAX + 7):
        note(kept)
    await kept.flush()
    assert [len(unit) for unit in store.duties.units] == [KEPT_MAX]
    assert lost == [7]


async def test_a_busy_store_loses_them_and_says_so(lost: list[int]) -> None:
    store = Store()
    store.is_busy = True
    kept = Refusals(store, FakeClock())  # type: ignore[arg-type]
    note(kept)
    await kept.flush()
    assert lost == [1]
    await kept.flush()
    assert lost == [1]
