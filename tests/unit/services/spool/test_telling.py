"""Stories in plain words, and letters found by any of their names."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pytest

from mailstead.ground.model.address import Address
from mailstead.ground.model.attempt import Attempt, Ending, Result, Step
from mailstead.ground.model.envelope import Client
from mailstead.ground.model.errors import Invalid, NotFound
from mailstead.ground.model.ids import Instant, MessageId, SpoolId
from mailstead.ground.model.scope import Scope
from mailstead.ground.model.verdict import Reason, Refuse
from mailstead.net.ids import EPOCH_MS, IdSource, moment_of
from mailstead.services.dispatch.story import tell_attempt
from mailstead.services.policy.concealing import Concealing, hider
from mailstead.services.reception.refusals import Refusals
from mailstead.services.spool.hints import hint
from mailstead.services.spool.looking import Looking
from mailstead.services.spool.telling import tell_chapter, tell_step
from mailstead.services.spool.tracing import Tracing
from mailstead.store.port.duties import Trace
from mailstead.store.port.spool import StoryRow
from tests.support.fake_clock import START_MS, FakeClock
from tests.support.mailbox import make_mailbox
from tests.support.spooled import letter, recipient, spool
from tests.support.stores import AnyStore, sqlite_engine

NOW = Instant(START_MS)


def chapter(kind: str, **facts: Any) -> list[str]:
    return tell_chapter(StoryRow(SpoolId(1), 1, NOW, kind, msgspec.json.encode(facts)))


def test_an_attempt_step_by_step() -> None:
    steps = (
        Step(NOW, "mx", {"domain": "far.test", "records": "10:mx1.far.test 20:mx2.far.test", "exists": 1, "secure": 1}),
        Step(Instant(NOW + 40), "connect", {"host": "mx1.far.test [192.0.2.1]", "port": 25, "error": "refused"}),
        Step(Instant(NOW + 80), "connect", {"host": "mx2.far.test [192.0.2.2]", "port": 25, "local": "192.0.2.9"}),
        Step(Instant(NOW + 99), "tls", {"version": "TLSv1.3", "cipher": "A", "verified": 1, "subject": "mx2.far.test"}),
        Step(Instant(NOW + 200), "reply", {"to": "rcpt", "text": "550 5.1.1 no such user"}),
    )  # fmt: skip
    said = Result(0, Ending.FAILED, "5.1.1", "550 5.1.1 no such user", "mx2.far.test [192.0.2.2]")
    other = Result(1, Ending.DELIVERED, "2.0.0", "250 ok", "mx2.far.test [192.0.2.2]")
    tried = Attempt(began_at=NOW, ended_at=Instant(NOW + 300), results=(said, other), steps=steps, why="slow")
    row = tell_attempt(letter(1), [recipient(1, 0), recipient(1, 1, "c@far.test")], tried, 5)
    assert tell_chapter(row) == [
        "tried for 0.3 s",
        "  +0.0 s MX of far.test: mx1.far.test (10), mx2.far.test (20), signed by DNSSEC",
        "  +0.0 s no connection to mx1.far.test [192.0.2.1] port 25: refused",
        "  +0.1 s connected to mx2.far.test [192.0.2.2] port 25 from 192.0.2.9",
        "  +0.1 s TLSv1.3 (A), certificate of mx2.far.test verified",
        "  +0.2 s to RCPT they said: 550 5.1.1 no such user",
        "  bob@far.test: failed by mx2.far.test [192.0.2.2]: 550 5.1.1 no such user",
        "    5.1.1: there is no such mailbox: check the address",
        "  c@far.test: delivered by mx2.far.test [192.0.2.2]: 250 ok",
        "  the destination is left alone for a while: slow",
    ]


@pytest.mark.parametrize(
    ("what", "facts", "words"),
    [
        ("mx", {"domain": "a.test", "error": "timeout"}, "MX of a.test: no answer (timeout)"),
        ("mx", {"domain": "a.test", "exists": 0}, "MX of a.test: there is no such domain"),
        ("mx", {"domain": "a.test", "exists": 1}, "MX of a.test: none, so the domain itself is the host"),
        ("address", {"host": "mx", "addresses": "192.0.2.1 ::1"}, "addresses of mx: 192.0.2.1, ::1"),
        ("address", {"host": "mx", "error": "timeout"}, "addresses of mx: none (timeout)"),
        ("tls", {"host": "mx", "none": "not offered"}, "no TLS with mx: not offered"),
        ("tls", {"host": "mx", "error": "expired"}, "TLS with mx is not good: expired"),
        ("tls", {"version": "TLSv1.2", "cipher": "X", "verified": 0, "fingerprint": "ab"},
         "TLSv1.2 (X), certificate not verified, SHA-256 ab"),
        ("policy", {"host": "mx", "tls": "must", "by": "dane"}, "policy for mx: tls must, by dane"),
        ("policy", {"host": "mx", "excluded": "not in the list"}, "policy for mx: must not be used, not in the list"),
        ("policy", {"mode": "enforce"}, "policy: mode enforce"),
        ("lost", {"host": "mx", "why": "closed"}, "lost mx: closed"),
        ("untold", {"count": 4}, "and 4 more steps"),
        ("weather", {"rain": 1}, "weather: rain 1"),
    ],
)  # fmt: skip
def test_steps(what: str, facts: dict[str, Any], words: str) -> None:
    assert tell_step(what, facts) == words


def test_other_chapters() -> None:
    assert chapter("hand", what="hold", by="ann", reason="spam?", to=["a@b"], count=1) == ["held by ann (spam?): a@b"]
    assert chapter("hand", what="reroute", by="", route="smtp://r", to=["a@b"] * 4, count=500) == [
        "sent another way to smtp://r by hand: 500 recipients"
    ]
    assert chapter("warned", to=["a@b"]) == ["the sender was told that it takes long: a@b"]
    assert chapter("expired", to=["a@b", "c@d"])[0].startswith("its time was over: given up for a@b, c@d")
    assert chapter("omen", raven=1) == ["raven 1"]
    assert tell_chapter(StoryRow(SpoolId(1), 1, NOW, "omen", b"[1]")) == ["[1]"]


@pytest.mark.parametrize(
    ("status", "word"),
    [
        ("5.1.1", "no such mailbox"), ("4.2.2", "full"), ("4.7.1", "greylisting"), ("5.7.1", "rules"),
        ("4.4.1", "nobody answers"), ("5.7.26", "DKIM"), ("4.2.0", "greylisting"), ("5.1.99", "the address"),
        ("5.0.0", ""), ("2.1.5", ""), ("", ""), ("5.7", ""), ("550", ""),
    ],
)  # fmt: skip
def test_hints(status: str, word: str) -> None:
    assert (word in hint(status)) if word else not hint(status)


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[AnyStore]:
    async with sqlite_engine(tmp_path) as engine:
        yield await engine.open()


async def test_a_letter_by_its_names(store: AnyStore) -> None:
    clock = FakeClock()
    tracing = Tracing(store, clock, Looking(store, clock), Concealing(store))
    number, sibling = IdSource(clock, 1).next(), IdSource(clock, 2).next()
    assert 0 <= clock.now() - moment_of(number) <= 1
    box = await make_mailbox(store, "ada@home.test")
    await box.append(box.folders["INBOX"], b"x")  # its Message-ID is id@example.test
    (filed,) = await store.read(lambda tx: tx.session.row("SELECT id FROM message"))  # type: ignore[attr-defined]
    story = msgspec.json.encode({"id": number, "from": "ann@home.test", "to": "ada@home.test", "folder": "INBOX"})
    trace = Trace(at=NOW, account_id=box.account, message_id=MessageId(filed), session="s", story=story)
    later = replace(trace, at=Instant(NOW + 60_000), message_id=MessageId(5), story=b'{"id":77}')
    for one in (trace, later):
        await store.write(lambda tx, one=one: tx.duties.insert_trace(one))
    prefix = b"Received: by home.test with ESMTP id %d; now\r\n" % number
    for one, name in ((number, "id@example.test"), (sibling, "id@example.test")):
        await spool(store, letter(one, prefix=prefix, created_at=NOW, message_id=name), recipient(one))
    await spool(store, letter(sibling + 1, created_at=NOW, message_id="id@example.test"), recipient(sibling + 1))

    found = await tracing.find(f" {number} ")
    assert [one.letter.id for one in found.letters] == [number, sibling]
    assert [(one.account, one.message_id, one.story["folder"]) for one in found.filed] == [
        ("ada@home.test", "id@example.test", "INBOX")
    ]
    by_name = await tracing.find("<id@example.test>")
    assert {one.letter.id for one in by_name.letters} == {number, sibling, sibling + 1}
    assert by_name.filed == found.filed
    for name in ("nobody@home.test", "12345", str(number + (1 << 40))):
        with pytest.raises(NotFound, match="nothing is known"):
            await tracing.find(name)
    for name in ("", "x" * 1001):
        with pytest.raises(Invalid):
            await tracing.find(name)


async def test_by_address_and_what_a_domain_may_see(store: AnyStore) -> None:
    clock, concealing = FakeClock(), Concealing(store)
    tracing = Tracing(store, clock, Looking(store, clock), concealing)
    box = await make_mailbox(store, "ada@home.test")
    hide = hider(await concealing.key())
    for number, sender in ((1, "Eve@far.test"), (2, hide("eve@far.test")), (3, "bob@far.test")):
        story = msgspec.json.encode({"id": number, "from": sender, "to": "ada@home.test"})
        trace = Trace(at=NOW, account_id=box.account, message_id=MessageId(number), session="s", story=story)
        await store.write(lambda tx, trace=trace: tx.duties.insert_trace(trace))
    await spool(
        store, letter(9, sender=Address.parse("eve@far.test"), domain="other.test", created_at=NOW), recipient(9)
    )
    refusals = Refusals(store, clock, concealing)
    for to in ("nobody@home.test", "nobody@other.test"):
        client = Client(ip="192.0.2.1")
        refusals.note(Refuse(Reason.USER_UNKNOWN), client, sender="eve@far.test", recipient=to)
    await refusals.flush()

    found = await tracing.find("eve@far.test")
    assert [one.story["id"] for one in found.filed] == [2, 1]
    assert [one.letter.id for one in found.letters] == [9]
    assert len(found.refused) == 2
    home = await tracing.find("eve@far.test", Scope.of(["home.test"]))
    assert (home.filed, home.letters) == (found.filed, ())
    assert [one.story["to"] for one in home.refused] == ["nobody@home.test"]
    other = await tracing.find("eve@far.test", Scope.of(["other.test"]))
    assert (other.filed, len(other.letters), len(other.refused)) == ((), 1, 1)
    for scope in (Scope.of(["third.test"]), Scope.of([])):
        with pytest.raises(NotFound):
            await tracing.find("eve@far.test", scope)
    assert len((await tracing.find("192.0.2.1")).refused) == 2
    assert not found.is_cut


async def test_by_session_and_no_more_than_can_be_read(store: AnyStore, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = FakeClock()
    tracing = Tracing(store, clock, Looking(store, clock), Concealing(store))
    box = await make_mailbox(store, "ada@home.test")
    session = (NOW - EPOCH_MS - 600_000) << 22
    for number in range(1, 5):
        trace = Trace(
            at=NOW, account_id=box.account, message_id=MessageId(number), session=str(session), story=b'{"to":"x@y"}'
        )
        await store.write(lambda tx, trace=trace: tx.duties.insert_trace(trace))
    assert len((await tracing.find(str(session))).filed) == 4
    monkeypatch.setattr("mailstead.services.spool.tracing.FOUND_MAX", 3)
    cut = await tracing.find("x@y")
    assert (len(cut.filed), cut.is_cut) == (3, True)


async def test_a_letter_that_was_only_filed(store: AnyStore) -> None:
    clock = FakeClock()
    tracing = Tracing(store, clock, Looking(store, clock), Concealing(store))
    box = await make_mailbox(store)
    await box.append(box.folders["INBOX"], b"x")
    (filed,) = await store.read(lambda tx: tx.session.row("SELECT id FROM message"))  # type: ignore[attr-defined]
    at = Instant(NOW - 3_600_000)
    number = (at - EPOCH_MS) << 22
    for message in (filed, 9):
        story = msgspec.json.encode({"id": number + message})
        trace = Trace(at=at, account_id=box.account, message_id=MessageId(message), session="s", story=story)
        await store.write(lambda tx, trace=trace: tx.duties.insert_trace(trace))
    for name in ("id@example.test", str(number + filed)):
        found = await tracing.find(name)
        assert ([one.trace.message_id for one in found.filed], found.letters) == ([filed], ())
