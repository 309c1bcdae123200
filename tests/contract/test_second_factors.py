"""Second factors keep their promises on both engines: above all that nothing is taken twice."""

import asyncio
import secrets

from mailstead.ground.formats.totp import code_at, step_of
from mailstead.ground.model.directory import User
from mailstead.ground.model.ids import Instant, UserId
from mailstead.ground.model.second_factor import FAILURES_MAX, WINDOW, Judged, SecondFactor
from mailstead.services.accounts.second_factors import Totp, digest_of_recovery
from mailstead.store.port import Tx
from tests.support.fake_clock import FakeClock
from tests.support.stores import AnyStore, Engine

SECRET = secrets.token_bytes(20)
ANN = User(id=UserId(7), login="ann@example.com", password_hash="", created_at=Instant(0))
CODES = ("aaaa-bbbb-cccc-dddd", "2222-3333-4444-5555")


async def enroll(store: AnyStore, clock: FakeClock, *, is_confirmed: bool = True) -> None:
    factor = SecondFactor(
        user_id=ANN.id, secret=SECRET.hex(), enrolled_at=clock.now(), confirmed_at=clock.now() if is_confirmed else None
    )

    async def unit(tx: Tx) -> None:
        await tx.second_factors.put(factor)
        await tx.second_factors.put_recovery(ANN.id, [digest_of_recovery(code) for code in CODES])

    await store.write(unit)


def code(clock: FakeClock, drift: int = 0) -> str:
    return code_at(SECRET, step_of(clock.now()) + drift)


async def test_one_of_many_at_once_takes_a_code(engine: Engine) -> None:
    """Two nodes, ten logins with the same code; then with the same recovery code."""
    clock = FakeClock()
    nodes = [Totp(await engine.open(), clock) for _ in range(2)]
    await enroll(await engine.open(), clock)
    for shown, good in ((code(clock), Judged.GOOD), (CODES[0].upper().replace("-", " "), Judged.RECOVERED)):
        judged = await asyncio.gather(*(nodes[n % 2].check(ANN, shown) for n in range(4)))
        assert sorted(one.value for one in judged) == sorted([good.value] + ["wrong"] * 3)
    assert await nodes[0].check(ANN, code(clock, -1)) is not Judged.GOOD, "it is of an earlier step"


async def test_what_is_not_confirmed_is_not_asked_for(store: AnyStore) -> None:
    clock = FakeClock()
    totp = Totp(store, clock)
    assert await totp.check(ANN, code(clock)) is Judged.MISSING
    assert not await totp.is_anybody_bound()
    await enroll(store, clock, is_confirmed=False)
    assert await totp.check(ANN, code(clock)) is Judged.MISSING
    assert not await totp.is_anybody_bound()
    assert not await store.read(lambda tx: tx.second_factors.is_asked(ANN.id))
    await enroll(store, clock)
    assert await totp.is_anybody_bound()
    assert await totp.check(ANN, code(clock)) is Judged.GOOD
    assert await store.write(lambda tx: tx.second_factors.delete(ANN.id))
    assert not await store.write(lambda tx: tx.second_factors.delete(ANN.id))
    assert not await totp.is_anybody_bound()
    assert await totp.check(ANN, CODES[0]) is Judged.MISSING


async def test_five_wrong_ones_and_none_is_heard_for_a_while(store: AnyStore) -> None:
    clock = FakeClock()
    totp = Totp(store, clock)
    await enroll(store, clock)
    for _ in range(FAILURES_MAX - 1):
        assert await totp.check(ANN, "000000" if code(clock) != "000000" else "000001") is Judged.WRONG
    assert await totp.check(ANN, code(clock)) is Judged.GOOD, "a good one forgives"
    clock.advance(60)
    for _ in range(FAILURES_MAX):
        assert await totp.check(ANN, "nonsense") is Judged.WRONG
    assert await totp.check(ANN, code(clock)) is Judged.SHUT
    assert await totp.check(ANN, CODES[0]) is Judged.SHUT
    clock.advance(WINDOW / 1000)
    assert await totp.check(ANN, code(clock)) is Judged.GOOD
    assert await totp.check(ANN, CODES[0]) is Judged.RECOVERED
    factor, left = await totp.find(ANN)
    assert factor is not None
    assert (factor.failures, left) == (0, 1)
    assert SECRET.hex() not in repr(factor)


async def test_it_goes_with_its_user(store: AnyStore) -> None:
    clock = FakeClock()
    user = await store.write(
        lambda tx: tx.directory.insert_user("ann@example.com", "x", is_admin=False, now=clock.now())
    )
    factor = SecondFactor(user_id=user.id, secret="00", enrolled_at=clock.now())
    await store.write(lambda tx: tx.second_factors.put(factor))
    await store.write(lambda tx: tx.second_factors.put_recovery(user.id, ["x"]))
    await store.write(lambda tx: tx.directory.delete_user(user.id))
    assert await Totp(store, clock).find(user) == (None, 0)
