"""Guards at RCPT, for our own people: suppressed recipients are refused, and past a cap one is put off."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from mailstead.ground.model.address import Address
from mailstead.ground.model.directory import Account
from mailstead.ground.model.envelope import Client, Envelope
from mailstead.ground.model.errors import Busy
from mailstead.ground.model.guards import Suppression
from mailstead.ground.model.ids import Instant
from mailstead.ground.model.verdict import PASS, Defer, Reason, Refuse, Verdict
from mailstead.net.clock import Clock
from mailstead.services.guards.caps import Cap, Caps, Over, charge, find_caps, look
from mailstead.services.guards.words import date_words
from mailstead.store.port import ReadTx, Store, Tx
from mailstead.telemetry import Event, emit

_WORDS_MAX: Final = 480


class Sender(Protocol):
    """As much of a sending as guards ask for."""

    @property
    def account(self) -> Account: ...


class SendingGuards:
    """One for a worker."""

    def __init__(self, store: Store, clock: Clock, caps: Caps, *, suppresses: bool = True) -> None:
        self._store = store
        self._clock = clock
        self._caps = caps
        self._suppresses = suppresses

    async def judge(self, sending: Sender, envelope: Envelope, abroad: Sequence[Address], client: Client) -> Verdict:
        """At RCPT, for the addresses elsewhere that this recipient means. Counts nothing yet."""
        looking = _Looking(self._caps, sending.account, envelope, tuple(abroad), self._suppresses, self._clock.now())
        try:
            found = await self._store.read(looking)
        except Busy:
            return Defer(Reason.BUSY)
        match found:
            case Suppression():
                words = f"{found.address} suppressed since {date_words(found.added_at)} because {found.reason[:120]}; "
                words += f"mailstead suppression remove {found.address} --domain {found.domain}"
                return Refuse(Reason.RECIPIENT_SUPPRESSED, str(found.address), _plain(words))
            case Over():
                tell_of_limit(found, sending.account, client)
                over = Refuse if found.wait is None else Defer
                return over(Reason.SENDING_LIMIT, str(found.cap.subject), _plain(found.words))
            case None:
                return PASS

    def charging(self, sending: Sender, addresses: Sequence[Address]) -> Callable[[Tx], Awaitable[None]]:
        """A step of the unit that spools a letter for these addresses elsewhere; SendingLimit."""
        account, caps, now = sending.account, self._caps, self._clock.now()
        each_once = tuple({address.key: address for address in addresses}.values())

        async def within(tx: Tx) -> None:
            await charge(tx, caps, account, each_once, now)

        return within


@dataclass(frozen=True, slots=True)
class _Looking:
    """Runs as a read-only unit."""

    caps: Caps
    account: Account
    envelope: Envelope
    abroad: tuple[Address, ...]
    suppresses: bool
    now: Instant

    async def __call__(self, tx: ReadTx) -> Suppression | Over | None:
        """The first thing against it."""
        if self.suppresses:
            found = await tx.guards.find_suppressions(self.account.address.domain, self.abroad, self.now)
            if found:
                return found[0]
        caps = await find_caps(tx.guards, self.account, self.caps)
        if not caps:
            return None
        return await self._ask(tx, caps)

    async def _ask(self, tx: ReadTx, caps: Sequence[Cap]) -> Over | None:
        """Together with those of the same letter that were let in before."""
        before = await self._elsewhere(tx)
        together = {address.key: address for address in (*before, *self.abroad)}
        over = await look(tx.guards, caps, self.account, tuple(together.values()), self.now)
        if over is None or over.wait is not None or len(together) == len(self.abroad):
            return over
        # Too many for one letter; alone it may go, in the next one.
        return Over(over.cap, over.cap.rate.period.span)

    async def _elsewhere(self, tx: ReadTx) -> list[Address]:
        addresses = [one.address for one in self.envelope.recipients]
        ours = {name: await tx.directory.find_domain(name) is not None for name in {one.domain for one in addresses}}
        return [one for one in addresses if not ours[one.domain]]


def tell_of_limit(over: Over, account: Account, client: Client) -> None:
    """To the log, by the phrase that people search for."""
    emit(
        Event.POLICY_RATE_EXCEEDED, protocol=client.protocol.lower(), client_ip=client.ip,
        sender=str(account.address), domain=account.address.domain,
        reason=f"{over.cap.subject.scope.value} {over.cap.counted.value}", limit=over.cap.rate.count,
    )  # fmt: skip


def _plain(words: str) -> str:
    """A reply is ASCII, whatever an address holds, and a line of 512 octets at most (RFC 5321 §4.5.3.1.5)."""
    return words.encode("ascii", "replace").decode()[:_WORDS_MAX]
