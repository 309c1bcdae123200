"""The gate of dispatch: operators' rules, pauses, suppressed recipients, missing records, providers' rates."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from mailstead.ground.model.errors import MailError
from mailstead.ground.model.guards import HoldRule
from mailstead.ground.model.ids import Instant
from mailstead.ground.model.spool import HERE, SpooledLetter, SpooledRecipient, State
from mailstead.net.clock import Clock
from mailstead.services.guards.halt import Fail, Halt, Hold, Wait
from mailstead.services.guards.names import REMEMBERED_FOR, NameGuard
from mailstead.services.guards.observer import SENT, subjects_of
from mailstead.services.guards.providers import ProviderRates
from mailstead.services.guards.resuming import RESUMED
from mailstead.services.guards.words import MINUTE
from mailstead.store.port import ReadTx, Store
from mailstead.store.port.guards import RULES_VERSION
from mailstead.telemetry import Event, emit

RULE: Final = "rule: "
SUPPRESSED: Final = "5.1.1"  # RFC 3463 §3.2: what the bounce had said
BUSY_FOR: Final = MINUTE
Recipients = Sequence[SpooledRecipient]


@dataclass(frozen=True, slots=True)
class _Seen:
    """What the store says of a letter. `rules` None: those that are remembered still hold."""

    pause: str
    suppressed: Mapping[str, str]
    version: int
    rules: tuple[HoldRule, ...] | None


class SendingGate:
    """One for a worker. Without `rates` and `names` these are not asked."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        *,
        rates: ProviderRates | None = None,
        names: NameGuard | None = None,
        suppresses: bool = True,
    ) -> None:
        self._store = store
        self._clock = clock
        self._rates = rates
        self._names = names
        self._suppresses = suppresses
        self._rules: tuple[HoldRule, ...] = ()
        self._version = 0

    async def judge(self, letter: SpooledLetter, recipients: tuple[SpooledRecipient, ...]) -> Mapping[int, Halt]:
        """What is against each, by number. Of a letter for people here nothing is."""
        if recipients[0].destination in HERE:
            return {}
        try:
            return await self._judge(letter, recipients)
        except MailError as error:
            until = Instant(self._clock.now() + BUSY_FOR)
            return {one.number: Wait(until, str(error)) for one in recipients}

    async def _judge(self, letter: SpooledLetter, recipients: Recipients) -> dict[int, Halt]:
        seen = await self._look(letter, recipients)
        halts: dict[int, Halt] = {}
        for one in recipients:
            halt = None if is_let_go(one) else self._against(letter, one, seen)
            if halt is not None:
                halts[one.number] = halt
        left = [one for one in recipients if one.number not in halts]
        if left and self._names is not None and letter.origin in SENT and letter.domain:
            fault = await self._names.fault(letter.domain)
            if fault:
                until = Instant(self._clock.now() + REMEMBERED_FOR)
                return halts | {one.number: Wait(until, fault) for one in left}
        if left and self._rates is not None:
            waiting = await self._rates.admit(left)
            _tell_of_rate(letter, left[0].destination, waiting)
            halts |= waiting
        return halts

    async def _look(self, letter: SpooledLetter, recipients: Recipients) -> _Seen:
        known, now = self._version, self._clock.now()

        async def unit(tx: ReadTx) -> _Seen:
            breakers = await tx.guards.read_breakers(await subjects_of(tx, letter, recipients[0].destination))
            addresses = [one.address for one in recipients]
            asks = self._suppresses and letter.origin in SENT and bool(letter.domain)
            suppressed = await tx.guards.find_suppressions(letter.domain, addresses, now) if asks else []
            version = await tx.guards.read_mark(RULES_VERSION)
            return _Seen(
                next((one.reason for one in breakers if one.is_open(now)), ""),
                {one.address.key: one.reason for one in suppressed},
                version,
                None if version == known else tuple(await tx.guards.list_rules()),
            )

        seen = await self._store.read(unit)
        if seen.rules is not None and seen.version > self._version:
            self._version, self._rules = seen.version, seen.rules
        return seen

    def _against(self, letter: SpooledLetter, recipient: SpooledRecipient, seen: _Seen) -> Halt | None:
        if recipient.attempts == 0:
            for rule in self._rules:
                if rule.matches(letter, recipient):
                    return Hold(f"{RULE}{rule.reason}")
        reason = seen.suppressed.get(recipient.address.key)
        if reason is not None:
            return Fail(SUPPRESSED, f"suppressed after an earlier bounce: {reason}")
        return Hold(seen.pause) if seen.pause else None


def is_let_go(recipient: SpooledRecipient) -> bool:
    """True if a person released it, or told it to be tried again: whoever does that knows what they do."""
    if recipient.state is not State.ACTIVE or recipient.hold_reason == RESUMED:
        return False
    return recipient.attempts > 0 or recipient.hold_reason != ""


def _tell_of_rate(letter: SpooledLetter, destination: str, waiting: Mapping[int, Wait]) -> None:
    if waiting:
        emit(
            Event.POLICY_RATE_EXCEEDED, protocol="smtp", sender=str(letter.sender or ""), domain=destination,
            reason="provider",
        )  # fmt: skip
