"""Caps: how many recipients elsewhere, and how many it never wrote to before, an account and a domain may write to.

They are asked at RCPT, and charged in the unit that spools: so no span ever holds more than the cap, however many
sessions ask at once. What operators set is read from the store each time, so a change holds at once.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from mailstead.ground.model.address import Address
from mailstead.ground.model.directory import Account
from mailstead.ground.model.errors import LimitReached
from mailstead.ground.model.guards import Counted, Limits, Scope, Subject
from mailstead.ground.model.ids import Instant
from mailstead.ground.model.rate import Rate
from mailstead.services.guards.words import span_words
from mailstead.store.port import Tx
from mailstead.store.port.guards import GuardReads

ALL_ACCOUNTS: Final = Subject(Scope.ALL, "accounts")
ALL_DOMAINS: Final = Subject(Scope.ALL, "domains")
_NO_LIMITS: Final = Limits((), ())


@dataclass(frozen=True, slots=True)
class Caps:
    """As configured; what operators set in the store goes before it."""

    account: Limits = _NO_LIMITS
    domain: Limits = _NO_LIMITS


@dataclass(frozen=True, slots=True)
class Cap:
    """One rate that holds for a subject."""

    subject: Subject
    counted: Counted
    rate: Rate

    @property
    def order(self) -> tuple[str, ...]:
        """In which windows are locked."""
        return (*self.subject.order, self.counted.value, self.rate.period.value)


@dataclass(frozen=True, slots=True)
class Over:
    """A cap that is met. `wait` is None if there never will be room for so many."""

    cap: Cap
    wait: int | None

    @property
    def words(self) -> str:
        """For the person who sends."""
        what = "new recipients" if self.cap.counted is Counted.NEWCOMERS else "recipients elsewhere"
        limit = f"{self.cap.rate.count} {what} in one {self.cap.rate.period.value} for {self.cap.subject}"
        if self.wait is None:
            return f"sending limit reached: at most {limit}"
        return f"sending limit reached, try again in {span_words(self.wait)}: at most {limit}"


class SendingLimit(LimitReached):
    """A letter has more recipients than may be written to now: none of it is spooled."""

    def __init__(self, over: Over) -> None:
        super().__init__(over.words)
        self.over = over


def account_subject(account: Account) -> Subject:
    """By the key of its address."""
    return Subject(Scope.ACCOUNT, account.address.key)


async def find_caps(guards: GuardReads, account: Account, caps: Caps) -> list[Cap]:
    """Those in force for an account and its domain, in the order in which their windows are locked."""
    domain = Subject(Scope.DOMAIN, account.address.domain)
    found: list[Cap] = []
    for subject, everybody, configured in (
        (account_subject(account), ALL_ACCOUNTS, caps.account),
        (domain, ALL_DOMAINS, caps.domain),
    ):
        own = await guards.read_limits(subject)
        wider = await guards.read_limits(everybody)
        recipients = _first(own.recipients, wider.recipients, configured.recipients)
        newcomers = _first(own.newcomers, wider.newcomers, configured.newcomers)
        found += [Cap(subject, Counted.RECIPIENTS, rate) for rate in recipients]
        found += [Cap(subject, Counted.NEWCOMERS, rate) for rate in newcomers]
    return sorted(found, key=lambda cap: cap.order)


async def look(
    guards: GuardReads, caps: Sequence[Cap], account: Account, addresses: Sequence[Address], now: Instant
) -> Over | None:
    """Whether so many may be written to now: the cap that has to be waited for longest, or None. Counts nothing."""
    strangers = await _strangers(guards, caps, account, addresses)
    met: list[Over] = []
    for cap in caps:
        count = strangers if cap.counted is Counted.NEWCOMERS else len(addresses)
        window = await guards.read_window(cap.subject, cap.counted, cap.rate.period)
        wait = window.wait(cap.rate, now, count) if count else 0
        if wait != 0:
            met.append(Over(cap, wait))
    return max(met, key=_length, default=None)


async def charge(tx: Tx, caps: Caps, account: Account, addresses: Sequence[Address], now: Instant) -> None:
    """In the unit that spools: count recipients elsewhere, each given once; SendingLimit, and then nothing of the
    unit is done."""
    in_force = await find_caps(tx.guards, account, caps)
    strangers = await _strangers(tx.guards, in_force, account, addresses)
    for cap in in_force:
        count = strangers if cap.counted is Counted.NEWCOMERS else len(addresses)
        window = await tx.guards.hold_window(cap.subject, cap.counted, cap.rate.period, now)
        wait = window.wait(cap.rate, now, count) if count else 0
        if wait != 0:
            raise SendingLimit(Over(cap, wait))
        await tx.guards.write_window(cap.subject, cap.counted, cap.rate.period, window.add(cap.rate.period, now, count))
    await tx.guards.note_acquaintances(account.id, addresses, now)


async def _strangers(guards: GuardReads, caps: Sequence[Cap], account: Account, addresses: Sequence[Address]) -> int:
    if not any(cap.counted is Counted.NEWCOMERS for cap in caps):
        return 0
    return await guards.count_strangers(account.id, addresses)


def _first(*said: tuple[Rate, ...] | None) -> tuple[Rate, ...]:
    return next((rates for rates in said if rates is not None), ())


def _length(over: Over) -> float:
    return float("inf") if over.wait is None else over.wait
