"""On a disk that fails a code is either taken or not; and whoever was told that it was taken finds it used up."""

import itertools
import secrets
from pathlib import Path

import apsw
import pytest

from mailstead.ground.formats.totp import code_at, step_of
from mailstead.ground.model.directory import User
from mailstead.ground.model.errors import MailError
from mailstead.ground.model.ids import Instant, UserId
from mailstead.ground.model.second_factor import Judged, SecondFactor
from mailstead.services.accounts.second_factors import ALPHABET, RECOVERY, Totp, digest_of_recovery
from mailstead.store.port import Tx
from tests.fault.test_store_disk import Faults, faults  # noqa: F401 - a fixture
from tests.support.fake_clock import FakeClock
from tests.support.stores import sqlite_engine

SECRET = secrets.token_bytes(20)
ANN = User(id=UserId(7), login="ann@example.com", password_hash="", created_at=Instant(0))
CODES = ["".join(secrets.choice(ALPHABET) for _ in range(RECOVERY)) for _ in range(60)]


@pytest.mark.parametrize("kind", [apsw.IOError, apsw.FullError])
async def test_the_nth_write_fails(faults: Faults, tmp_path: Path, kind: type[apsw.Error]) -> None:  # noqa: F811
    faults.kind = kind
    clock = FakeClock()
    async with sqlite_engine(tmp_path) as engine:
        store = await engine.open()

        async def furnish(tx: Tx) -> None:
            factor = SecondFactor(
                user_id=ANN.id, secret=SECRET.hex(), enrolled_at=clock.now(), confirmed_at=clock.now()
            )
            await tx.second_factors.put(factor)
            await tx.second_factors.put_recovery(ANN.id, [digest_of_recovery(code) for code in CODES])

        await store.write(furnish)
        totp = Totp(store, clock)
        left = len(CODES)
        for fail_at in itertools.count():
            clock.advance(30)
            code = code_at(SECRET, step_of(clock.now()))
            for shown, good in ((code, Judged.GOOD), (CODES[fail_at], Judged.RECOVERED)):
                faults.countdown = fail_at
                try:
                    judged: Judged | None = await totp.check(ANN, shown)
                except (MailError, apsw.Error):
                    judged = None
                untouched = faults.countdown >= 0
                faults.countdown = -1
                again = await totp.check(ANN, shown)
                assert (judged, again) in ((good, Judged.WRONG), (None, good)), (fail_at, judged, again)
            left -= 1
            assert (await totp.find(ANN))[1] == left
            if untouched:
                break
        assert fail_at > 2
        await store.close()
        reopened = Totp(await engine.open(), clock)
        assert await reopened.check(ANN, code) is Judged.WRONG
        assert (await reopened.find(ANN))[1] == left
