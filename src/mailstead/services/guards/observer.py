"""What bounces teach: counted in the unit that settles a letter, they may pause somebody or suppress a recipient."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from mailstead.ground.model.attempt import Ending, Result
from mailstead.ground.model.errors import NotFound
from mailstead.ground.model.guards import Breaker, Counted, Scope, Subject, Suppression
from mailstead.ground.model.ids import AccountId, Instant
from mailstead.ground.model.rate import Period
from mailstead.ground.model.spool import HERE, Origin, SpooledLetter, SpooledRecipient
from mailstead.services.guards.breaker import BreakerRules, Tally, open_breaker, reason_to_open
from mailstead.services.guards.suppression import SuppressionRules, is_block, is_bounce, suppress
from mailstead.store.port import ReadTx, Tx
from mailstead.telemetry import Event, emit

SENT: Final = frozenset({Origin.SUBMITTED, Origin.RELAYED})
"""What somebody of ours wrote, and so may be held to account for."""
Seen = Sequence[tuple[SpooledRecipient, Result]]
_BREAKING: Final = (Counted.TRIED, Counted.BOUNCED, Counted.COMPLAINED, Counted.BLOCKED)


async def account_name(tx: ReadTx | Tx, account: AccountId | None) -> str:
    """The key of its address; empty if there is no such account any longer."""
    if account is None:
        return ""
    try:
        return (await tx.directory.get_account(account)).address.key
    except NotFound:
        return ""


async def subjects_of(tx: ReadTx | Tx, letter: SpooledLetter, destination: str) -> list[Subject]:
    """Who has a part in it, in the order in which their windows are locked."""
    names = [(Scope.DESTINATION, destination)]
    if letter.origin in SENT:
        names += [(Scope.ACCOUNT, await account_name(tx, letter.account_id)), (Scope.DOMAIN, letter.domain)]
    return sorted((Subject(scope, name) for scope, name in names if name), key=lambda subject: subject.order)


@dataclass(frozen=True, slots=True)
class GuardObserver:
    """Steps of units; holds nothing."""

    breaker: BreakerRules
    suppression: SuppressionRules

    async def within(self, tx: Tx, letter: SpooledLetter, results: Seen, now: Instant) -> Sequence[Callable[[], None]]:
        """Count what came to an end, and see to it that nobody goes on as before if it went badly."""
        if not results or results[0][0].destination in HERE:
            return ()
        tried = sum(is_bounce(result) or result.ending in _TAKEN for _, result in results)
        bounced = sum(is_bounce(result) and not is_block(result) for _, result in results)
        blocked = int(any(is_block(result) for _, result in results))
        tells: list[Callable[[], None]] = []
        for subject in await subjects_of(tx, letter, results[0][0].destination):
            if subject.scope in self.breaker.scopes and (tried or blocked):
                counts = (tried, bounced, blocked if subject.scope is Scope.DESTINATION else 0)
                tells += await self._count(tx, subject, counts, now)
        return [*tells, *await self._suppress(tx, letter, results, now)]

    async def note_complaint(self, tx: Tx, subject: Subject, now: Instant) -> Sequence[Callable[[], None]]:
        """Somebody called a letter of this account or domain spam."""
        if subject.scope not in self.breaker.scopes:
            return ()
        complained = await _add(tx, subject, Counted.COMPLAINED, Period.DAY, 1, now)
        tried = (await tx.guards.read_window(subject, Counted.TRIED, Period.DAY)).total(Period.DAY, now)
        return await self._judge(tx, subject, Tally(complained=complained, tried_today=tried), now)

    async def _count(
        self, tx: Tx, subject: Subject, counts: tuple[int, int, int], now: Instant
    ) -> Sequence[Callable[[], None]]:
        tried, bounced, blocked = counts
        all_blocked = await _add(tx, subject, Counted.BLOCKED, Period.HOUR, blocked, now) if blocked else 0
        all_bounced = await _add(tx, subject, Counted.BOUNCED, Period.HOUR, bounced, now) if bounced else 0
        if subject.scope is not Scope.DESTINATION:
            await _add(tx, subject, Counted.TRIED, Period.DAY, tried, now)
        all_tried = await _add(tx, subject, Counted.TRIED, Period.HOUR, tried, now)
        if not bounced and not blocked:
            return ()  # it cannot have become worse
        return await self._judge(tx, subject, Tally(tried=all_tried, bounced=all_bounced, blocked=all_blocked), now)

    async def _judge(self, tx: Tx, subject: Subject, tally: Tally, now: Instant) -> Sequence[Callable[[], None]]:
        reason = reason_to_open(tally, self.breaker)
        before = next(iter(await tx.guards.read_breakers([subject])), None) if reason else None
        if not reason or (before is not None and before.is_open(now)):
            return ()
        opened = open_breaker(before, subject, reason, now)
        await tx.guards.write_breaker(opened)
        await tx.guards.clear_windows(subject, _BREAKING)  # what it paused for is not held against it again
        return [_telling_of_pause(opened)]

    async def _suppress(
        self, tx: Tx, letter: SpooledLetter, results: Seen, now: Instant
    ) -> Sequence[Callable[[], None]]:
        if letter.origin not in SENT:
            return ()
        tells = []
        for recipient, result in results:
            suppressed = suppress(letter, recipient, result, self.suppression, now)
            if suppressed is not None:
                await tx.guards.write_suppression(suppressed)
                tells.append(_telling_of_suppression(letter, suppressed))
        return tells


_TAKEN: Final = (Ending.DELIVERED, Ending.RELAYED)


async def _add(tx: Tx, subject: Subject, counted: Counted, period: Period, count: int, now: Instant) -> int:
    """Gives the new total."""
    window = (await tx.guards.hold_window(subject, counted, period, now)).add(period, now, count)
    await tx.guards.write_window(subject, counted, period, window)
    return window.total(period, now)


def _telling_of_pause(breaker: Breaker) -> Callable[[], None]:
    def tell() -> None:
        scope, name = breaker.subject.scope, breaker.subject.name
        emit(
            Event.GUARD_BREAKER_OPENED, reason=scope.value, domain=name.rpartition("@")[2],
            address=name if scope is Scope.ACCOUNT else "", detail=breaker.reason,
            pause=(breaker.until - breaker.opened_at) / 1000, attempts=breaker.strikes,
        )  # fmt: skip

    return tell


def _telling_of_suppression(letter: SpooledLetter, suppressed: Suppression) -> Callable[[], None]:
    def tell() -> None:
        emit(
            Event.GUARD_RECIPIENT_SUPPRESSED, queue_id=letter.id, domain=suppressed.domain,
            recipient=str(suppressed.address), detail=suppressed.reason,
        )  # fmt: skip

    return tell
