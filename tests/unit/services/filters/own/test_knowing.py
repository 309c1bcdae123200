"""Whom an account knows: correspondents, answers, and what came before from where a letter comes from."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from mailstead.ground.formats.spam.anatomy import dissect
from mailstead.ground.model.address import Address
from mailstead.ground.model.ids import AccountId
from mailstead.services.filters.own.knowing import (
    HALF_LIFE,
    Acquaintances,
    count,
    find_ids,
    find_origin,
    find_written,
    names_of,
    network_of,
)
from mailstead.store.port.learning import Kind, Name
from tests.support.fake_clock import FakeClock
from tests.support.stores import AnyStore, sqlite_engine

ANN = AccountId(1)
LETTER = b"From: Eve <eve@x.test>\r\nIn-Reply-To: <1@us.test>\r\nReferences: <0@us.test> <1@us.test>\r\n\r\nhello\r\n"
PREFIX = (
    b"Return-Path: <eve@x.test>\r\nReceived: from mail.x.test ([192.0.2.77])\r\n\tby us.test with ESMTP id 1;\r\n"
    b"\tFri, 20 Nov 2026 10:00:00 +0000\r\nAuthentication-Results: us.test;\r\n"
    b"\tdkim=pass header.d=x.test; spf=fail smtp.mailfrom=eve@y.test\r\n"
)


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[AnyStore]:
    async with sqlite_engine(tmp_path) as engine:
        yield await engine.open()


async def symptoms(store: AnyStore, clock: FakeClock, names: list[Name]) -> dict[str, float]:
    found = await Acquaintances(store, clock).recognize([ANN], dissect(LETTER), names)
    return {one.name: one.weight for one in found[ANN]}


def test_names() -> None:
    letter = dissect(LETTER)
    assert names_of("192.0.2.77", letter, ["mail.x.test"]) == [
        Name(Kind.NETWORK, "192.0.2"), Name(Kind.SITE, "x.test"), Name(Kind.SENDER, "eve@x.test")
    ]  # fmt: skip
    assert names_of("", letter, ["y.test"]) == [Name(Kind.SITE, "y.test"), Name(Kind.CLAIMED, "eve@x.test")]
    assert find_origin(PREFIX, letter) == names_of("192.0.2.77", letter, ["x.test"])
    assert find_origin(b"", letter) == []
    assert network_of("2001:db8:1:2::3") == "2001:db8:1"


def test_what_was_written() -> None:
    written = find_written(b"Message-ID: <1@us.test>\r\nTo: Eve <eve@x.test>, nobody\r\nCc: eve@x.test, bob@x.test\r\n")
    assert written.number in find_ids(b"<0@us.test> <1@us.test>")
    assert [str(address) for address in written.recipients] == ["eve@x.test", "bob@x.test"]
    assert find_written(b"Subject: hi\r\n").number == 0


async def test_strangers_correspondents_and_answers(store: AnyStore) -> None:
    clock = FakeClock()
    assert await symptoms(store, clock, []) == {"FIRST_CONTACT": 0.2}
    eve = Address.parse("eve@x.test")
    await store.write(lambda tx: tx.guards.note_acquaintances(ANN, [eve], clock.now()))
    assert await symptoms(store, clock, []) == {"CORRESPONDENT": -1.0}
    assert await symptoms(store, clock, [Name(Kind.SENDER, "eve@x.test")]) == {"CORRESPONDENT": -3.0}
    ids = find_ids(b"<1@us.test>")
    await store.write(lambda tx: tx.learning.note_sent(ANN, ids, clock.now()))
    assert (await symptoms(store, clock, []))["ANSWER"] == -4.0
    found = await Acquaintances(store, clock).recognize([AccountId(2)], dissect(LETTER), [])
    assert [one.name for one in found[AccountId(2)]] == ["FIRST_CONTACT"]


async def test_reputations_are_counted_and_fade(store: AnyStore) -> None:
    clock, name = FakeClock(), Name(Kind.SENDER, "eve@x.test")
    for _ in range(4):
        await store.write(lambda tx: count(tx, ANN, [name], clock.now(), is_spam=True))
    fresh = (await symptoms(store, clock, [name]))["REPUTATION_SENDER"]
    assert fresh > 1.5
    clock.advance(2 * HALF_LIFE / 1000)
    assert 0 < (await symptoms(store, clock, [name]))["REPUTATION_SENDER"] < fresh
    for _ in range(4):
        await store.write(lambda tx: count(tx, ANN, [name], clock.now(), is_spam=False))
    assert (await symptoms(store, clock, [name]))["REPUTATION_SENDER"] < 0
    later = clock.now() + 1
    assert await store.write(lambda tx: tx.learning.forget_known(before=later, limit=10)) == 1
    assert "REPUTATION_SENDER" not in await symptoms(store, clock, [name])
