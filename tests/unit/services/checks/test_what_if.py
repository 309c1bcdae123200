"""The letters of the last days, under another policy."""

from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest

from mailstead.ground.model import policy as p
from mailstead.ground.model.ids import AccountId, Instant, MessageId
from mailstead.ground.model.opinion import Concern, Opinion
from mailstead.ground.model.policy import Action, Policy
from mailstead.services.checks.evidence import Evidence
from mailstead.services.checks.judging import judge
from mailstead.services.checks.what_if import DAY, Replay, WhatIf
from mailstead.store.port import Tx
from mailstead.store.port.duties import Trace
from mailstead.store.port.trails import Refusal
from tests.support.fake_clock import FakeClock
from tests.support.smtp_scene import furnish
from tests.support.stores import AnyStore, sqlite_engine

NOW = FakeClock().now()


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[AnyStore]:
    async with sqlite_engine(tmp_path) as engine:
        opened = await engine.open()
        await furnish(opened, {"accounts": "ann@us.test,bob@other.test"})
        yield opened


def story(score: float, to: str = "ann@us.test", **more: object) -> bytes:
    evidence = Evidence(opinions=(Opinion(source="own", concern=Concern.SPAM, score=score),))
    checks = {**evidence.facts(to), **judge(evidence, Policy(), to).facts(), **more}
    return msgspec.json.encode({"from": "eve@far.test", "to": to, "ip": "192.0.2.1", "checks": checks})


async def file(store: AnyStore, number: int, text: bytes, at: int = NOW) -> None:
    trace = Trace(at=Instant(at), account_id=AccountId(1), message_id=MessageId(number), session="", story=text)
    await store.write(lambda tx: tx.duties.insert_trace(trace))


async def refuse(store: AnyStore, text: bytes, domain: str = "us.test") -> None:
    row = Refusal(at=Instant(NOW - 1), domain=domain, detail=text)

    async def unit(tx: Tx) -> None:
        await tx.trails.insert_refusals([row])

    await store.write(unit)


async def replay(store: AnyStore, limit: int = 100, **spam: float) -> Replay:
    after = Policy(spam=p.Spam(**spam))  # type: ignore[arg-type]
    return await WhatIf(store, FakeClock()).replay("us.test", Policy(), after, days=7, limit=limit)


async def test_flips(store: AnyStore) -> None:
    await file(store, 1, story(6.0))
    await file(store, 2, story(9.0))
    await refuse(store, story(12.0))
    found = await replay(store, reject_score=8.0)
    assert (found.letters, found.left_out, found.flipped, found.is_cut) == (3, 0, 1, False)
    assert found.counts == {(Action.QUARANTINE, Action.REJECT): 1}
    (flip,) = found.flips
    assert (flip.sender, flip.recipient, flip.after.charges[0].rule) == (
        "eve@far.test", "ann@us.test", "spam.reject_score=8",
    )  # fmt: skip
    milder = await replay(store, reject_score=20.0, quarantine_score=15.0)
    assert [(one.before.action, one.after.action) for one in milder.flips] == [
        (Action.QUARANTINE, Action.ACCEPT), (Action.QUARANTINE, Action.ACCEPT), (Action.REJECT, Action.ACCEPT),
    ]  # fmt: skip
    assert not milder.flips[-1].is_open
    few = await replay(store, limit=1, reject_score=20.0, quarantine_score=15.0)
    assert (few.flipped, len(few.flips)) == (3, 1)


async def test_what_does_not_count(store: AnyStore) -> None:
    await file(store, 1, story(9.0, "bob@other.test"))
    await file(store, 2, story(9.0), NOW - 8 * DAY)
    await file(store, 3, b'{"to":"ann@us.test"}')
    await file(store, 4, story(9.0, v=99))
    await refuse(store, story(9.0, taken=True))
    await refuse(store, story(9.0, "bob@other.test"), "other.test")
    found = await replay(store, reject_score=8.0)
    assert (found.letters, found.left_out, found.flipped) == (0, 2, 0)


async def test_nothing_asked_the_filters(store: AnyStore) -> None:
    checks = {"v": 1, "spf": [{"of": "mail_from", "domain": "far.test", "result": "fail"}], "action": "reject"}
    await refuse(store, msgspec.json.encode({"to": "ann@us.test", "checks": checks}))
    found = await WhatIf(store, FakeClock()).replay(
        "us.test", Policy(), Policy(spf=p.Spf(fail_action=Action.TAG)), days=7, limit=9
    )
    assert [(one.after.action, one.is_open) for one in found.flips] == [(Action.TAG, True)]
