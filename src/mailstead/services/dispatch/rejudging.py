"""Letters that were taken before a filter could be heard: judged again until it answers, and delivered in any case.

Nobody is refused any more, for the sender was told yes: what would be refused is set aside.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final, Protocol

from mailstead.ground.formats.authres import render_reason
from mailstead.ground.model.attempt import Attempt, Ending, Result
from mailstead.ground.model.envelope import Client, Envelope, Recipient
from mailstead.ground.model.errors import Invalid, MailError, NotFound
from mailstead.ground.model.ids import AccountId
from mailstead.ground.model.policy import Action
from mailstead.ground.model.spool import LastWord, SpooledLetter, SpooledRecipient, State
from mailstead.net.clock import Clock
from mailstead.services.accounts.resolve import Resolution, Reverser, look_up
from mailstead.services.checks.evidence import Evidence
from mailstead.services.checks.judging import Judgement, soften
from mailstead.services.checks.specimen import Content
from mailstead.services.checks.waiting import read_case
from mailstead.services.delivery.plan import Treatment
from mailstead.services.delivery.treating import treat
from mailstead.services.dispatch.local import LocalDelivery
from mailstead.services.spool.terms import Terms
from mailstead.store.port import Store, Tx
from mailstead.store.port.spool import Settlement
from mailstead.telemetry import Event, emit

WAITS: Final = "4.7.1"
THROWN: Final = "thrown away, as a rule of its domain wants it"
_WAITING: Final = (Action.HOLD, Action.DEFER)

Accounts = tuple[tuple[AccountId, ...], ...]


class Judges(Protocol):
    """Asks the filters once more: see `services.checks`."""

    async def judge_again(
        self, evidence: Evidence, field: bytes, envelope: Envelope, client: Client, content: Content, accounts: Accounts
    ) -> tuple[Evidence, tuple[Judgement, ...]]: ...


class Rejudging:
    """As an attempt, like any other. `judges` is set once there are filters to ask."""

    def __init__(self, store: Store, clock: Clock, local: LocalDelivery, terms: Terms, *, reverser: Reverser) -> None:
        self._store = store
        self._clock = clock
        self._local = local
        self._terms = terms
        self._reverser = reverser
        self.judges: Judges | None = None

    async def attempt(self, letter: SpooledLetter, recipients: tuple[SpooledRecipient, ...], holder: str) -> Attempt:
        """Who is filed is settled in the same unit: nobody gets a letter twice, whenever we die."""
        began = self._clock.now()
        judged = await self._judge(letter, recipients)
        if judged is None:
            results = tuple(Result(one.number, Ending.DEFERRED, WAITS, "nobody judges here") for one in recipients)
            return Attempt(began_at=began, ended_at=began, results=results)
        evidence, client, judgements = judged
        results = tuple(
            [
                await self._act(letter, one, holder, judgement, evidence, client)
                for one, judgement in zip(recipients, judgements, strict=True)
            ]
        )
        return Attempt(began_at=began, ended_at=self._clock.now(), results=results)

    async def _judge(
        self, letter: SpooledLetter, recipients: tuple[SpooledRecipient, ...]
    ) -> tuple[Evidence, Client, Sequence[Judgement]] | None:  # fmt: skip
        if self.judges is None:
            return None
        if letter.blob_id is None:
            raise NotFound("the letter was settled")
        try:
            evidence, client, field = read_case(letter.case)
        except Invalid:
            evidence, client, field = Evidence(), Client(ip=""), b""  # filters can judge it all the same
        envelope = Envelope(
            sender=letter.sender, recipients=tuple(Recipient(one.address, one.dsn) for one in recipients),
            body=letter.body, smtputf8=letter.smtputf8,
        )  # fmt: skip
        accounts = tuple([await self._find_accounts(one) for one in recipients])
        content = await self._store.blobs.open(letter.blob_id)
        found, judgements = await self.judges.judge_again(evidence, field, envelope, client, content, accounts)
        return found, client, judgements

    async def _find_accounts(self, recipient: SpooledRecipient) -> tuple[AccountId, ...]:
        found = await look_up(self._store, self._reverser, recipient.address)
        return tuple(target.account.id for target in found.targets) if isinstance(found, Resolution) else ()

    async def _act(
        self, letter: SpooledLetter, recipient: SpooledRecipient, holder: str, judgement: Judgement,
        evidence: Evidence, client: Client,
    ) -> Result:  # fmt: skip
        if judgement.action is Action.DISCARD:
            return await self._throw(letter, recipient, holder)
        is_late = self._clock.now() - letter.created_at >= self._terms.judge_for
        if judgement.action in _WAITING and not is_late:
            return Result(recipient.number, Ending.DEFERRED, WAITS, f"waits to be judged: {judgement.words}")
        wanted = Recipient(recipient.address, recipient.dsn)
        if judgement.action in _WAITING:
            treatment = _flag(judgement, evidence.facts(str(recipient.address)))
            emit(
                Event.SPOOL_LETTER_UNJUDGED, queue_id=letter.id, sender=str(letter.sender or ""),
                recipient=str(recipient.address), detail=judgement.words,
            )  # fmt: skip
        else:
            treatment = treat(soften(judgement), evidence, wanted)
        result = await self._local.deliver(letter, recipient, holder, treatment=treatment, client=client)
        if result.ending is Ending.FAILED and judgement.has_virus:  # no room to keep it: nobody gets a virus back
            return await self._throw(letter, recipient, holder)
        return result

    async def _throw(self, letter: SpooledLetter, recipient: SpooledRecipient, holder: str) -> Result:
        now = self._clock.now()
        last = LastWord("2.7.1", THROWN, at=now)
        gone = Settlement(number=recipient.number, state=State.DROPPED, due_at=now, last=last)

        async def unit(tx: Tx) -> None:
            await tx.spool.settle(letter.id, [gone], holder, now=now)

        try:
            await self._store.write(unit)
        except MailError as error:
            return Result(recipient.number, Ending.DEFERRED, "4.3.0", str(error))
        return Result(recipient.number, Ending.DELIVERED, "2.7.1", THROWN)


def _flag(judgement: Judgement, found: Mapping[str, object]) -> Treatment:
    """Delivered all the same, and it says so."""
    failed = replace(judgement, action=Action.TAG)
    words = f"processing failed: {judgement.words}"
    facts = {**found, **failed.facts(), "processing": "failed"}
    return Treatment(render_reason(words), facts=facts, marks=judgement.marks)
