"""What is known of the lines to other domains: MTA-STS policies, the operator's rules, how sessions went."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from mailstead.ground.formats.mtasts import Policy
from mailstead.ground.formats.tlsrpt import PolicyFound, ResultType
from mailstead.ground.model.ids import Instant
from mailstead.ground.model.tls_rule import TlsRule

DAY_MS: Final = 86_400_000


@dataclass(frozen=True, slots=True)
class StoredPolicy:
    """A policy as it was fetched."""

    domain: str
    policy_id: str
    policy: Policy
    fetched_at: Instant
    tried_at: Instant  # when it was last looked for, well or not
    used_at: Instant

    @property
    def expires_at(self) -> Instant:
        """From then on it binds nobody."""
        return Instant(self.fetched_at + self.policy.max_age * 1000)


@dataclass(frozen=True, slots=True, kw_only=True)
class TlsCount:
    """Sessions of one day that ended in the same way; `result` None: well."""

    day: int  # since 1970-01-01, UTC
    domain: str
    policy: PolicyFound
    result: ResultType | None = None
    local_ip: str = ""
    host: str = ""
    peer_ip: str = ""
    greeting: str = ""
    detail: str = ""
    sessions: int = 1


class TrustReads(Protocol):
    """By domain, which is canonical."""

    async def find_sts_policy(self, domain: str) -> StoredPolicy | None:
        """Also one that has expired."""

    async def list_stale_sts_policies(
        self, *, tried_before: Instant, used_since: Instant, limit: int
    ) -> list[StoredPolicy]:
        """Those to look for again, the longest untried first."""

    async def find_tls_rule(self, domain: str) -> TlsRule | None: ...

    async def list_tls_rules(self) -> list[TlsRule]:
        """By domain; an operator writes few."""

    async def list_tls_domains(self, day: int, after: str = "", limit: int = 500) -> list[str]:
        """Domains past `after` with results of a day, in order."""

    async def list_tls_results(self, day: int, domain: str, limit: int = 10_000) -> list[TlsCount]:
        """Of one domain and day, by policy."""


class TrustWrites(TrustReads, Protocol):
    """No account is touched."""

    async def keep_sts_policy(self, stored: StoredPolicy) -> None:
        """In place of an older one; an answer that came late does not replace a newer."""

    async def note_sts_try(self, domain: str, now: Instant) -> None:
        """It was looked for and not found anew; the one at hand stays."""

    async def note_sts_use(self, domain: str, now: Instant) -> None:
        """A letter went by it."""

    async def forget_sts_policies(self, *, expired_before: Instant, limit: int) -> int:
        """How many went."""

    async def put_tls_rule(self, rule: TlsRule) -> None:
        """Set or replace."""

    async def drop_tls_rule(self, domain: str) -> bool:
        """False if there was none."""

    async def add_tls_results(self, counts: Sequence[TlsCount]) -> None:
        """Add sessions to those counted; at most 500 rows."""

    async def forget_tls_results(self, *, before_day: int, limit: int) -> int:
        """How many rows went; policies that no row names go with the last."""
