"""Delivery: hands a letter to the accounts behind its recipients, durable and filed before anyone says 250."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from mailstead.ground.formats.received import count_hops, render_trace
from mailstead.ground.model.envelope import Client, Envelope
from mailstead.ground.model.errors import Busy, NoSpace, NotFound
from mailstead.ground.model.folder import INBOX
from mailstead.ground.model.ids import AccountId, Instant, MessageId, SpoolId
from mailstead.ground.model.outcome import Deferred, Delivered, Failed, Outcome
from mailstead.ground.model.verdict import Reason
from mailstead.net.clock import Clock
from mailstead.net.ids import IdSource
from mailstead.services.delivery.filing import Filing, left_out
from mailstead.services.delivery.plan import Accepted, Copy, Fate, Plan
from mailstead.services.delivery.story import tell
from mailstead.services.folders.incoming import Letter
from mailstead.store.port import ReadTx, Store
from mailstead.telemetry import Event, emit

HOPS_MAX: Final = 100
"""RFC 5321 §6.3: a hundred Received fields are a loop."""
GONE_RETRIES: Final = 3


@dataclass(frozen=True, slots=True)
class Receipt:
    """The number that the reply, the Received field and the log share, and what became of each recipient."""

    id: int
    outcomes: tuple[Outcome, ...]


class Delivery:
    """Files letters into accounts of this store."""

    def __init__(self, store: Store, clock: Clock, ids: IdSource, *, hostname: str) -> None:
        self._store = store
        self._clock = clock
        self._ids = ids
        self._hostname = hostname

    async def deliver(
        self,
        letter: Letter,
        envelope: Envelope,
        accepted: Sequence[Accepted],
        client: Client,
        *,
        each_is_told: bool,
    ) -> Receipt:
        """One unit for all recipients. `each_is_told`: the reply has a line for each recipient, as in LMTP."""
        began = self._clock.monotonic()
        number = self._ids.next()
        if count_hops(letter.rendered.header) > HOPS_MAX:
            return Receipt(number, (Failed(Reason.TOO_MANY_HOPS),) * len(accepted))
        plan = self._plan(number, letter, envelope, tuple(accepted), client, each_is_told=each_is_told)
        try:
            fates = await self._file(plan)
        except NoSpace:
            return Receipt(number, (Deferred(Reason.NO_SPACE),) * len(accepted))
        except Busy:
            return Receipt(number, (Deferred(Reason.BUSY),) * len(accepted))
        _tell(plan, fates, self._clock.monotonic() - began)
        return Receipt(number, _outcomes(plan, fates))

    def _plan(
        self,
        number: int,
        letter: Letter,
        envelope: Envelope,
        accepted: tuple[Accepted, ...],
        client: Client,
        *,
        each_is_told: bool,
    ) -> Plan:
        now = self._clock.now()
        return Plan(
            id=number,
            letter=letter,
            envelope=envelope,
            client=client,
            accepted=accepted,
            copies=self._copies(number, envelope, accepted, client),
            prefix=self._prefix(number, envelope, accepted, client, now),
            bounce_ids=tuple(SpoolId(self._ids.next()) for _ in accepted),
            now=now,
            keep_quota=each_is_told,
            may_refuse_each=each_is_told,
        )

    def _copies(
        self, number: int, envelope: Envelope, accepted: tuple[Accepted, ...], client: Client
    ) -> tuple[Copy, ...]:
        """One for each account, though several recipients may mean it."""
        copies: dict[AccountId, Copy] = {}
        for one in accepted:
            for target in one.targets:
                account = target.account.id
                if account not in copies:
                    story = tell(client, envelope, one.recipient, transaction=number, folder=INBOX, tag=target.tag)
                    copies[account] = Copy(account_id=account, message_id=MessageId(self._ids.next()), story=story)
        return tuple(copies[account] for account in sorted(copies))

    def _prefix(
        self, number: int, envelope: Envelope, accepted: tuple[Accepted, ...], client: Client, now: Instant
    ) -> bytes:
        return render_trace(
            client,
            by=self._hostname,
            id=str(number),
            at=now,
            recipient=accepted[0].recipient.address if len(accepted) == 1 else None,
            sender=envelope.sender,
            return_path=True,
        )

    async def _file(self, plan: Plan) -> Mapping[AccountId, Fate]:
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


def _outcomes(plan: Plan, fates: Mapping[AccountId, Fate]) -> tuple[Outcome, ...]:
    """Of each recipient. Where one reply speaks for all, what could not be filed is told by a bounce instead."""
    is_any_filed = Fate.FILED in fates.values()
    outcomes: list[Outcome] = []
    for accepted in plan.accepted:
        reached = {fates[target.account.id] for target in accepted.targets}
        if Fate.FILED in reached or (is_any_filed and not plan.may_refuse_each):
            outcomes.append(Delivered())
        elif Fate.FULL in reached:
            outcomes.append(Deferred(Reason.MAILBOX_FULL))
        else:
            outcomes.append(Failed(Reason.USER_UNKNOWN))
    return tuple(outcomes)


def _tell(plan: Plan, fates: Mapping[AccountId, Fate], elapsed: float) -> None:
    sender = str(plan.envelope.sender or "")
    for copy in plan.copies:
        if fates[copy.account_id] is Fate.FILED:
            emit(
                Event.DELIVERY_MESSAGE_FILED,
                session=int(plan.client.session or 0),
                queue_id=plan.id,
                account=copy.account_id,
                sender=sender,
                folder=INBOX,
                message=copy.message_id,
                size=plan.size,
                message_id=plan.letter.rendered.message_id,
                elapsed=elapsed,
            )
    if Fate.FILED not in fates.values():
        return
    for accepted in plan.accepted:
        reason = left_out(accepted, fates, may_refuse=plan.may_refuse_each)
        if reason is not None:
            emit(
                Event.DELIVERY_MESSAGE_BOUNCED,
                queue_id=plan.id,
                sender=sender,
                recipient=str(accepted.recipient.address),
                reason=reason.value,
            )
