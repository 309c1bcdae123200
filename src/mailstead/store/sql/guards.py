"""Guards of sending within units: counts held and written, limits, pauses, suppressions, rules."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import msgspec

from mailstead.ground.model.address import Address
from mailstead.ground.model.errors import LimitReached, NotFound
from mailstead.ground.model.guards import Breaker, Counted, HoldRule, Limits, Subject, Suppression
from mailstead.ground.model.ids import AccountId, Instant
from mailstead.ground.model.rate import Period, Rate, Window, show_rates
from mailstead.store.port.guards import RULES_MAX, RULES_VERSION
from mailstead.store.sql.guards_reading import (
    RULE,
    SUPPRESSION,
    SqlGuardReading,
    rule_of,
    subject_key,
    suppression_of,
    window_key,
    window_of,
)

# Made or touched: either way the row is locked, and what it holds is the latest.
HOLD: Final = """
    INSERT INTO guard_count (scope, name, counted, period, head, counts, touched_at)
    VALUES (:scope, :name, :counted, :period, 0, '[]', :now)
        ON CONFLICT (scope, name, counted, period) DO UPDATE SET touched_at = excluded.touched_at
 RETURNING head, counts"""

WRITE: Final = """
    UPDATE guard_count SET head = :head, counts = :counts
     WHERE scope = :scope AND name = :name AND counted = :counted AND period = :period"""

CLEAR: Final = "DELETE FROM guard_count WHERE scope = :scope AND name = :name AND counted {in_words}"

DROP_LIMITS: Final = "DELETE FROM guard_limit WHERE scope = :scope AND name = :name"

INSERT_LIMIT: Final = "INSERT INTO guard_limit (scope, name, counted, rates) VALUES (:scope, :name, :counted, :rates)"

MEET: Final = """
    INSERT INTO guard_acquaintance (account_id, address_key, since) VALUES (:account, :key, :now)
        ON CONFLICT DO NOTHING"""

PUT_BREAKER: Final = """
    INSERT INTO guard_breaker (scope, name, opened_at, until, strikes, reason, is_released)
    VALUES (:scope, :name, :opened_at, :until, :strikes, :reason, :is_released)
        ON CONFLICT (scope, name) DO UPDATE
       SET opened_at = excluded.opened_at, until = excluded.until, strikes = excluded.strikes,
           reason = excluded.reason, is_released = excluded.is_released"""

PUT_SUPPRESSION: Final = """
    INSERT INTO guard_suppression (domain, address_key, address, reason, added_at, expires_at)
    VALUES (:domain, :key, :address, :reason, :added_at, :expires_at)
        ON CONFLICT (domain, address_key) DO UPDATE
       SET address = excluded.address, reason = excluded.reason, added_at = excluded.added_at,
           expires_at = excluded.expires_at"""

DROP_SUPPRESSION: Final = f"""
    DELETE FROM guard_suppression WHERE domain = :domain AND address_key = :key RETURNING {SUPPRESSION}"""  # noqa: S608 - words of ours, here and below

COUNT_RULES: Final = "SELECT COUNT(*) FROM guard_rule"

INSERT_RULE: Final = """
    INSERT INTO guard_rule (reason, sender, recipient, domain, destination, account_id, account, min_size, created_at)
    VALUES (:reason, :sender, :recipient, :domain, :destination, :account_id, :account, :min_size, :created_at)
 RETURNING id"""

DROP_RULE: Final = f"DELETE FROM guard_rule WHERE id = :id RETURNING {RULE}"  # noqa: S608

COUNT_UP: Final = """
    INSERT INTO guard_mark (name, value) VALUES (:name, 1)
        ON CONFLICT (name) DO UPDATE SET value = guard_mark.value + 1"""

KEEP_MARK: Final = """
    INSERT INTO guard_mark (name, value) VALUES (:name, :fresh)
        ON CONFLICT (name) DO UPDATE SET value = guard_mark.value
 RETURNING value"""

FORGET_COUNTS: Final = """
    DELETE FROM guard_count WHERE (scope, name, counted, period) IN (
           SELECT g.scope, g.name, g.counted, g.period FROM guard_count g WHERE g.touched_at < :before
            ORDER BY g.touched_at LIMIT :limit)"""

FORGET_SUPPRESSIONS: Final = """
    DELETE FROM guard_suppression WHERE (domain, address_key) IN (
           SELECT g.domain, g.address_key FROM guard_suppression g WHERE g.expires_at <= :now
            ORDER BY g.expires_at LIMIT :limit)"""


class SqlGuards(SqlGuardReading):
    """See the port."""

    async def hold_window(self, subject: Subject, counted: Counted, period: Period, now: Instant) -> Window:
        """One statement."""
        row = await self._session.row(HOLD, {**window_key(subject, counted, period), "now": now})
        assert row is not None, "made or touched"
        return window_of(row)

    async def write_window(self, subject: Subject, counted: Counted, period: Period, window: Window) -> None:
        """Whole."""
        counts = msgspec.json.encode(window.counts).decode()
        await self._session.run(WRITE, {**window_key(subject, counted, period), "head": window.head, "counts": counts})

    async def clear_windows(self, subject: Subject, counted: Sequence[Counted]) -> None:
        """All periods."""
        words = msgspec.json.encode([one.value for one in counted]).decode()
        await self._session.run(self._session.dialect.fill(CLEAR), {**subject_key(subject), "words": words})

    async def write_limits(self, subject: Subject, limits: Limits) -> None:
        """Those before go first."""
        await self._session.run(DROP_LIMITS, subject_key(subject))
        said: tuple[tuple[Counted, tuple[Rate, ...] | None], ...] = (
            (Counted.RECIPIENTS, limits.recipients),
            (Counted.NEWCOMERS, limits.newcomers),
        )
        for counted, rates in said:
            if rates is not None:
                values = {**subject_key(subject), "counted": counted.value, "rates": show_rates(rates)}
                await self._session.run(INSERT_LIMIT, values)

    async def note_acquaintances(self, account: AccountId, addresses: Sequence[Address], now: Instant) -> None:
        """By key, so that two units that write the same ones do not wait for each other."""
        keys = sorted({address.key for address in addresses})
        await self._session.run_many(MEET, [{"account": account, "key": key, "now": now} for key in keys])

    async def write_breaker(self, breaker: Breaker) -> None:
        """One row for a subject."""
        values = {
            **subject_key(breaker.subject), "opened_at": breaker.opened_at, "until": breaker.until,
            "strikes": breaker.strikes, "reason": breaker.reason, "is_released": int(breaker.is_released),
        }  # fmt: skip
        await self._session.run(PUT_BREAKER, values)

    async def write_suppression(self, suppression: Suppression) -> None:
        """One row for a domain and an address."""
        values = {
            "domain": suppression.domain, "key": suppression.address.key, "address": str(suppression.address),
            "reason": suppression.reason, "added_at": suppression.added_at, "expires_at": suppression.expires_at,
        }  # fmt: skip
        await self._session.run(PUT_SUPPRESSION, values)

    async def delete_suppression(self, domain: str, address: Address) -> Suppression:
        """Gives what it was."""
        row = await self._session.row(DROP_SUPPRESSION, {"domain": domain, "key": address.key})
        if row is None:
            raise NotFound(f"{address} is not suppressed for {domain}")
        return suppression_of(row)

    async def insert_rule(self, rule: HoldRule) -> HoldRule:
        """And count the version up."""
        count = await self._session.row(COUNT_RULES)
        if count is not None and count[0] >= RULES_MAX:
            raise LimitReached(f"there are {RULES_MAX} rules already")
        values = {
            "reason": rule.reason, "sender": rule.sender, "recipient": rule.recipient, "domain": rule.domain,
            "destination": rule.destination, "account_id": rule.account_id, "account": rule.account,
            "min_size": rule.min_size, "created_at": rule.created_at,
        }  # fmt: skip
        row = await self._session.row(INSERT_RULE, values)
        assert row is not None, "inserted"
        await self._session.run(COUNT_UP, {"name": RULES_VERSION})
        return replace(rule, id=row[0])

    async def delete_rule(self, rule: int) -> HoldRule:
        """And count the version up."""
        row = await self._session.row(DROP_RULE, {"id": rule})
        if row is None:
            raise NotFound(f"there is no rule {rule}")
        await self._session.run(COUNT_UP, {"name": RULES_VERSION})
        return rule_of(row)

    async def keep_mark(self, name: str, fresh: int) -> int:
        """Whoever comes first gives it."""
        row = await self._session.row(KEEP_MARK, {"name": name, "fresh": fresh})
        assert row is not None, "made or kept"
        return int(row[0])

    async def forget_stale(self, *, counts_before: Instant, now: Instant, limit: int = 500) -> int:
        """Counts first."""
        gone = await self._session.run(FORGET_COUNTS, {"before": counts_before, "limit": limit})
        if gone < limit:
            gone += await self._session.run(FORGET_SUPPRESSIONS, {"now": now, "limit": limit - gone})
        return gone
