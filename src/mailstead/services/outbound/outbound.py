"""From a parcel to an attempt: hosts are tried in their order until one has spoken about the letter.

What is heard about one recipient (a reply to RCPT, to DATA, to the end) is final for this attempt, also where it is
only for now: another host of the same domain would most likely say the same, and greylisting counts tries. What is
about the host (no connection, a greeting or a MAIL refused for now, 421, a line that breaks before the end of the
content) sends the rest to the next host. After the end of the content nobody else is tried: they may have it.
"""

from contextlib import aclosing
from dataclasses import dataclass
from random import Random

from mailstead.ground.model.attempt import Attempt, Ending, Health
from mailstead.net.clock import Clock
from mailstead.net.dns import Resolver
from mailstead.net.sweep import Sweep
from mailstead.net.tls import ClientContexts
from mailstead.services.outbound.approach import Approach
from mailstead.services.outbound.asking import render_for, words_for
from mailstead.services.outbound.opening import Spot, TlsSetback
from mailstead.services.outbound.parcel import Parcel
from mailstead.services.outbound.pool import Care, Destination, NextHop, Pool
from mailstead.services.outbound.settings import OutboundSettings
from mailstead.services.outbound.spots import Scout
from mailstead.services.outbound.story import Ledger, Setback, Story, Unfit
from mailstead.services.outbound.talk import Talk
from mailstead.services.outbound.tls_policy import Trust
from mailstead.services.outbound.transaction import Transaction
from mailstead.telemetry import Event, emit, incident


@dataclass(frozen=True, slots=True)
class _Run:
    """One attempt under way."""

    parcel: Parcel
    hop: NextHop
    story: Story
    ledger: Ledger
    scout: Scout

    def note(self, setback: Setback) -> None:
        """One way less. To REQUIRETLS a line without trust is a failure for good (RFC 8689 §4.2.1)."""
        if self.hop.care is Care.REQUIRED and isinstance(setback, TlsSetback):
            setback = Setback("5.7.10", setback.words, setback.host)
        self.scout.setbacks.append(setback)

    @property
    def verdict(self) -> Setback:
        """Of all setbacks: as long as one is only for now, nothing is for good."""
        setbacks = self.scout.setbacks
        for_now = [setback for setback in setbacks if not setback.is_permanent]
        return (for_now or setbacks or [Setback("4.4.1", "there was no host to try")])[-1]

    @property
    def is_busy(self) -> bool:
        """True if it asked for fewer, and nobody took the letter all the same."""
        return not self.ledger.is_heard and any(setback.is_busy for setback in self.scout.setbacks)


class Outbound:
    """Mail to other servers. `random` shuffles equals, picks proxies and makes nonces: a system one."""

    def __init__(
        self,
        *,
        resolver: Resolver,
        clock: Clock,
        settings: OutboundSettings,
        trust: Trust,
        random: Random,
        contexts: ClientContexts,
        sweep: Sweep,
    ) -> None:
        self._clock = clock
        self._settings = settings
        self._pool = Pool(settings)
        self.approach = Approach(
            resolver=resolver, clock=clock, settings=settings, trust=trust, random=random, contexts=contexts,
            sweep=sweep,
        )  # fmt: skip
        self._opener = self.approach.opener()

    async def attempt(self, parcel: Parcel) -> Attempt:
        """Try once; every recipient has a result. Raises nothing but the caller's cancellation."""
        began_at, began = self._clock.now(), self._clock.monotonic()
        run = self._begin(parcel)
        try:
            await self._carry(run)
        except Unfit as unfit:
            run.ledger.settle(run.ledger.waiting, Ending.FAILED, unfit.status, unfit.why)
        except Setback as setback:
            run.note(setback)
        except Exception as error:  # noqa: BLE001 - a fault of ours loses no mail
            name = incident(error, subsystem="outbound", session=parcel.id)
            run.note(Setback("4.3.0", f"a fault of ours (incident {name})"))
        health, why = _health(run)
        if run.ledger.waiting:
            run.ledger.settle_rest(run.verdict)
        attempt = Attempt(
            began_at=began_at,
            ended_at=self._clock.now(),
            results=run.ledger.results(),
            steps=run.story.steps(),
            health=health,
            why=why,
        )
        _tell(parcel, attempt, self._clock.monotonic() - began)
        return attempt

    async def close(self) -> None:
        """No more attempts; idle connections take leave. Those under way are their callers' to end."""
        self._pool.close()

    def _begin(self, parcel: Parcel) -> _Run:
        story = Story(self._clock)
        scout = self.approach.scout(story)
        destination = Destination(parcel.domain if parcel.route.is_direct else "", parcel.route)
        return _Run(parcel, NextHop(destination, _care_of(parcel)), story, Ledger(parcel.recipients), scout)

    async def _carry(self, run: _Run) -> None:
        by = run.parcel.wishes.by
        if by is not None and not by.may_be_late and by.deadline <= self._clock.now():  # RFC 2852 §4.1.4
            raise Unfit("5.4.7", "the time by which it was to be delivered has passed")
        await self._pool.enter(run.hop.destination)
        try:
            await self._try_all(run)
        finally:
            self._pool.leave(run.hop.destination, went_well=run.ledger.is_heard, is_busy=run.is_busy)

    async def _try_all(self, run: _Run) -> None:
        talk = self._pool.take_idle(run.hop)
        if talk is not None:
            talk.story = run.story
            run.story.tell("reuse", host=talk.host, uses=talk.uses)
            try:
                await self._hand_over(run, talk)
            except Setback:  # it may have gone stale while it lay idle: that tells nothing of the host
                run.story.tell("stale", host=talk.host)
        if not run.ledger.waiting:
            return
        async with aclosing(run.scout.spots(run.parcel.domain, run.parcel.route, run.hop.care)) as spots:
            async for spot in spots:
                try:
                    await self._visit(run, spot)
                except Setback as setback:
                    run.note(setback)
                if not run.ledger.waiting:
                    return

    async def _visit(self, run: _Run, spot: Spot) -> None:
        """One address; again if it takes fewer transactions in one session than are needed (RFC 9422 §4.1)."""
        while run.ledger.waiting:
            await self._hand_over(run, await self._opener.open(spot, run.story))

    async def _hand_over(self, run: _Run, talk: Talk) -> None:
        """As many transactions as it takes, or as this connection bears. Then it is idle, or over."""
        try:
            while (waiting := run.ledger.waiting) and not self._pool.is_spent(talk):
                rendition = await render_for(talk, run.parcel)
                words = words_for(talk, run.parcel, rendition, self._clock.now())
                most = min(self._settings.max_recipients, talk.capabilities.rcpt_max or self._settings.max_recipients)
                timeouts = self._settings.timeouts
                await Transaction(talk, run.parcel, rendition, words, waiting[:most], run.ledger, timeouts).run()
        except Unfit:
            self._pool.keep(run.hop, talk)
            raise
        except Setback:
            talk.quit()
            raise
        except BaseException:
            talk.abort()
            raise
        self._pool.keep(run.hop, talk)


def _care_of(parcel: Parcel) -> Care:
    if parcel.wishes.require_tls and parcel.sender is not None:  # RFC 8689 §4.2.1: a bounce is not held to it
        return Care.REQUIRED
    return Care.OPTIONAL if parcel.is_tls_optional else Care.PLAIN


def _health(run: _Run) -> tuple[Health, str]:
    """Of the destination; what cannot be delivered for reasons of its own tells nothing against it."""
    if run.is_busy:
        return Health.BUSY, run.verdict.words
    if run.ledger.is_heard or not run.ledger.waiting or run.verdict.is_permanent:
        return Health.GOOD, ""
    return Health.DEAD, run.verdict.words


def _tell(parcel: Parcel, attempt: Attempt, elapsed: float) -> None:
    endings = {result.ending for result in attempt.results}
    emit(
        Event.OUTBOUND_ATTEMPT_DONE,
        queue_id=parcel.id,
        domain=parcel.domain,
        sender=str(parcel.sender or ""),
        recipient_count=len(attempt.results),
        count=sum(result.ending in (Ending.DELIVERED, Ending.RELAYED) for result in attempt.results),
        result=endings.pop().value if len(endings) == 1 else "mixed",
        elapsed=elapsed,
    )
