"""Recipients whose mail another store keeps: who is taken depends on what that store says."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from mailstead.ground.model.address import Address
from mailstead.ground.model.envelope import Client, Envelope, Recipient
from mailstead.ground.model.route import Route
from mailstead.ground.model.verdict import Defer, Reason, Refuse
from mailstead.net.ids import IdSource
from mailstead.services.accounts.forwarding import Forwarding
from mailstead.services.delivery.deliver import Delivery
from mailstead.services.delivery.plan import Accepted
from mailstead.services.outbound.probing import Answer, Standing
from mailstead.services.outbound.verification import Verification
from mailstead.services.policy.concealing import Concealing
from mailstead.services.reception.reception import Reception, ReceptionRules
from mailstead.services.reception.refusals import Refusals
from mailstead.services.spool.outbox import NoOutbox
from mailstead.services.spool.spooling import Spooling
from mailstead.services.spool.terms import Terms
from mailstead.store.port import Tx
from tests.support.fake_clock import FakeClock
from tests.support.smtp_scene import furnish
from tests.support.stores import AnyStore, sqlite_engine

GIVEN = {
    "accounts": "ann@here.test",
    "domains": "kept.test",
    "aliases": "all@here.test:ann@here.test+bob@kept.test+nobody@kept.test,gone@here.test:nobody@kept.test,"
    "half@here.test:ann@here.test+silent@kept.test",
}


@dataclass
class OtherStore:
    """Knows who is called bob, and says nothing of silent."""

    asked: int = 0

    async def ask(self, route: Route, address: Address) -> Answer:
        self.asked += 1
        standings = {"bob": Standing.KNOWN, "silent": Standing.UNCLEAR}
        return Answer(standings.get(address.local, Standing.UNKNOWN), "its words")


@dataclass
class Scene:
    store: AnyStore
    other: OtherStore
    reception: Reception

    async def judge(self, to: str) -> Accepted | Refuse | Defer:
        recipient, client = Recipient(Address.parse(to)), Client(ip="192.0.2.1")
        return await self.reception.judge_recipient(Envelope(sender=None), recipient, client, is_proxied=False)

    async def set_verify(self, *, verify: bool) -> None:
        async def unit(tx: Tx) -> None:
            domain = await tx.directory.find_domain("kept.test")
            assert domain is not None
            await tx.directory.update_domain(replace(domain, hand_off="lmtp://store.test", verify=verify))

        await self.store.write(unit)


@pytest.fixture
async def scene(tmp_path: Path) -> AsyncIterator[Scene]:
    async with sqlite_engine(tmp_path) as engine:
        store, clock, other = await engine.open(), FakeClock(), OtherStore()
        await furnish(store, GIVEN)
        delivery = Delivery(store, clock, IdSource(clock, 1), Spooling(Terms(), NoOutbox()), hostname="mx.here.test")
        reception = Reception(
            store, delivery, ReceptionRules(), Refusals(store, clock, Concealing(store)), Forwarding(store, clock),
            Verification(other, clock),
        )  # fmt: skip
        made = Scene(store, other, reception)
        await made.set_verify(verify=True)
        yield made


async def test_who_is_known_there_is_taken(scene: Scene) -> None:
    taken = await scene.judge("bob@kept.test")
    assert isinstance(taken, Accepted)
    assert [str(one.address) for one in taken.abroad] == ["bob@kept.test"]
    refused = Refuse(Reason.USER_UNKNOWN, "lmtp://store.test: its words")
    assert await scene.judge("nobody@kept.test") == refused
    assert await scene.judge("gone@here.test") == refused
    put_off = Defer(Reason.USER_UNKNOWN, "lmtp://store.test: its words")
    assert await scene.judge("silent@kept.test") == put_off
    assert await scene.judge("half@here.test") == put_off


async def test_an_alias_goes_on_without_the_unknown(scene: Scene) -> None:
    taken = await scene.judge("all@here.test")
    assert isinstance(taken, Accepted)
    assert [str(one.account.address) for one in taken.targets] == ["ann@here.test"]
    assert [str(one.address) for one in taken.abroad] == ["bob@kept.test"]


async def test_nobody_is_asked_where_the_domain_says_so(scene: Scene) -> None:
    await scene.set_verify(verify=False)
    assert isinstance(await scene.judge("nobody@kept.test"), Accepted)
    assert isinstance(await scene.judge("ann@here.test"), Accepted)
    assert scene.other.asked == 0
