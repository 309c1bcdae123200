"""Kept, looked at, released once, deleted, expired."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from mailstead.ground.model import policy as p
from mailstead.ground.model.address import Address
from mailstead.ground.model.envelope import Recipient
from mailstead.ground.model.errors import Invalid, NotFound, OverQuota
from mailstead.ground.model.outcome import Delivered, Failed
from mailstead.ground.model.quarantine import NOBODY, KeptFilter
from mailstead.ground.model.scope import Scope
from mailstead.ground.model.spool import Origin
from mailstead.ground.model.verdict import Reason
from mailstead.services.accounts.resolve import Abroad
from mailstead.services.delivery.plan import Accepted
from mailstead.services.policy.concealing import Concealing
from mailstead.services.quarantine.expiring import DAY, Expiring
from mailstead.services.spool.looking import Looking
from mailstead.services.spool.tracing import Tracing
from mailstead.store.port.spool import Wanted
from mailstead.store.sql.check import Finding, check
from tests.support.quarantined import BY, LETTER, SPAM, VIRUS, Scene, open_scene


@pytest.fixture
async def scene(tmp_path: Path) -> AsyncIterator[Scene]:
    async with open_scene(tmp_path) as made:
        yield made


async def test_a_copy_for_each_in_the_unit_of_the_others(scene: Scene) -> None:
    plain = await scene.accepted(scene.bob, None)
    receipt = await scene.deliver(await scene.accepted(scene.ann), plain)
    assert receipt.outcomes == (Delivered(), Delivered())
    assert (await scene.count(scene.ann), await scene.count(scene.bob, "Junk")) == (0, 1)
    (kept,) = await scene.kept()
    assert (kept.recipient, kept.sender, kept.author, kept.subject, kept.reason) == (
        "ann@home.test", "eve@else.test", "Eve <eve@else.test>", "Grüße 1", "spam",
    )  # fmt: skip
    assert kept.prefix.startswith(b"X-Mailstead-Reason: because\r\nAuthentication-Results: x\r\nReceived: ")
    octets = b"".join([piece async for piece in await scene.quarantine.open(kept.id, by=BY)])
    (told,) = await scene.store.read(lambda tx: tx.audit.read_chain(0))
    assert (told.action, told.subject, told.actor) == ("letter.viewed", kept.recipient, BY)
    assert octets == kept.prefix + LETTER % (1, 1, 1)
    assert (await scene.ann.account_row()).used_bytes == 0


async def test_whoever_is_meant_twice_has_one_copy(scene: Scene) -> None:
    first = await scene.accepted(scene.ann)
    await scene.deliver(first, replace(first, recipient=Recipient(Address.parse("ann+x@home.test"))))
    assert [one.recipient for one in await scene.kept()] == ["ann@home.test"]


async def test_released_once(scene: Scene) -> None:
    kept = await scene.keep()
    assert (await scene.quarantine.release(kept.id, by=BY, dry_run=True)).id == kept.id
    assert await scene.count(scene.ann) == 0
    ends = await asyncio.gather(*(scene.quarantine.release(kept.id, by=BY) for _ in range(3)), return_exceptions=True)
    assert sum(not isinstance(end, Exception) for end in ends) == 1
    assert await scene.count(scene.ann) == 1
    data, keywords = await scene.read(scene.ann, 1)
    assert keywords == "$NotJunk"
    assert data.startswith(b"Return-Path: <eve@else.test>\r\nX-Mailstead-Released: 2027-01-15T08:00:00Z by root\r\n")
    assert data.endswith(kept.prefix + LETTER % (1, 1, 1))
    assert await scene.kept() == []
    with pytest.raises(NotFound):
        await scene.quarantine.release(kept.id, by=BY)


async def test_filters_learn_of_a_release(scene: Scene) -> None:
    async def release(number: int, custody: object = SPAM) -> None:
        kept = await scene.keep(number, custody)  # type: ignore[arg-type]
        quarantine = scene.quarantine
        await quarantine.release(kept.id, by=BY)
        await asyncio.gather(*quarantine._lessons)

    await release(1)
    await release(2, VIRUS)
    assert scene.pupil.lessons == [("ann@home.test", LETTER % (1, 1, 1))]


async def test_a_full_mailbox_keeps_it_in_quarantine(scene: Scene) -> None:
    kept = await scene.keep()

    async def fill(tx: object) -> None:
        await tx.session.run("UPDATE account SET quota_bytes = 1")  # type: ignore[attr-defined]

    await scene.store.write(fill)
    with pytest.raises(OverQuota):
        await scene.quarantine.release(kept.id, by=BY)
    assert [one.id for one in await scene.kept()] == [kept.id]


async def test_what_was_meant_for_others_elsewhere_goes_there(scene: Scene) -> None:
    away = Address.parse("carl@far.test")
    alias = Recipient(Address.parse("club@home.test"))

    async def unit(tx: object) -> None:
        domain = await tx.directory.find_domain("home.test")  # type: ignore[attr-defined]
        await tx.directory.insert_alias(  # type: ignore[attr-defined]
            domain.id, alias.address, [str(away)], now=scene.clock.now()
        )

    await scene.store.write(unit)
    treatment = (await scene.accepted(scene.ann)).treatment
    receipt = await scene.deliver(Accepted(alias, (), abroad=(Abroad(away, domain="home.test"),), treatment=treatment))
    assert receipt.outcomes == (Delivered(),)
    assert await scene.store.read(lambda tx: tx.spool.list_waiting(Wanted())) == []
    (kept,) = await scene.kept()
    assert (kept.account_id, kept.recipient) == (NOBODY, "club@home.test")
    await scene.quarantine.release(kept.id, by=BY)
    ((letter, recipient),) = await scene.store.read(lambda tx: tx.spool.list_waiting(Wanted()))
    assert (letter.origin, recipient.address) == (Origin.FORWARDED, away)
    assert await scene.kept() == []


async def test_looking_and_deleting_within_a_scope(scene: Scene) -> None:
    for number in range(1, 4):
        await scene.deliver(await scene.accepted(scene.ann), await scene.accepted(scene.bob), number=number)
    quarantine, home = scene.quarantine, Scope.of(["home.test"])
    assert len(await quarantine.page(KeptFilter())) == 6
    mine = await quarantine.page(KeptFilter(), home)
    assert {one.recipient for one in mine} == {"ann@home.test"}
    assert await quarantine.page(KeptFilter(domains=("other.test",)), home) == []
    assert await quarantine.page(KeptFilter(recipient="bob@other.test"), home) == []
    assert await quarantine.page(KeptFilter(), home, below=mine[0].id, limit=1) == [mine[1]]
    for wish in (KeptFilter(recipient="Ann@home.test"), KeptFilter(sender="EVE@else.test", domains=("home.test",))):
        assert await quarantine.page(wish) == mine
    for wish in (KeptFilter(reason="virus found"), KeptFilter(before=scene.clock.now()), KeptFilter(sender="x@y")):
        assert await quarantine.page(wish) == []
    (other, *_) = await quarantine.page(KeptFilter(recipient="bob@other.test"))
    with pytest.raises(NotFound):
        await quarantine.show(other.id, home)
    with pytest.raises(NotFound):
        await quarantine.open(other.id, by=BY, scope=home)
    with pytest.raises(NotFound):
        await quarantine.delete(other.id, by=BY, scope=home)
    with pytest.raises(Invalid):
        await quarantine.page(KeptFilter(), limit=501)
    await quarantine.delete(mine[0].id, by=BY, dry_run=True)
    await quarantine.delete(mine[0].id, by=BY, scope=home)
    assert await quarantine.page(KeptFilter(), home) == mine[1:]


async def test_room_is_bounded(scene: Scene) -> None:
    kept = await scene.keep()
    scene.size = kept.size
    both = await scene.accepted(scene.ann), await scene.accepted(scene.bob, VIRUS)
    assert (await scene.deliver(*both, number=2)).outcomes == (Delivered(), Delivered())
    assert await scene.count(scene.ann, "Junk") == 1
    assert [one.recipient for one in await scene.kept()] == ["bob@other.test", "ann@home.test"]
    assert (await scene.deliver(*both, number=3)).outcomes == (Delivered(), Failed(Reason.VIRUS_FOUND))
    assert (await scene.count(scene.ann, "Junk"), await scene.count(scene.bob, "Junk")) == (2, 0)


async def test_it_ends_by_the_days_of_the_domain(scene: Scene) -> None:
    await scene.deliver(await scene.accepted(scene.ann), await scene.accepted(scene.bob))
    await scene.want("other.test", days=2)
    scene.clock.advance(3 * DAY / 1000)
    await Expiring(scene.store, scene.clock).run()
    assert [one.recipient for one in await scene.kept()] == ["ann@home.test"]
    scene.clock.advance(30 * DAY / 1000)
    await Expiring(scene.store, scene.clock).run()
    assert await scene.kept() == []
    assert [found async for found in check(scene.store) if isinstance(found, Finding)] == []
    assert await scene.store.read(lambda tx: tx.session.rows("SELECT letters, size FROM quarantine_sum")) == [
        (0, 0), (0, 0),
    ]  # fmt: skip


async def test_its_trace(scene: Scene) -> None:
    kept = await scene.keep()
    tracing = Tracing(scene.store, scene.clock, Looking(scene.store, scene.clock), Concealing(scene.store))
    (filed,) = (await tracing.find("ann@home.test", Scope.of(["home.test"]))).filed
    assert (filed.is_kept, [place.folder for place in filed.folders]) == (True, ["quarantine"])
    await scene.quarantine.release(kept.id, by=BY)
    found = (await tracing.find("ann@home.test")).filed
    assert [one.is_kept for one in (await tracing.find("1@else.test")).filed] == [False, True]
    assert {one.story["folder"]: [place.folder for place in one.folders] for one in found} == {
        "quarantine": [], "INBOX": ["INBOX"],
    }  # fmt: skip


async def test_a_virus_stays_where_spam_is_junk(scene: Scene) -> None:
    await scene.want(place=p.Place.JUNK)
    await scene.keep(custody=VIRUS)
    assert [one.has_virus for one in await scene.kept()] == [True]
