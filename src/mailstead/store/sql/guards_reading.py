"""Guards of sending as they are read. What is not there is an empty value."""

from collections.abc import Mapping, Sequence
from typing import Final

import msgspec

from mailstead.ground.model.address import Address
from mailstead.ground.model.guards import Breaker, Counted, HoldRule, Limits, Scope, Subject, Suppression
from mailstead.ground.model.ids import AccountId, Instant
from mailstead.ground.model.rate import Period, Window, parse_rates
from mailstead.store.port.guards import RULES_MAX
from mailstead.store.sql.session import Row, Session

READ: Final = """
    SELECT head, counts FROM guard_count
     WHERE scope = :scope AND name = :name AND counted = :counted AND period = :period"""

LIMITS: Final = "SELECT counted, rates FROM guard_limit WHERE scope = :scope AND name = :name"

ALL_LIMITS: Final = "SELECT scope, name, counted, rates FROM guard_limit ORDER BY scope, name LIMIT :limit"

KNOWN: Final = """
    SELECT COUNT(*) FROM guard_acquaintance WHERE account_id = :account AND address_key {in_words}"""

BREAKER: Final = "scope, name, opened_at, until, strikes, reason, is_released"

ONE_BREAKER: Final = f"SELECT {BREAKER} FROM guard_breaker WHERE scope = :scope AND name = :name"  # noqa: S608 - words of ours, here and below

BREAKERS: Final = f"SELECT {BREAKER} FROM guard_breaker ORDER BY until DESC, scope, name LIMIT :limit"  # noqa: S608

UNRELEASED: Final = f"""
    SELECT {BREAKER} FROM guard_breaker WHERE is_released = 0 AND until <= :now ORDER BY until LIMIT :limit"""  # noqa: S608

SUPPRESSION: Final = "domain, address, reason, added_at, expires_at"

SUPPRESSED: Final = f"""
    SELECT {SUPPRESSION} FROM guard_suppression
     WHERE domain = :domain AND address_key {{in_words}} AND (expires_at IS NULL OR expires_at > :now)"""  # noqa: S608

SUPPRESSIONS: Final = f"""
    SELECT {SUPPRESSION} FROM guard_suppression
     WHERE (domain, address_key) > (:after_domain, :after_key) AND (expires_at IS NULL OR expires_at > :now)
       AND (:domain = '' OR domain = :domain)
     ORDER BY domain, address_key LIMIT :limit"""  # noqa: S608

RULE: Final = "id, reason, sender, recipient, domain, destination, account_id, account, min_size, created_at"

RULES: Final = f"SELECT {RULE} FROM guard_rule ORDER BY id LIMIT {RULES_MAX}"  # noqa: S608

MARK: Final = "SELECT value FROM guard_mark WHERE name = :name"


class SqlGuardReading:
    """See the port."""

    def __init__(self, session: Session) -> None:
        self._session = session

    async def read_window(self, subject: Subject, counted: Counted, period: Period) -> Window:
        """By its key."""
        row = await self._session.row(READ, window_key(subject, counted, period))
        return window_of(row) if row else Window()

    async def read_limits(self, subject: Subject) -> Limits:
        """A row for each kind."""
        rows = await self._session.rows(LIMITS, subject_key(subject))
        return _limits(dict(rows))

    async def list_limits(self, limit: int = 1000) -> list[tuple[Subject, Limits]]:
        """By scope and name."""
        found: dict[Subject, dict[str, str]] = {}
        for scope, name, counted, rates in await self._session.rows(ALL_LIMITS, {"limit": limit}):
            found.setdefault(Subject(Scope(scope), name), {})[counted] = rates
        return [(subject, _limits(rates)) for subject, rates in found.items()]

    async def count_strangers(self, account: AccountId, addresses: Sequence[Address]) -> int:
        """All but those that are known."""
        row = await self._session.row(
            self._session.dialect.fill(KNOWN), {"account": account, "words": key_words(addresses)}
        )
        return len(addresses) - (row[0] if row else 0)

    async def read_breakers(self, subjects: Sequence[Subject]) -> list[Breaker]:
        """One look-up each: they are three."""
        rows = [await self._session.row(ONE_BREAKER, subject_key(subject)) for subject in subjects]
        return [_breaker(row) for row in rows if row is not None]

    async def list_breakers(self, limit: int = 1000) -> list[Breaker]:
        """Latest end first."""
        return [_breaker(row) for row in await self._session.rows(BREAKERS, {"limit": limit})]

    async def list_unreleased(self, now: Instant, limit: int = 50) -> list[Breaker]:
        """By one index."""
        return [_breaker(row) for row in await self._session.rows(UNRELEASED, {"now": now, "limit": limit})]

    async def find_suppressions(self, domain: str, addresses: Sequence[Address], now: Instant) -> list[Suppression]:
        """By the key."""
        values = {"domain": domain, "words": key_words(addresses), "now": now}
        rows = await self._session.rows(self._session.dialect.fill(SUPPRESSED), values)
        return [suppression_of(row) for row in rows]

    async def list_suppressions(
        self, now: Instant, *, domain: str = "", after: tuple[str, str] = ("", ""), limit: int = 500
    ) -> list[Suppression]:
        """Along the key."""
        values = {"now": now, "domain": domain, "after_domain": after[0], "after_key": after[1], "limit": limit}
        return [suppression_of(row) for row in await self._session.rows(SUPPRESSIONS, values)]

    async def list_rules(self) -> list[HoldRule]:
        """All of them."""
        return [rule_of(row) for row in await self._session.rows(RULES)]

    async def read_mark(self, name: str) -> int:
        """0 if there is none."""
        row = await self._session.row(MARK, {"name": name})
        return int(row[0]) if row else 0


def subject_key(subject: Subject) -> dict[str, object]:
    """Values of the columns that name it."""
    return {"scope": subject.scope.value, "name": subject.name}


def window_key(subject: Subject, counted: Counted, period: Period) -> dict[str, object]:
    """Values of the columns that name one of its windows."""
    return {**subject_key(subject), "counted": counted.value, "period": period.value}


def window_of(row: Row) -> Window:
    """From `head` and `counts`."""
    return Window(row[0], tuple(msgspec.json.decode(row[1], type=list[int])))


def key_words(addresses: Sequence[Address]) -> str:
    """For `{in_words}`."""
    return msgspec.json.encode([address.key for address in addresses]).decode()


def suppression_of(row: Row) -> Suppression:
    """From its columns."""
    domain, address, reason, added_at, expires_at = row
    return Suppression(
        domain=domain, address=Address.parse(address), reason=reason, added_at=added_at, expires_at=expires_at
    )


def rule_of(row: Row) -> HoldRule:
    """From its columns."""
    names = ("id", "reason", "sender", "recipient", "domain", "destination", "account_id", "account", "min_size",
             "created_at")  # fmt: skip
    return HoldRule(**dict(zip(names, row, strict=True)))


def _limits(rates: Mapping[str, str]) -> Limits:
    said = {name: parse_rates(text) for name, text in rates.items()}
    return Limits(said.get(Counted.RECIPIENTS.value), said.get(Counted.NEWCOMERS.value))


def _breaker(row: Row) -> Breaker:
    scope, name, opened_at, until, strikes, reason, is_released = row
    return Breaker(
        subject=Subject(Scope(scope), name), opened_at=opened_at, until=until, strikes=strikes, reason=reason,
        is_released=bool(is_released),
    )  # fmt: skip
