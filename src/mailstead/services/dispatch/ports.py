"""What dispatch asks of others; wiring gives them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from mailstead.ground.model.address import Address
from mailstead.ground.model.attempt import Attempt, Result
from mailstead.ground.model.ids import Instant
from mailstead.ground.model.route import Route
from mailstead.ground.model.spool import SpooledLetter, SpooledRecipient
from mailstead.services.folders.incoming import Letter
from mailstead.services.guards.halt import Halt
from mailstead.services.outbound.parcel import Content, Parcel
from mailstead.services.spool.outbox import Bundle
from mailstead.store.port import Tx


class Carrier(Protocol):
    """To other servers: see `outbound`. It raises nothing that is expected."""

    async def attempt(self, parcel: Parcel) -> Attempt: ...


class Contents(Protocol):
    """The octets of a letter, signed as its domain wants; MailError if they cannot be read now."""

    async def open(self, letter: SpooledLetter) -> Content: ...


@dataclass(frozen=True, slots=True)
class Way:
    """The next hop of a recipient, and the lane it belongs in; LOCAL if it goes nowhere any more."""

    route: Route
    lane: str


class Routes(Protocol):
    """The way to a recipient, as it is now; MailError."""

    async def find(self, letter: SpooledLetter, recipient: SpooledRecipient) -> Way: ...


@dataclass(frozen=True, slots=True)
class Told:
    """A recipient, and what its sender may have to hear. A result of DEFERRED stands for a warning."""

    recipient: SpooledRecipient
    result: Result


@dataclass(frozen=True, slots=True)
class Notice:
    """Written and not spooled yet."""

    letter: Letter
    bundle: Bundle
    tell: Callable[[], None]  # after the commit: it is one of the events now


class Notices(Protocol):
    """Letters about letters: none, where nobody wants to know or nobody is there to tell."""

    async def write(self, letter: SpooledLetter, told: tuple[Told, ...]) -> tuple[Notice, ...]: ...


class Senders(Protocol):
    """Under which address something forwarded leaves: see `accounts.forwarding`."""

    async def rewrite(self, sender: Address | None, our_domain: str) -> Address | None: ...


class Gate(Protocol):
    """Asked before a letter leaves."""

    async def judge(self, letter: SpooledLetter, recipients: tuple[SpooledRecipient, ...]) -> Mapping[int, Halt]:
        """By number, what is against those who may not leave now; the others go on."""


Tell = Callable[[], None]
"""Tells of something once it is durable."""


class Observer(Protocol):
    """Learns from what became of letters."""

    async def within(
        self, tx: Tx, letter: SpooledLetter, results: Sequence[tuple[SpooledRecipient, Result]], now: Instant
    ) -> Sequence[Tell]:
        """A step of the unit that settles them, a function of frozen values like the unit itself."""


class NoObserver:
    """Learns nothing."""

    async def within(
        self, tx: Tx, letter: SpooledLetter, results: Sequence[tuple[SpooledRecipient, Result]], now: Instant  # noqa: ARG002 - of the port
    ) -> Sequence[Tell]:  # fmt: skip
        """Nothing to tell."""
        return ()
