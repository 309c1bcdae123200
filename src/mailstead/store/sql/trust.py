"""MTA-STS policies, rules of single domains, counted TLS sessions."""

import hashlib
from collections.abc import Sequence
from typing import Final

import msgspec

from mailstead.ground.formats.mtasts import Mode, Policy
from mailstead.ground.formats.tlsrpt import PolicyFound, ResultType
from mailstead.ground.model.ids import Instant
from mailstead.ground.model.tls_rule import TlsDemand, TlsRule
from mailstead.store.port.trust import StoredPolicy, TlsCount
from mailstead.store.sql.session import Row, Session

FIND_STS: Final = """
    SELECT domain, policy_id, mode, max_age, hosts, fetched_at, tried_at, used_at
      FROM sts_policy WHERE domain = :domain"""

STALE_STS: Final = """
    SELECT domain, policy_id, mode, max_age, hosts, fetched_at, tried_at, used_at
      FROM sts_policy WHERE tried_at < :tried_before AND used_at >= :used_since ORDER BY tried_at LIMIT :limit"""

KEEP_STS: Final = """
    INSERT INTO sts_policy (domain, policy_id, mode, max_age, hosts, fetched_at, expires_at, tried_at, used_at)
    VALUES (:domain, :policy_id, :mode, :max_age, :hosts, :fetched_at, :expires_at, :tried_at, :used_at)
        ON CONFLICT (domain) DO UPDATE
       SET policy_id = excluded.policy_id, mode = excluded.mode, max_age = excluded.max_age, hosts = excluded.hosts,
           fetched_at = excluded.fetched_at, expires_at = excluded.expires_at, tried_at = excluded.tried_at,
           used_at = excluded.used_at
     WHERE sts_policy.fetched_at <= excluded.fetched_at"""

NOTE_STS_TRY: Final = "UPDATE sts_policy SET tried_at = :now WHERE domain = :domain AND tried_at < :now"

NOTE_STS_USE: Final = "UPDATE sts_policy SET used_at = :now WHERE domain = :domain AND used_at < :now"

FORGET_STS: Final = """
    DELETE FROM sts_policy
     WHERE domain IN (SELECT domain FROM sts_policy WHERE expires_at < :before ORDER BY expires_at LIMIT :limit)"""

FIND_RULE: Final = "SELECT domain, demand, created_at, note FROM tls_rule WHERE domain = :domain"

LIST_RULES: Final = "SELECT domain, demand, created_at, note FROM tls_rule ORDER BY domain"

PUT_RULE: Final = """
    INSERT INTO tls_rule (domain, demand, note, created_at) VALUES (:domain, :demand, :note, :created_at)
        ON CONFLICT (domain) DO UPDATE
       SET demand = excluded.demand, note = excluded.note, created_at = excluded.created_at"""

DROP_RULE: Final = "DELETE FROM tls_rule WHERE domain = :domain"

KEEP_POLICY: Final = """
    INSERT INTO tls_policy (digest, found, last_day) VALUES (:digest, :found, :day)
        ON CONFLICT (digest) DO UPDATE SET last_day = excluded.last_day
     WHERE tls_policy.last_day < excluded.last_day"""

ADD_RESULT: Final = """
    INSERT INTO tls_result (day, domain, policy, result, local_ip, host, peer_ip, greeting, detail, sessions)
    VALUES (:day, :domain, :policy, :result, :local_ip, :host, :peer_ip, :greeting, :detail, :sessions)
        ON CONFLICT (day, domain, policy, result, local_ip, host, peer_ip, greeting)
        DO UPDATE SET sessions = tls_result.sessions + excluded.sessions"""

RESULT_DOMAINS: Final = """
    SELECT DISTINCT domain FROM tls_result WHERE day = :day AND domain > :after ORDER BY domain LIMIT :limit"""

RESULTS: Final = """
    SELECT r.day, r.domain, p.found, r.result, r.local_ip, r.host, r.peer_ip, r.greeting, r.detail, r.sessions
      FROM tls_result r JOIN tls_policy p ON p.digest = r.policy
     WHERE r.day = :day AND r.domain = :domain
     ORDER BY r.policy, r.result, r.local_ip, r.host, r.peer_ip, r.greeting LIMIT :limit"""

OLD_RESULTS: Final = """
    SELECT day, domain, policy, result, local_ip, host, peer_ip, greeting
      FROM tls_result WHERE day < :before ORDER BY day LIMIT :limit"""

FORGET_RESULT: Final = """
    DELETE FROM tls_result
     WHERE day = :day AND domain = :domain AND policy = :policy AND result = :result AND local_ip = :local_ip
       AND host = :host AND peer_ip = :peer_ip AND greeting = :greeting"""

FORGET_POLICIES: Final = "DELETE FROM tls_policy WHERE last_day < :before"

_KEY: Final = ("day", "domain", "policy", "result", "local_ip", "host", "peer_ip", "greeting")
_found: Final = msgspec.json.Decoder(PolicyFound)


class SqlTrust:
    """See the port."""

    def __init__(self, session: Session) -> None:
        self._session = session

    async def find_sts_policy(self, domain: str) -> StoredPolicy | None:
        """By the key."""
        row = await self._session.row(FIND_STS, {"domain": domain})
        return _stored_of(row) if row else None

    async def list_stale_sts_policies(
        self, *, tried_before: Instant, used_since: Instant, limit: int
    ) -> list[StoredPolicy]:
        """By the index over the last try."""
        values = {"tried_before": tried_before, "used_since": used_since, "limit": limit}
        return [_stored_of(row) for row in await self._session.rows(STALE_STS, values)]

    async def keep_sts_policy(self, stored: StoredPolicy) -> None:
        """The condition keeps a late answer out."""
        values = {
            "domain": stored.domain, "policy_id": stored.policy_id, "mode": stored.policy.mode.value,
            "max_age": stored.policy.max_age, "hosts": " ".join(stored.policy.mx), "fetched_at": stored.fetched_at,
            "expires_at": stored.expires_at, "tried_at": stored.tried_at, "used_at": stored.used_at,
        }  # fmt: skip
        await self._session.run(KEEP_STS, values)

    async def note_sts_try(self, domain: str, now: Instant) -> None:
        """Nothing for one that is not kept."""
        await self._session.run(NOTE_STS_TRY, {"domain": domain, "now": now})

    async def note_sts_use(self, domain: str, now: Instant) -> None:
        """Nothing for one that is not kept."""
        await self._session.run(NOTE_STS_USE, {"domain": domain, "now": now})

    async def forget_sts_policies(self, *, expired_before: Instant, limit: int) -> int:
        """The longest expired first."""
        return await self._session.run(FORGET_STS, {"before": expired_before, "limit": limit})

    async def find_tls_rule(self, domain: str) -> TlsRule | None:
        """By the key."""
        row = await self._session.row(FIND_RULE, {"domain": domain})
        return _rule_of(row) if row else None

    async def list_tls_rules(self) -> list[TlsRule]:
        """All."""
        return [_rule_of(row) for row in await self._session.rows(LIST_RULES)]

    async def put_tls_rule(self, rule: TlsRule) -> None:
        """One statement."""
        values = {
            "domain": rule.domain, "demand": rule.demand.value, "note": rule.note, "created_at": rule.created_at,
        }  # fmt: skip
        await self._session.run(PUT_RULE, values)

    async def drop_tls_rule(self, domain: str) -> bool:
        """By the key."""
        return bool(await self._session.run(DROP_RULE, {"domain": domain}))

    async def add_tls_results(self, counts: Sequence[TlsCount]) -> None:
        """In the order of the keys, so that two workers cannot wait for each other."""
        days: dict[PolicyFound, int] = {}
        for count in counts:
            days[count.policy] = max(count.day, days.get(count.policy, 0))
        policies = [_policy_values(policy, day) for policy, day in days.items()]
        policies.sort(key=lambda row: str(row["digest"]))
        await self._session.run_many(KEEP_POLICY, policies)
        rows = [_values_of(count) for count in counts]
        rows.sort(key=lambda row: tuple(str(row[column]) for column in _KEY))
        await self._session.run_many(ADD_RESULT, rows)

    async def list_tls_domains(self, day: int, after: str = "", limit: int = 500) -> list[str]:
        """From the key."""
        rows = await self._session.rows(RESULT_DOMAINS, {"day": day, "after": after, "limit": limit})
        return [row[0] for row in rows]

    async def list_tls_results(self, day: int, domain: str, limit: int = 10_000) -> list[TlsCount]:
        """One range of the key."""
        rows = await self._session.rows(RESULTS, {"day": day, "domain": domain, "limit": limit})
        return [_count_of(row) for row in rows]

    async def forget_tls_results(self, *, before_day: int, limit: int) -> int:
        """The oldest first."""
        rows = await self._session.rows(OLD_RESULTS, {"before": before_day, "limit": limit})
        await self._session.run_many(FORGET_RESULT, [dict(zip(_KEY, row, strict=True)) for row in rows])
        if len(rows) < limit:
            await self._session.run(FORGET_POLICIES, {"before": before_day})
        return len(rows)


def _policy_values(policy: PolicyFound, day: int) -> dict[str, str | int]:
    found = msgspec.json.encode(policy)
    return {"digest": hashlib.sha256(found).hexdigest(), "found": found.decode(), "day": day}


def _values_of(count: TlsCount) -> dict[str, str | int]:
    return {
        "day": count.day, "domain": count.domain, "policy": _policy_values(count.policy, count.day)["digest"],
        "result": count.result.value if count.result else "", "local_ip": count.local_ip, "host": count.host,
        "peer_ip": count.peer_ip, "greeting": count.greeting, "detail": count.detail, "sessions": count.sessions,
    }  # fmt: skip


def _count_of(row: Row) -> TlsCount:
    day, domain, found, result, local_ip, host, peer_ip, greeting, detail, sessions = row
    return TlsCount(
        day=day, domain=domain, policy=_found.decode(found), result=ResultType(result) if result else None,
        local_ip=local_ip, host=host, peer_ip=peer_ip, greeting=greeting, detail=detail, sessions=sessions,
    )  # fmt: skip


def _stored_of(row: Row) -> StoredPolicy:
    domain, policy_id, mode, max_age, hosts, fetched_at, tried_at, used_at = row
    policy = Policy(Mode(mode), max_age, tuple(hosts.split()))
    return StoredPolicy(domain, policy_id, policy, fetched_at, tried_at, used_at)


def _rule_of(row: Row) -> TlsRule:
    domain, demand, created_at, note = row
    return TlsRule(domain, TlsDemand(demand), created_at, note)
