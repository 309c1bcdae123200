"""Guards of sending in the store: windows, limits, pauses, suppressions, rules. On both engines."""

import asyncio
from typing import Any

import pytest

from mailstead.ground.model.address import Address
from mailstead.ground.model.errors import LimitReached, NotFound
from mailstead.ground.model.guards import Breaker, Counted, HoldRule, Limits, Scope, Subject, Suppression
from mailstead.ground.model.ids import AccountId, Instant
from mailstead.ground.model.rate import Period, Window, parse_rates
from mailstead.store.port import guards as port
from tests.support.mailbox import NOW, make_mailbox
from tests.support.stores import AnyStore

ANN = Subject(Scope.ACCOUNT, "ann@home.test")
HOME = Subject(Scope.DOMAIN, "home.test")


async def add(store: AnyStore, count: int = 1) -> int:
    async def unit(tx: Any) -> int:
        window = await tx.guards.hold_window(ANN, Counted.TRIED, Period.HOUR, NOW)
        window = window.add(Period.HOUR, NOW, count)
        await tx.guards.write_window(ANN, Counted.TRIED, Period.HOUR, window)
        return int(window.total(Period.HOUR, NOW))

    return await store.write(unit)


async def total(store: AnyStore, counted: Counted = Counted.TRIED) -> int:
    window = await store.read(lambda tx: tx.guards.read_window(ANN, counted, Period.HOUR))
    assert isinstance(window, Window)
    return window.total(Period.HOUR, NOW)


async def test_those_who_count_at_once_count_all(store: AnyStore) -> None:
    assert await total(store) == 0
    assert sorted(await asyncio.gather(*(add(store) for _ in range(10)))) == list(range(1, 11))
    assert await total(store) == 10
    assert await total(store, Counted.BOUNCED) == 0
    await store.write(lambda tx: tx.guards.clear_windows(ANN, [Counted.BOUNCED]))
    assert await total(store) == 10
    await store.write(lambda tx: tx.guards.clear_windows(ANN, [Counted.BOUNCED, Counted.TRIED]))
    assert await total(store) == 0


async def test_what_nobody_touched_is_forgotten(store: AnyStore) -> None:
    await add(store)
    gone = Suppression(
        domain="home.test", address=Address("a", "far.test"), reason="x", added_at=NOW, expires_at=Instant(NOW + 5)
    )
    await store.write(lambda tx: tx.guards.write_suppression(gone))

    async def forget(before: int, now: int) -> int:
        return await store.write(
            lambda tx: tx.guards.forget_stale(counts_before=Instant(before), now=Instant(now), limit=1)
        )

    assert await forget(NOW, NOW + 4) == 0
    assert await forget(NOW + 1, NOW + 5) == 1
    assert await total(store) == 0
    assert await forget(NOW + 1, NOW + 5) == 1
    assert await forget(NOW + 1, NOW + 5) == 0


async def test_limits_say_what_was_said_and_no_more(store: AnyStore) -> None:
    assert (await store.read(lambda tx: tx.guards.read_limits(HOME))).is_empty
    said = Limits(parse_rates("10/minute 100/day"), ())
    await store.write(lambda tx: tx.guards.write_limits(HOME, said))
    await store.write(lambda tx: tx.guards.write_limits(ANN, Limits(None, parse_rates("5/hour"))))
    assert await store.read(lambda tx: tx.guards.read_limits(HOME)) == said
    assert await store.read(lambda tx: tx.guards.list_limits()) == [
        (ANN, Limits(None, parse_rates("5/hour"))),
        (HOME, said),
    ]
    await store.write(lambda tx: tx.guards.write_limits(HOME, Limits()))
    assert (await store.read(lambda tx: tx.guards.read_limits(HOME))).is_empty


async def test_strangers_are_met_once_and_forgotten_with_the_account(store: AnyStore) -> None:
    box = await make_mailbox(store)
    bob, eve = Address("Bob", "far.test"), Address("eve", "far.test")

    async def strangers(account: AccountId) -> int:
        return await store.read(lambda tx: tx.guards.count_strangers(account, [bob, eve]))

    assert await strangers(box.account) == 2
    for _ in range(2):
        await store.write(lambda tx: tx.guards.note_acquaintances(box.account, [Address("bob", "far.test")], NOW))
    assert await strangers(box.account) == 1
    assert await strangers(AccountId(99)) == 2
    await store.write(lambda tx: tx.directory.bury_account(box.account, NOW))
    while await store.write(lambda tx: tx.duties.exhume(now=NOW, limit=500)):
        pass
    assert await strangers(box.account) == 2


async def test_pauses(store: AnyStore) -> None:
    first = Breaker(subject=ANN, opened_at=NOW, until=Instant(NOW + 10), strikes=1, reason="14 of 40")
    other = Breaker(subject=HOME, opened_at=NOW, until=Instant(NOW + 20), strikes=2, reason="x", is_released=True)
    for one in (first, other):
        await store.write(lambda tx, one=one: tx.guards.write_breaker(one))
    assert await store.read(lambda tx: tx.guards.list_breakers()) == [other, first]
    nobody = Subject(Scope.DESTINATION, "home.test")
    assert await store.read(lambda tx: tx.guards.read_breakers([ANN, nobody])) == [first]
    assert await store.read(lambda tx: tx.guards.list_unreleased(Instant(NOW + 9))) == []
    assert await store.read(lambda tx: tx.guards.list_unreleased(Instant(NOW + 30))) == [first]
    again = Breaker(subject=ANN, opened_at=NOW, until=Instant(NOW + 10), strikes=2, reason="y", is_released=True)
    await store.write(lambda tx: tx.guards.write_breaker(again))
    assert await store.read(lambda tx: tx.guards.read_breakers([ANN, HOME])) == [again, other]


async def test_suppressions_belong_to_a_domain_and_run_out(store: AnyStore) -> None:
    def of(domain: str, name: str, expires_at: int | None) -> Suppression:
        until = None if expires_at is None else Instant(expires_at)
        return Suppression(
            domain=domain, address=Address(name, "far.test"), reason="550 no", added_at=NOW, expires_at=until
        )

    rows = [of("away.test", "bob", None), of("home.test", "Bob", NOW + 10), of("home.test", "eve", NOW + 20)]
    for one in rows:
        await store.write(lambda tx, one=one: tx.guards.write_suppression(one))

    async def found(domain: str, *names: str, now: int = NOW) -> list[Suppression]:
        wanted = [Address(name, "far.test") for name in names]
        return await store.read(lambda tx: tx.guards.find_suppressions(domain, wanted, Instant(now)))

    assert await found("home.test", "bob", "zoe") == [rows[1]]
    assert await found("home.test", "bob", now=NOW + 10) == []
    assert await found("away.test", "bob", now=NOW + 10**12) == [rows[0]]
    assert await found("away.test", "eve") == []

    async def listed(**other: Any) -> list[Suppression]:
        return await store.read(lambda tx: tx.guards.list_suppressions(NOW, **other))

    assert await listed() == rows
    assert await listed(domain="home.test") == rows[1:]
    assert await listed(limit=1) == rows[:1]
    assert await listed(after=("home.test", "bob@far.test")) == rows[2:]
    await store.write(lambda tx: tx.guards.write_suppression(of("home.test", "bob", NOW + 99)))
    assert await found("home.test", "bob", now=NOW + 10) == [of("home.test", "bob", NOW + 99)]
    assert await store.write(lambda tx: tx.guards.delete_suppression("home.test", Address("BOB", "far.test")))
    with pytest.raises(NotFound):
        await store.write(lambda tx: tx.guards.delete_suppression("home.test", Address("bob", "far.test")))


async def test_each_change_of_the_rules_has_a_version(store: AnyStore, monkeypatch: pytest.MonkeyPatch) -> None:
    async def version() -> int:
        return await store.read(lambda tx: tx.guards.read_mark(port.RULES_VERSION))

    assert await version() == 0
    rule = HoldRule(
        reason="look", sender="@home.test", recipient="bob@far.test", domain="home.test", destination="far.test",
        account_id=AccountId(3), account="ann@home.test", min_size=7, created_at=NOW,
    )  # fmt: skip
    made = await store.write(lambda tx: tx.guards.insert_rule(rule))
    second = await store.write(lambda tx: tx.guards.insert_rule(HoldRule(reason="all")))
    assert await store.read(lambda tx: tx.guards.list_rules()) == [made, second]
    assert (made.sender, second.account_id, await version()) == ("@home.test", None, 2)
    assert await store.write(lambda tx: tx.guards.delete_rule(made.id)) == made
    assert await version() == 3
    with pytest.raises(NotFound):
        await store.write(lambda tx: tx.guards.delete_rule(made.id))
    monkeypatch.setattr("mailstead.store.sql.guards.RULES_MAX", 1)
    with pytest.raises(LimitReached):
        await store.write(lambda tx: tx.guards.insert_rule(rule))


async def test_a_mark_is_whoever_came_first(store: AnyStore) -> None:
    assert await store.write(lambda tx: tx.guards.keep_mark("warm-up", 5)) == 5
    assert await store.write(lambda tx: tx.guards.keep_mark("warm-up", 9)) == 5
