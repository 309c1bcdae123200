"""Caps on a real store: asked at RCPT, charged in the unit that spools, changed while the server runs."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from mailstead.ground.model.address import Address
from mailstead.ground.model.directory import Account
from mailstead.ground.model.envelope import Client, Envelope, Recipient
from mailstead.ground.model.errors import Busy
from mailstead.ground.model.guards import Limits, Subject, Suppression
from mailstead.ground.model.ids import Instant
from mailstead.ground.model.rate import parse_rates
from mailstead.ground.model.verdict import PASS, Defer, Reason, Refuse, Verdict
from mailstead.services.guards.asking import SendingGuards
from mailstead.services.guards.caps import ALL_ACCOUNTS, Caps, SendingLimit, account_subject
from tests.support.fake_clock import FakeClock
from tests.support.mailbox import make_mailbox
from tests.support.stores import AnyStore, sqlite_engine

CLIENT = Client(ip="192.0.2.9", protocol="ESMTPSA")


@dataclass
class Sending:
    account: Account


def people(*names: str, domain: str = "far.test") -> list[Address]:
    return [Address(name, domain) for name in names]


@dataclass
class Scene:
    store: AnyStore
    clock: FakeClock
    ann: Sending
    bob: Sending

    def guards(self, account: str = "", newcomers: str = "", domain: str = "") -> SendingGuards:
        mine = Limits(parse_rates(account), parse_rates(newcomers))
        return SendingGuards(self.store, self.clock, Caps(mine, Limits(parse_rates(domain), ())))

    async def ask(
        self, guards: SendingGuards, *abroad: Address, who: Sending | None = None, before: Sequence[Address] = ()
    ) -> Verdict:
        who = who or self.ann
        envelope = Envelope(sender=who.account.address, recipients=tuple(map(Recipient, before)))
        return await guards.judge(who, envelope, abroad, CLIENT)

    async def spool(self, guards: SendingGuards, *abroad: Address, who: Sending | None = None) -> None:
        await self.store.write(guards.charging(who or self.ann, abroad))

    async def limit(self, subject: Subject, recipients: str) -> None:
        await self.store.write(lambda tx: tx.guards.write_limits(subject, Limits(parse_rates(recipients), None)))


@pytest.fixture
async def scene(tmp_path: Path) -> AsyncIterator[Scene]:
    async with sqlite_engine(tmp_path) as engine:
        store = await engine.open()
        accounts = []
        for name in ("ann@home.test", "bob@home.test"):
            box = await make_mailbox(store, name)
            accounts.append(Sending(await box.account_row()))
        yield Scene(store, FakeClock(), *accounts)


async def test_without_caps_everybody_sends(scene: Scene) -> None:
    guards = scene.guards()
    assert await scene.ask(guards, *people("a", "b")) == PASS
    await scene.spool(guards, *people("a", "b"))


async def test_past_the_cap_one_waits_and_is_told_how_long(scene: Scene) -> None:
    guards = scene.guards("3/hour")
    await scene.spool(guards, *people("a", "b"))
    assert await scene.ask(guards, *people("c")) == PASS
    verdict = await scene.ask(guards, *people("d"), before=people("c"))
    assert isinstance(verdict, Defer)
    assert (verdict.reason, verdict.evidence) == (Reason.SENDING_LIMIT, "account ann@home.test")
    assert verdict.words == (
        "sending limit reached, try again in 65 minutes: at most 3 recipients elsewhere in one hour"
        " for account ann@home.test"
    )
    assert await scene.ask(guards, *people("c"), who=scene.bob) == PASS
    scene.clock.advance(65 * 60)
    assert await scene.ask(guards, *people("d"), before=people("c")) == PASS


async def test_people_here_do_not_count(scene: Scene) -> None:
    guards = scene.guards("1/hour")
    assert await scene.ask(guards, *people("a"), before=people("x", "y", domain="home.test")) == PASS


async def test_whoever_is_named_twice_counts_once(scene: Scene) -> None:
    guards = scene.guards("2/hour")
    await scene.spool(guards, *people("a", "A"), *people("a"))
    assert await scene.ask(guards, *people("B"), before=people("b")) == PASS
    await scene.spool(guards, *people("c"))
    assert await scene.ask(guards, *people("d")) != PASS


async def test_more_than_ever_may_go_at_once(scene: Scene) -> None:
    guards = scene.guards("1/hour")
    late = await scene.ask(guards, *people("b"), before=people("a"))
    assert isinstance(late, Defer)  # the next letter may take it
    never = await scene.ask(guards, *people("a", "b"))  # an alias that means both
    assert isinstance(never, Refuse)
    assert never.words.startswith("sending limit reached: at most 1 recipients elsewhere")


async def test_those_who_spool_at_once_stay_within_the_cap(scene: Scene) -> None:
    guards = scene.guards("5/day", domain="7/day")
    tried = [
        scene.spool(guards, *people(f"x{number}"), who=who) for number in range(8) for who in (scene.ann, scene.bob)
    ]
    ended = await asyncio.gather(*tried, return_exceptions=True)
    assert sum(end is None for end in ended) == 7
    assert all(end is None or isinstance(end, SendingLimit) for end in ended)
    assert sum(end is None for end in ended[::2]) <= 5


async def test_a_letter_over_the_cap_counts_for_nothing(scene: Scene) -> None:
    guards = scene.guards("9/hour", domain="2/hour")
    with pytest.raises(SendingLimit, match=r"domain home\.test"):
        await scene.spool(guards, *people("a", "b", "c"))
    await scene.spool(guards, *people("a", "b"))


async def test_people_never_written_to_have_a_cap_of_their_own(scene: Scene) -> None:
    guards = scene.guards(newcomers="2/day")
    await scene.spool(guards, *people("a", "b"))
    for _ in range(3):
        await scene.spool(guards, *people("a", "B"))
    verdict = await scene.ask(guards, *people("c"))
    assert isinstance(verdict, Defer)
    assert "at most 2 new recipients in one day for account ann@home.test" in verdict.words
    scene.clock.advance(27 * 3600)
    assert await scene.ask(guards, *people("c")) == PASS


async def test_what_an_operator_sets_holds_at_once_and_goes_before(scene: Scene) -> None:
    guards = scene.guards("1/hour")
    await scene.spool(guards, *people("a"))
    assert await scene.ask(guards, *people("b")) != PASS
    await scene.limit(ALL_ACCOUNTS, "2/hour")
    assert await scene.ask(guards, *people("b")) == PASS
    await scene.limit(account_subject(scene.ann.account), "1/hour")
    assert await scene.ask(guards, *people("b")) != PASS
    await scene.limit(account_subject(scene.ann.account), "")
    assert await scene.ask(guards, *people("b", "c", "d")) == PASS


async def test_a_suppressed_recipient_is_refused_with_the_way_out(scene: Scene) -> None:
    gone = Suppression(
        domain="home.test", address=Address("dead", "far.test"), reason="550 5.1.1 " + "no " * 99,
        added_at=scene.clock.now(), expires_at=Instant(scene.clock.now() + 5000),
    )  # fmt: skip
    await scene.store.write(lambda tx: tx.guards.write_suppression(gone))
    guards = scene.guards()
    verdict = await scene.ask(guards, *people("Dead"))
    assert isinstance(verdict, Refuse)
    assert verdict.reason is Reason.RECIPIENT_SUPPRESSED
    assert verdict.words.startswith("dead@far.test suppressed since 2027-01-15 because 550 5.1.1 no no")
    assert verdict.words.endswith("; mailstead suppression remove dead@far.test --domain home.test")
    off = SendingGuards(scene.store, scene.clock, Caps(), suppresses=False)
    assert await scene.ask(off, *people("dead")) == PASS
    scene.clock.advance(5)
    assert await scene.ask(guards, *people("dead")) == PASS


async def test_words_fit_into_a_reply(scene: Scene) -> None:
    long = Address("ü" * 30, "x." * 90 + "test")
    gone = Suppression(
        domain="home.test", address=long, reason="550 " * 60, added_at=scene.clock.now(), expires_at=None
    )
    await scene.store.write(lambda tx: tx.guards.write_suppression(gone))
    verdict = await scene.ask(scene.guards(), long)
    assert isinstance(verdict, Refuse)
    assert verdict.words.isascii()
    assert len(verdict.words) <= 480


async def test_a_busy_store_is_no_refusal(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    async def read(unit: Any) -> Any:
        raise Busy("full")

    monkeypatch.setattr(scene.store, "read", read)
    assert await scene.ask(scene.guards(), *people("a")) == Defer(Reason.BUSY)
