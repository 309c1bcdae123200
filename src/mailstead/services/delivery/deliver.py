"""Delivery: hands a letter to the accounts behind its recipients, durable and filed before anyone says 250."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Final

from mailstead.ground.formats.received import count_hops, render_delivered_to, render_received, render_return_path
from mailstead.ground.model.envelope import Client, Envelope
from mailstead.ground.model.errors import Busy, NoSpace, NotFound
from mailstead.ground.model.folder import INBOX, SpecialUse
from mailstead.ground.model.ids import AccountId, Instant, MessageId, SpoolId
from mailstead.ground.model.outcome import Deferred, Delivered, Failed, Outcome
from mailstead.ground.model.spool import Origin
from mailstead.ground.model.verdict import Reason
from mailstead.net.clock import Clock
from mailstead.net.ids import IdSource
from mailstead.services.delivery.custody import DOMAIN_SIZE, Cap, Keeping, is_open, outcome_of
from mailstead.services.delivery.filing import Filed, Filing
from mailstead.services.delivery.onward import await_notice, sort_onward
from mailstead.services.delivery.plan import Accepted, Copy, Fate, Manner, Plan, SentCopy
from mailstead.services.delivery.story import tell
from mailstead.services.delivery.telling import tell_filed
from mailstead.services.folders.incoming import Letter
from mailstead.services.policy.concealing import Concealing, Hide
from mailstead.services.spool.outbox import Bundle
from mailstead.services.spool.spooling import Sending, Spooling
from mailstead.store.port import ReadTx, Store

HOPS_MAX: Final = 100
"""RFC 5321 §6.3: a hundred Received fields are a loop."""
GONE_RETRIES: Final = 3
JUNK: Final = SpecialUse.JUNK.value


@dataclass(frozen=True, slots=True)
class Receipt:
    """The number that the reply, the Received field and the log share, and what became of each recipient. `is_noted`:
    those who refused it are among the refusals already, with their reasons."""

    id: int
    outcomes: tuple[Outcome, ...]
    is_noted: bool = False


class Delivery:
    """Files letters into accounts of this store."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        ids: IdSource,
        spooling: Spooling,
        *,
        hostname: str,
        quarantine_size: int = DOMAIN_SIZE,
    ) -> None:
        self._cap = Cap(store, quarantine_size)
        self._store = store
        self._clock = clock
        self._ids = ids
        self._spooling = spooling
        self._hostname = hostname
        self._concealing = Concealing(store, clock)

    async def deliver(
        self, letter: Letter, envelope: Envelope, accepted: Sequence[Accepted], client: Client, manner: Manner
    ) -> Receipt:
        """One unit for all recipients."""
        began = self._clock.monotonic()
        number = self._ids.next()
        if count_hops(letter.rendered.header) > HOPS_MAX:
            return Receipt(number, (Failed(Reason.TOO_MANY_HOPS),) * len(accepted))
        judged = await self._cap.admit(accepted, letter.staged.size)
        if manner.prefix is None:  # else whoever kept it so long settles it, and its sender is told then
            judged = await_notice(judged)
        hiders = await self._concealing.hiders(one.recipient.address.domain for one in judged)
        plan = self._plan(number, letter, envelope, judged, client, manner, hiders)
        try:
            filed = await self._file(plan)
        except NoSpace:
            return Receipt(number, (Deferred(Reason.NO_SPACE),) * len(accepted))
        except Busy:
            return Receipt(number, (Deferred(Reason.BUSY),) * len(accepted))
        self._spooling.outbox.take(filed.bundles)
        tell_filed(plan, filed, self._clock.monotonic() - began)
        return Receipt(number, _outcomes(plan, filed.fates))

    def _plan(
        self,
        number: int,
        letter: Letter,
        envelope: Envelope,
        accepted: tuple[Accepted, ...],
        client: Client,
        manner: Manner,
        hiders: Mapping[str, Hide],
    ) -> Plan:
        now = self._clock.now()
        sending, prefix = manner.sending, manner.prefix
        bare = manner.added + self._received(number, accepted, client, now) if prefix is None else prefix
        keeper = sending.account_id if manner.keeps_copy and sending is not None else None
        open_to = tuple(filter(is_open, accepted))
        keeping = Keeping(
            transaction=number, letter=letter, envelope=envelope, client=client, bare=bare, now=now, hiders=hiders
        )
        return Plan(
            id=number,
            letter=letter,
            envelope=envelope,
            client=client,
            accepted=accepted,
            copies=self._copies(number, envelope, open_to, client, bare, hiders),
            prefix=render_return_path(envelope.sender) + bare,
            bundles=self._bundles(number, letter, envelope, open_to, manner, bare, now),
            sent=SentCopy(keeper, MessageId(self._ids.next())) if keeper is not None else None,
            later_ids=tuple(SpoolId(self._ids.next()) for _ in accepted),
            later_prefix=bare,
            terms=self._spooling.terms,
            now=now,
            within=manner.within,
            kept=keeping.keep(accepted, self._ids.next),
            keep_quota=manner.each_is_told,
            may_refuse_each=manner.each_is_told,
        )

    def _bundles(
        self,
        number: int,
        letter: Letter,
        envelope: Envelope,
        accepted: tuple[Accepted, ...],
        manner: Manner,
        prefix: bytes,
        now: Instant,
    ) -> tuple[Bundle, ...]:
        """One for each name that it leaves in; the first shares the number that the reply tells."""
        partings = sort_onward(accepted, envelope, manner.sending, letter.rendered.header)
        numbers = [SpoolId(number), *(SpoolId(self._ids.next()) for _ in partings[1:])]
        return tuple(
            self._spooling.prepare(
                number, letter, envelope, one.onward, _hold(one.sending, manner), now=now,
                prefix=prefix if one.alias is None else render_delivered_to(one.alias) + prefix,
            )
            for number, one in zip(numbers, partings, strict=False)
        )  # fmt: skip

    def _copies(
        self, number: int, envelope: Envelope, accepted: tuple[Accepted, ...], client: Client, bare: bytes,
        hiders: Mapping[str, Hide],
    ) -> tuple[Copy, ...]:  # fmt: skip
        """One for each account, though several recipients may mean it."""
        copies: dict[AccountId, Copy] = {}
        return_path = render_return_path(envelope.sender)
        for one in accepted:
            treatment = one.treatment
            for target in one.targets:
                account = target.account.id
                if account not in copies:
                    story = partial(
                        tell, client, envelope, one.recipient,
                        transaction=number, tag=target.tag, checks=treatment.facts,
                        hide=hiders[one.recipient.address.domain],
                    )  # fmt: skip
                    copies[account] = Copy(
                        account_id=account,
                        message_id=MessageId(self._ids.next()),
                        story=story(folder=INBOX),
                        prefix=return_path + treatment.added + bare,
                        marks=treatment.marks,
                        aside_story=story(folder=JUNK) if treatment.is_aside else b"",
                    )
        return tuple(copies[account] for account in sorted(copies))

    def _received(self, number: int, accepted: tuple[Accepted, ...], client: Client, now: Instant) -> bytes:
        return render_received(
            client,
            by=self._hostname,
            id=str(number),
            at=now,
            recipient=accepted[0].recipient.address if len(accepted) == 1 else None,
        )

    async def _file(self, plan: Plan) -> Filed:
        """Accounts that went between RCPT and now are left out of the next try."""
        gone: frozenset[AccountId] = frozenset()
        size = plan.letter.staged.size
        for _ in range(GONE_RETRIES):
            try:
                return await self._store.write(Filing(plan, gone), size=size, incoming=True, patient=True)
            except NotFound:
                gone = await self._store.read(_FindGone(plan))
        raise Busy("accounts keep vanishing")


@dataclass(frozen=True, slots=True)
class _FindGone:
    """Reads which accounts of a plan are no more."""

    plan: Plan

    async def __call__(self, tx: ReadTx) -> frozenset[AccountId]:
        gone = set()
        for copy in self.plan.copies:
            try:
                await tx.modseq(copy.account_id)
            except NotFound:
                gone.add(copy.account_id)
        return frozenset(gone)


def _hold(sending: Sending, manner: Manner) -> Sending:
    return replace(sending, held=manner.held) if sending.origin is Origin.UNJUDGED else sending


def _outcomes(plan: Plan, fates: Mapping[AccountId, Fate]) -> tuple[Outcome, ...]:
    """Of each recipient. Where one reply speaks for all, what could not be filed waits in the spool."""
    is_any_taken = Fate.FILED in fates.values() or bool(plan.bundles) or bool(plan.kept)
    outcomes: list[Outcome] = []
    for accepted in plan.accepted:
        if accepted.treatment.custody is not None:
            outcomes.append(outcome_of(accepted.treatment.custody))
            continue
        reached = {fates[target.account.id] for target in accepted.targets}
        if Fate.FILED in reached or accepted.abroad or (is_any_taken and not plan.may_refuse_each):
            outcomes.append(Delivered())
        elif Fate.FULL in reached:
            outcomes.append(Deferred(Reason.MAILBOX_FULL))
        else:
            outcomes.append(Failed(Reason.USER_UNKNOWN))
    return tuple(outcomes)
