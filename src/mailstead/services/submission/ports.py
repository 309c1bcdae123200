"""What submission asks of others: who a recipient is, whether one may send so much, and the filing itself."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from mailstead.ground.model.address import Address
from mailstead.ground.model.directory import Account
from mailstead.ground.model.envelope import Client, Envelope, Recipient
from mailstead.ground.model.spool import Origin
from mailstead.ground.model.verdict import PASS, Defer, Refuse, Verdict
from mailstead.services.delivery.deliver import Receipt
from mailstead.services.delivery.plan import Accepted, Within
from mailstead.services.folders.incoming import Letter
from mailstead.store.port import Tx


@dataclass(frozen=True, slots=True, kw_only=True)
class Sending:
    """In whose name a letter leaves, and what is to be done beside. `shown`: the client as Received names it."""

    account: Account
    login: str
    shown: Client
    origin: Origin = Origin.SUBMITTED
    added: bytes = b""  # fields that stand before it
    keeps_copy: bool = False  # among the sent mail of the account, in the same unit

    @property
    def domain(self) -> str:
        """Of ours: it signs, and its policy holds."""
        return self.account.address.domain


class Judge(Protocol):
    """Tells where mail for an address goes."""

    async def judge_recipient(
        self, envelope: Envelope, recipient: Recipient, client: Client
    ) -> Accepted | Refuse | Defer:
        """For one of our own people, who may write to the whole world: what is elsewhere is in `Accepted.abroad`."""


class Mailroom(Protocol):
    """Files what stays and spools what leaves."""

    async def accept(
        self, letter: Letter, envelope: Envelope, accepted: Sequence[Accepted], client: Client, sending: Sending
    ) -> Receipt:
        """One unit for all recipients and the copy: durable before this returns."""


class Guards(Protocol):
    """Count what leaves."""

    async def judge(self, sending: Sending, envelope: Envelope, abroad: Sequence[Address], client: Client) -> Verdict:
        """At RCPT, for the addresses elsewhere that this recipient means; `sending` without a recipient yet."""

    def charging(self, sending: Sending, addresses: Sequence[Address]) -> Within:
        """A step of the unit that spools for these addresses elsewhere; SendingLimit."""


class Rates(Protocol):
    """How many letters may be handed in."""

    async def judge_submission(self, login: str, domain: str, client: Client) -> Verdict:
        """At MAIL, of a letter in the name of an account of `domain`: it is counted."""


class NoGuards:
    """Everybody may send as much as they like."""

    async def judge(self, sending: Sending, envelope: Envelope, abroad: Sequence[Address], client: Client) -> Verdict:  # noqa: ARG002 - the port's
        """Nothing against it."""
        return PASS

    def charging(self, sending: Sending, addresses: Sequence[Address]) -> Within:  # noqa: ARG002 - the port's
        """Counts nothing."""
        return _nothing


async def _nothing(tx: Tx) -> None:
    """A step that does nothing."""


class Notebook(Protocol):
    """Where refusals are noted."""

    def note(
        self, verdict: Refuse | Defer, client: Client, *, sender: str, recipient: str, message_id: str = "",
        incident: str = "",
    ) -> None:  # fmt: skip
        """Remember one. `incident`: the name of a fault of ours that the reply told."""
