"""Second factors of users, and their recovery codes."""

from collections.abc import Sequence
from typing import Final

from mailstead.ground.model.ids import Instant, UserId
from mailstead.ground.model.second_factor import SecondFactor
from mailstead.store.sql.session import Row, Session

FIND: Final = """
    SELECT user_id, secret, enrolled_at, confirmed_at, last_step, failures, failed_at FROM totp WHERE user_id = :user"""

HOLD: Final = """
    SELECT user_id, secret, enrolled_at, confirmed_at, last_step, failures, failed_at FROM totp
     WHERE user_id = :user {for_update}"""

IS_ASKED: Final = "SELECT 1 FROM totp WHERE user_id = :user AND confirmed_at IS NOT NULL"

ARE_ANY: Final = "SELECT 1 FROM totp WHERE confirmed_at IS NOT NULL LIMIT 1"

COUNT_RECOVERY: Final = "SELECT COUNT(*) FROM recovery_code WHERE user_id = :user AND used_at IS NULL"

PUT: Final = """
    INSERT INTO totp (user_id, secret, enrolled_at, confirmed_at, last_step, failures, failed_at)
    VALUES (:user, :secret, :enrolled_at, :confirmed_at, :last_step, :failures, :failed_at)
        ON CONFLICT (user_id) DO UPDATE
       SET secret = excluded.secret, enrolled_at = excluded.enrolled_at, confirmed_at = excluded.confirmed_at,
           last_step = excluded.last_step, failures = excluded.failures, failed_at = excluded.failed_at"""

DROP_RECOVERY: Final = "DELETE FROM recovery_code WHERE user_id = :user"

PUT_RECOVERY: Final = "INSERT INTO recovery_code (user_id, digest) VALUES (:user, :digest)"

TAKE_RECOVERY: Final = """
    UPDATE recovery_code SET used_at = :now WHERE user_id = :user AND digest = :digest AND used_at IS NULL"""

DROP: Final = "DELETE FROM totp WHERE user_id = :user"


def _factor_of(row: Row) -> SecondFactor:
    user, secret, enrolled_at, confirmed_at, last_step, failures, failed_at = row
    return SecondFactor(
        user_id=user, secret=secret, enrolled_at=enrolled_at, confirmed_at=confirmed_at, last_step=last_step,
        failures=failures, failed_at=failed_at,
    )  # fmt: skip


async def drop_factor(session: Session, user: UserId) -> bool:
    """With the recovery codes."""
    await session.run(DROP_RECOVERY, {"user": user})
    return bool(await session.run(DROP, {"user": user}))


class SqlSecondFactors:
    """See the port."""

    def __init__(self, session: Session) -> None:
        self._session = session

    async def find(self, user: UserId) -> SecondFactor | None:
        """By the primary key."""
        row = await self._session.row(FIND, {"user": user})
        return _factor_of(row) if row else None

    async def is_asked(self, user: UserId) -> bool:
        """By the primary key."""
        return await self._session.row(IS_ASKED, {"user": user}) is not None

    async def are_any_asked(self) -> bool:
        """A partial index holds exactly those."""
        return await self._session.row(ARE_ANY) is not None

    async def count_recovery(self, user: UserId) -> int:
        """Ten at most."""
        row = await self._session.row(COUNT_RECOVERY, {"user": user})
        return int(row[0]) if row else 0

    async def hold(self, user: UserId) -> SecondFactor | None:
        """Locked on PostgreSQL; SQLite has one writer."""
        row = await self._session.row(self._session.dialect.fill(HOLD), {"user": user})
        return _factor_of(row) if row else None

    async def put(self, factor: SecondFactor) -> None:
        """Whole."""
        values = {
            "user": factor.user_id, "secret": factor.secret, "enrolled_at": factor.enrolled_at,
            "confirmed_at": factor.confirmed_at, "last_step": factor.last_step, "failures": factor.failures,
            "failed_at": factor.failed_at,
        }  # fmt: skip
        await self._session.run(PUT, values)

    async def put_recovery(self, user: UserId, digests: Sequence[str]) -> None:
        """Those before go first."""
        await self._session.run(DROP_RECOVERY, {"user": user})
        await self._session.run_many(PUT_RECOVERY, [{"user": user, "digest": digest} for digest in digests])

    async def take_recovery(self, user: UserId, digest: str, now: Instant) -> bool:
        """One statement: two workers cannot both have it."""
        return bool(await self._session.run(TAKE_RECOVERY, {"user": user, "digest": digest, "now": now}))

    async def delete(self, user: UserId) -> bool:
        """See `drop_factor`."""
        return await drop_factor(self._session, user)
