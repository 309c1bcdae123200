"""What failed logins cost: time, and past a limit the right to try. Counted over all workers for about 15 minutes.

An address that failed too often is not heard any more. An account that too many fail at gives each strange address very
few tries, so a crowd of them gets nowhere, and the owner at a new place is still let in. Nobody can lock an owner out:
who has logged in well from an address (see `places`) keeps a way of their own from there, whatever others do.
"""

from dataclasses import dataclass
from ipaddress import ip_address
from typing import Final

from mailstead.net.clock import Clock
from mailstead.net.origin import limit_key
from mailstead.net.tally import WindowTally

FAILED_WINDOW: Final = 900
FAMILIAR_TIMES: Final = 10
"""A familiar address has so many times the tries of a strange one, for this one name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GuardRules:
    """Failures in the window; 0: no limit. `delay` in seconds."""

    per_ip: int = 30
    per_account: int = 100
    tries_under_attack: int = 3
    delay: float = 1.5
    delay_times_max: int = 4


@dataclass(frozen=True, slots=True)
class Shut:
    """Why somebody is not heard, as one word, and the limit."""

    reason: str
    limit: int


class Guard:
    """Counts by address (a whole /64 of IPv6) and by login; `name` is folded and may be nobody's."""

    def __init__(self, failed: WindowTally, clock: Clock, rules: GuardRules) -> None:
        self._failed = failed
        self._clock = clock
        self._rules = rules

    def objection(self, ip: str, name: str) -> Shut | None:
        """Whether this address may try this name now, if it is strange to it."""
        rules, now, place = self._rules, self._clock.monotonic(), limit_key(ip)
        if rules.per_ip and not _is_local(ip) and self._failed.estimate(place, now) >= rules.per_ip:
            return Shut("address", rules.per_ip)
        if self._is_attacked(name, now) and self._failed.estimate(_pair(place, name), now) >= rules.tries_under_attack:
            return Shut("account", rules.tries_under_attack)
        return None

    def familiar_objection(self, ip: str, name: str) -> Shut | None:
        """The same, if this name has logged in well from there."""
        limit = self._rules.per_ip * FAMILIAR_TIMES
        tried = self._failed.estimate(_pair(limit_key(ip), name), self._clock.monotonic())
        return Shut("familiar", limit) if limit and tried >= limit else None

    def count_failure(self, ip: str, name: str) -> float:
        """One more; the seconds that its answer has to wait."""
        rules, now, place = self._rules, self._clock.monotonic(), limit_key(ip)
        failures = self._failed.add(place, now)
        if failures > rules.per_ip > 0 or self._is_attacked(name, now):  # the sketch stays sparse: only if it matters
            self._failed.add(_pair(place, name), now)
        self._failed.add(_account(name), now)
        return rules.delay * min(1 + failures // 5, rules.delay_times_max)

    @property
    def delay(self) -> float:
        """What being turned away unheard takes."""
        return self._rules.delay

    def _is_attacked(self, name: str, now: float) -> bool:
        limit = self._rules.per_account
        return bool(limit) and self._failed.estimate(_account(name), now) >= limit


def _pair(place: str, name: str) -> str:
    return f"{place} {name}"


def _account(name: str) -> str:
    return f"login {name}"


def _is_local(ip: str) -> bool:
    """A web client on this machine brings everybody's logins from one address."""
    return ip_address(ip).is_loopback
