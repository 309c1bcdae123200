"""The spool: leases, lanes, settlements, what an operator sees and does. On both engines."""

import asyncio
from typing import Any

import pytest

from mailstead.ground.model.address import Address
from mailstead.ground.model.envelope import BodyType, DeliverBy, DsnRequest, Wishes
from mailstead.ground.model.errors import NotFound
from mailstead.ground.model.ids import AccountId, Instant, SpoolId
from mailstead.ground.model.spool import LastWord, Origin, SpooledLetter, SpooledRecipient, State
from mailstead.store.port.spool import Horizon, Lane, Settlement, Share, StoryRow, Wanted
from tests.support.mailbox import NOW
from tests.support.spooled import DAY, letter, recipient, settled, spool
from tests.support.stores import AnyStore, Engine

LATER = Instant(NOW + 300_000)


async def claim(
    store: AnyStore,
    destination: str = "far.test",
    holder: str = "me",
    *,
    now: int = NOW,
    until: int = LATER,
    limit: int = 100,
) -> list[tuple[int, int]]:
    """Pairs of letter and number, in the order given."""
    found = await store.write(
        lambda tx: tx.spool.claim(destination, holder, now=Instant(now), until=Instant(until), limit=limit)
    )
    return [(one.id, mine.number) for one, recipients in found for mine in recipients]


async def settle(
    store: AnyStore, number: int, *settlements: Settlement, holder: str = "me", now: int = NOW
) -> list[int]:
    return await store.write(lambda tx: tx.spool.settle(SpoolId(number), settlements, holder, now=Instant(now)))


async def due(store: AnyStore, now: int = NOW, **other: Any) -> list[str]:
    return [lane.destination for lane in await store.read(lambda tx: tx.spool.due_lanes(Instant(now), **other))]


async def read(store: AnyStore, number: int) -> tuple[SpooledLetter, list[SpooledRecipient]]:
    return await store.read(lambda tx: tx.spool.get_letter(SpoolId(number))), await store.read(
        lambda tx: tx.spool.list_recipients(SpoolId(number))
    )


async def states(store: AnyStore, number: int) -> list[str]:
    return [one.state.value for one in (await read(store, number))[1]]


async def unused(store: AnyStore) -> int:
    async def unit(tx: Any) -> int:
        return int((await tx.session.row("SELECT count(*) FROM unused_blob"))[0])

    return await store.read(unit)


async def test_everything_said_is_kept(store: AnyStore) -> None:
    one = letter(
        7, warn_at=Instant(NOW + DAY), sender=Address("grün", "home.test"), origin=Origin.FORWARDED,
        login="ann@home.test", account_id=AccountId(3), body=BodyType.BINARY, smtputf8=True, ret="HDRS", envid="e+2B",
        subject="Größe", case=b'{"ip":"192.0.2.1","field":"\xc3\xbc"}',
        wishes=Wishes(require_tls=True, priority=-4, release_at=Instant(NOW + 5),
                      by=DeliverBy(Instant(NOW + 9), may_be_late=True, is_traced=True)),
    )  # fmt: skip
    two = recipient(
        7, 0, '"a b"@far.test', dsn=DsnRequest(frozenset({"DELAY", "FAILURE"}), "rfc822;x"), lease="me", due_at=LATER,
        attempts=2, last=LastWord("4.2.1", "450 busy", "mx.far.test [192.0.2.1]", NOW), is_warned=True,
    )  # fmt: skip
    three = recipient(
        7, 1, "c@far.test", state=State.HELD, hold_reason="by hand", route="lmtp://x", destination="lmtp://x"
    )
    await spool(store, one, two, three)
    found, recipients = await read(store, 7)
    assert found.blob_id is not None
    assert found == letter(7, **{name: getattr(one, name) for name in one.__slots__} | {"blob_id": found.blob_id})
    assert recipients == [two, three]
    assert await store.read(lambda tx: tx.spool.find_letters("7@home.test")) == [7]
    with pytest.raises(NotFound):
        await store.read(lambda tx: tx.spool.get_letter(SpoolId(8)))


async def test_a_claim_is_a_lease_that_runs_out(store: AnyStore) -> None:
    await spool(store, letter(1), recipient(1, 0), recipient(1, 1, "eve@far.test"))
    assert await due(store) == ["far.test"]
    assert await claim(store, limit=1) == [(1, 0)]
    assert await claim(store, holder="you") == [(1, 1)]
    assert await due(store) == []
    assert await claim(store, holder="you", now=LATER - 1) == []
    assert await due(store, LATER) == ["far.test"]
    assert await claim(store, holder="you", now=LATER, until=LATER + 1000) == [(1, 0), (1, 1)]
    assert await settle(store, 1, settled(0, State.DELIVERED)) == []  # not mine any more
    assert await states(store, 1) == ["active", "active"]
    assert await settle(store, 1, settled(0, State.DELIVERED), holder="you") == [0]


async def test_a_renewed_lease_lives_on(store: AnyStore) -> None:
    await spool(store, letter(1), recipient(1))
    await claim(store)
    await store.write(lambda tx: tx.spool.renew([(SpoolId(1), 0)], "you", until=Instant(LATER + 9)))
    assert (await read(store, 1))[1][0].due_at == LATER
    await store.write(lambda tx: tx.spool.renew([(SpoolId(1), 0)], "me", until=Instant(LATER + 9)))
    assert await claim(store, holder="you", now=LATER) == []
    assert await claim(store, holder="you", now=LATER + 9, until=LATER + 99) == [(1, 0)]


async def test_the_urgent_go_first_and_then_who_waits_longest(store: AnyStore) -> None:
    for number, priority, at in ((1, 0, NOW - 5), (2, 0, NOW - 9), (3, 7, NOW), (4, -3, NOW - 99), (5, 3, NOW + 1)):
        one = letter(number, wishes=Wishes(priority=priority))
        await spool(store, one, recipient(number, due_at=Instant(at)))
    assert [pair[0] for pair in await claim(store)] == [3, 2, 1, 4]
    assert await due(store, NOW + 1) == ["far.test"]


async def test_born_with_a_lease_nobody_else_takes_it(store: AnyStore) -> None:
    assert await spool(store, letter(1), recipient(1, lease="me", due_at=LATER)) == frozenset()
    assert await due(store) == []
    assert await claim(store, holder="you") == []
    assert await settle(store, 1, settled(0, State.DEFERRED, due_at=NOW + 10)) == [0]
    assert await due(store, NOW + 9) == []
    assert await due(store, NOW + 10) == ["far.test"]
    assert (await read(store, 1))[1][0].attempts == 1


async def test_who_is_delivered_settles_the_letter_and_lets_its_blob_go(store: AnyStore) -> None:
    await spool(store, letter(1), recipient(1, 0), recipient(1, 1))
    await claim(store)
    last = LastWord("2.0.0", "250 ok", "mx", NOW)
    await settle(store, 1, Settlement(number=0, state=State.DELIVERED, due_at=NOW, last=last))
    found, recipients = await read(store, 1)
    assert found.settled_at is None
    assert found.blob_id is not None
    assert recipients[0].last == last
    assert await unused(store) == 0
    await settle(store, 1, settled(1, State.DELIVERED), now=NOW + 3)
    found, _ = await read(store, 1)
    assert (found.settled_at, found.blob_id) == (NOW + 3, None)
    assert await unused(store) == 1


async def test_what_failed_keeps_its_octets_for_a_while(store: AnyStore) -> None:
    await spool(store, letter(1), recipient(1))
    await claim(store)
    await settle(store, 1, settled(0, State.FAILED), now=NOW + 10)
    assert (await read(store, 1))[0].blob_id is not None

    async def forget(failed: int, gone: int) -> int:
        return await store.write(
            lambda tx: tx.spool.forget_settled(
                failed_before=Instant(failed), settled_before=Instant(gone), now=Instant(NOW + 100)
            )
        )

    await store.write(lambda tx: tx.spool.tell(StoryRow(SpoolId(1), 5, NOW, "attempt", b"{}")))
    assert await forget(NOW + 10, 0) == 0
    assert await forget(NOW + 11, 0) == 1
    assert await states(store, 1) == ["dropped"]
    assert await unused(store) == 1
    assert await forget(0, NOW + 100) == 0  # its story counts from when it was settled
    assert await forget(0, NOW + 101) == 1
    with pytest.raises(NotFound):
        await store.read(lambda tx: tx.spool.get_letter(SpoolId(1)))
    assert await store.read(lambda tx: tx.spool.list_story(SpoolId(1))) == []


async def test_a_paused_lane_is_left_alone_whoever_comes(store: AnyStore) -> None:
    await spool(store, letter(1), recipient(1))
    await store.write(lambda tx: tx.spool.pause("far.test", until=Instant(NOW + 50), reason="dead", failures=3))
    assert await due(store, NOW + 49) == []
    assert await claim(store) == []
    leased = recipient(2, lease="me", due_at=LATER)
    assert await spool(store, letter(2), leased, recipient(2, 1, "b@near.test")) == {"far.test"}
    assert (await read(store, 2))[1][0].lease == ""
    assert await due(store) == ["near.test"]
    lanes = await store.read(lambda tx: tx.spool.list_lanes(only_paused=True))
    assert lanes == [Lane("far.test", Instant(NOW + 50), Instant(NOW + 50), 3, "dead")]
    assert await due(store, NOW + 50) == ["near.test", "far.test"]
    assert await due(store, NOW + 50, but=["near.test"]) == ["far.test"]
    assert await claim(store, now=NOW + 50) == [(1, 0), (2, 0)]
    await store.write(lambda tx: tx.spool.pause("far.test", until=Instant(0), reason="", failures=0))
    assert await store.read(lambda tx: tx.spool.list_lanes(only_paused=True)) == []


async def test_the_overdue_are_found_and_told_once(store: AnyStore) -> None:
    await spool(store, letter(1, warn_at=Instant(NOW + 10)), recipient(1, 0), recipient(1, 1))
    await spool(store, letter(2, expires_at=Instant(NOW + 20)), recipient(2))

    async def overdue(now: int) -> list[tuple[int, list[int]]]:
        found = await store.read(lambda tx: tx.spool.overdue(Instant(now)))
        return [(one.id, [mine.number for mine in recipients]) for one, recipients in found]

    assert await overdue(NOW + 9) == []
    assert await overdue(NOW + 10) == [(1, [0, 1])]
    assert await claim(store, limit=1) == [(1, 0)]
    assert await overdue(NOW + 10) == [(1, [1])]  # the other is being tried
    await store.write(lambda tx: tx.spool.mark_warned(SpoolId(1), [0, 1]))
    assert await overdue(NOW + 20) == [(2, [0])]
    assert [one.is_warned for one in (await read(store, 1))[1]] == [True, True]
    assert await overdue(NOW + 5 * DAY) == [(2, [0]), (1, [0, 1])]  # leases of the dead have run out


async def test_by_hand(store: AnyStore) -> None:
    await spool(store, letter(1), recipient(1, 0), recipient(1, 1, "b@near.test"), recipient(1, 2, "c@far.test"))
    await claim(store, limit=1)
    every = [(SpoolId(1), number) for number in range(3)]

    async def change(state: State, *pairs: tuple[SpoolId, int], **other: Any) -> list[int]:
        done = await store.write(lambda tx: tx.spool.change_state(pairs or every, state, now=Instant(NOW + 1), **other))
        return [number for _, number in done]

    assert await change(State.HELD, reason="look at it") == [1, 2]  # the first is being tried
    assert [one.hold_reason for one in (await read(store, 1))[1]] == ["", "look at it", "look at it"]
    for lane in ("far.test", "near.test"):  # a lane that nobody waits in goes when somebody looks
        assert await claim(store, lane, now=NOW + 1) == []
    assert await due(store, NOW + 1) == []
    assert await change(State.ACTIVE, every[1]) == [1]
    assert await due(store, NOW + 1) == ["near.test"]
    assert await change(State.ACTIVE, every[2], route="smtp://relay.test:25") == [2]
    assert "smtp://relay.test:25" in await due(store, NOW + 1)
    assert (await read(store, 1))[1][2].destination == "smtp://relay.test:25"
    assert await change(State.DROPPED, every[1], every[2]) == [1, 2]
    assert await settle(store, 1, settled(0, State.DELIVERED)) == [0]
    assert (await read(store, 1))[0].settled_at == NOW
    assert await change(State.ACTIVE) == []  # over is over


async def test_what_an_operator_asks(store: AnyStore) -> None:
    old = Instant(NOW - 10 * DAY)
    await spool(store, letter(1, created_at=old), recipient(1, 0), recipient(1, 1, "b@near.test", state=State.HELD))
    await spool(
        store, letter(2, sender=Address("Eve", "else.test"), account_id=AccountId(5)), recipient(2, 0, "B@near.test")
    )
    await spool(store, letter(3), recipient(3, 0, "x@sub.far.test", state=State.DELIVERED), recipient(3, 1))

    async def ask(limit: int = 10, after: Any = None, **wanted: Any) -> list[tuple[int, int]]:
        rows = await store.read(lambda tx: tx.spool.list_waiting(Wanted(**wanted), after=after, limit=limit))
        return [(one.id, mine.number) for one, mine in rows]

    everything = [(1, 0), (1, 1), (2, 0), (3, 1)]
    assert await ask() == everything
    assert await ask(limit=2) == everything[:2]
    assert await ask(after=everything[1]) == everything[2:]
    assert await ask(states=(State.HELD,)) == [(1, 1)]
    assert await ask(letter=SpoolId(2)) == [(2, 0)]
    assert await ask(sender="eve@else.test") == [(2, 0)]
    assert await ask(sender="@home.test") == [(1, 0), (1, 1), (3, 1)]
    assert await ask(recipient="b@near.test") == [(1, 1), (2, 0)]
    assert await ask(recipient="@far.test", created_after=NOW) == [(3, 1)]
    assert await ask(created_before=NOW, destination="near.test") == [(1, 1)]
    assert await ask(account=AccountId(5)) == [(2, 0)]
    assert await ask(hold_reason="look at it") == []


async def test_a_survey_in_steps(store: AnyStore) -> None:
    held = recipient(1, 1, "b@near.test", state=State.HELD, hold_reason="look")
    await spool(store, letter(1, size=70), recipient(1, 0), held, recipient(1, 2, "c@near.test"))
    await spool(store, letter(2, sender=None), recipient(2, 0, state=State.DEFERRED))
    await spool(store, letter(3), recipient(3, 0))
    await claim(store)
    await settle(store, 3, settled(0, State.DELIVERED))

    async def survey(after: int = 0, letters: int = 1, **fields: Any) -> tuple[list[Share], SpoolId | None]:
        return await store.read(lambda tx: tx.spool.survey(Wanted(**fields), after=SpoolId(after), letters=letters))

    first = [
        Share(SpoolId(1), 70, NOW, "far.test", State.ACTIVE, 1),
        Share(SpoolId(1), 70, NOW, "near.test", State.ACTIVE, 1),
        Share(SpoolId(1), 70, NOW, "near.test", State.HELD, 1),
    ]
    second = [Share(SpoolId(2), 100, NOW, "far.test", State.DEFERRED, 1)]
    assert await survey() == (first, 1)
    assert await survey(1) == (second, 2)
    assert await survey(2) == ([], None)
    assert await survey(letters=10) == (first + second, None)
    assert await survey(letter=SpoolId(2)) == (second, None)
    assert await survey(letters=10, sender="<>") == (second, None)
    assert (await survey(letters=10, hold_reason="look"))[0] == first[2:]
    assert (await survey(letters=1, destination="nowhere.test")) == ([], 1)


async def test_a_letter_is_given_more_time(store: AnyStore) -> None:
    await spool(store, letter(1, warn_at=Instant(NOW + 5)), recipient(1, 0))
    await store.write(lambda tx: tx.spool.prolong(SpoolId(1), Instant(NOW + 9 * DAY)))
    found = (await read(store, 1))[0]
    assert (found.expires_at, found.warn_at) == (NOW + 9 * DAY, None)
    assert await store.read(lambda tx: tx.spool.overdue(Instant(NOW + 8 * DAY))) == []


async def test_a_route_is_taken_back(store: AnyStore) -> None:
    await spool(store, letter(1), recipient(1, 0))
    pair, at = [(SpoolId(1), 0)], Instant(NOW + 1)
    route = "smtp://ann:secret@relay.test"
    await store.write(
        lambda tx: tx.spool.change_state(pair, State.ACTIVE, now=at, route=route, destination="smtp://ann@relay.test")
    )
    assert [(one.route, one.destination) for one in (await read(store, 1))[1]] == [(route, "smtp://ann@relay.test")]
    await store.write(lambda tx: tx.spool.change_state(pair, State.ACTIVE, now=at, route="", destination="far.test"))
    assert [(one.route, one.destination) for one in (await read(store, 1))[1]] == [("", "far.test")]
    assert [one for _, one in await claim(store, now=NOW + 1)] == [0]


async def test_two_workers_never_get_the_same_one(engine: Engine) -> None:
    stores = [await engine.open() for _ in range(3)]
    for number in range(30):
        await spool(stores[0], letter(number + 1), *(recipient(number + 1, n, f"r{n}@far.test") for n in range(3)))
    got: list[tuple[int, int]] = []

    async def work(store: AnyStore, holder: str) -> None:
        while True:
            mine = await claim(store, holder=holder, limit=4)
            if not mine:
                return
            got.extend(mine)

    await asyncio.gather(*(work(store, f"w{n}") for n, store in enumerate(stores)))
    assert len(got) == len(set(got)) == 90


async def test_what_lies_beyond_the_horizon_is_brought_near(store: AnyStore) -> None:
    far = Instant(NOW + 400 * DAY)
    wish = letter(4, wishes=Wishes(release_at=far))
    await spool(store, letter(1), recipient(1, 0, lease="me", due_at=far), recipient(1, 1, lease="me", due_at=LATER))
    await spool(store, letter(2), recipient(2, state=State.DEFERRED, due_at=far))
    await spool(store, letter(3), recipient(3, due_at=far), recipient(3, 1, "b@near.test", due_at=far))
    await spool(store, wish, recipient(4, due_at=far))
    await store.write(lambda tx: tx.spool.pause("near.test", until=far, reason="dead", failures=3))
    horizon = Horizon(now=Instant(NOW + 1), lease=LATER, deferred=Instant(LATER + 5), pause=Instant(NOW + 7))

    async def step(after: str, limit: int = 500) -> tuple[str, int] | None:
        return await store.write(lambda tx: tx.spool.draw_near(after, horizon, limit))

    assert await step("", 2) == ("far.test", 2)
    assert await step("") == ("far.test", 1)
    assert await step("") == ("far.test", 0)
    assert await step("far.test") == ("near.test", 1)
    assert await step("near.test") is None
    due_at = [[one.due_at for one in (await read(store, number))[1]] for number in range(1, 5)]
    assert due_at == [[LATER, LATER], [LATER + 5], [NOW + 1, NOW + 1], [far]]
    found = await store.read(lambda tx: tx.spool.list_lanes())
    assert [(lane.destination, lane.due_at, lane.paused_until) for lane in found] == [
        ("far.test", NOW + 1, 0), ("near.test", NOW + 7, NOW + 7),
    ]  # fmt: skip


async def test_only_those_in_the_states_meant_are_changed(store: AnyStore) -> None:
    await spool(store, letter(1), recipient(1, 0), recipient(1, 1, state=State.HELD), recipient(1, 2))
    await claim(store, limit=1)
    await settle(store, 1, settled(0, State.FAILED))
    pairs = [(SpoolId(1), number) for number in range(3)]
    waiting = (State.ACTIVE, State.DEFERRED)
    changed = await store.write(lambda tx: tx.spool.change_state(pairs, State.FAILED, now=NOW, of=waiting))
    assert changed == [(1, 2)]
    assert await states(store, 1) == ["failed", "held", "failed"]


async def test_no_renewal_shortens_a_lease(store: AnyStore) -> None:
    await spool(store, letter(1), recipient(1))
    await claim(store)
    await store.write(lambda tx: tx.spool.renew([(SpoolId(1), 0)], "me", until=Instant(LATER - 1)))
    assert (await read(store, 1))[1][0].due_at == LATER
