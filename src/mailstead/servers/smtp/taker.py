"""Who takes the mail of a session: reception from strangers, or submission from one of our own people."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from mailstead.ground.model.envelope import Client, Envelope, Recipient
from mailstead.ground.model.verdict import Defer, Refuse, Verdict
from mailstead.services.accounts.attempt import Principal
from mailstead.services.accounts.login import Authenticator
from mailstead.services.delivery.deliver import Receipt
from mailstead.services.delivery.plan import Accepted
from mailstead.services.folders.incoming import Letter
from mailstead.services.reception.reception import Reception
from mailstead.services.submission.ports import Notebook


class Sink(Protocol):
    """The content of one transaction on its way in."""

    def write(self, data: bytes) -> None:
        """Take a piece that is not the last; TooLarge, NoSpace."""

    async def finish(self, data: bytes) -> Letter:
        """Take the last piece; TooLarge, NoSpace."""

    def abort(self) -> None:
        """Forget it. May be called twice."""


class Taker(Protocol):
    """Judges each step of a transaction, and takes what passes."""

    @property
    def refusals(self) -> Notebook: ...

    async def judge_sender(self, envelope: Envelope, client: Client) -> Verdict:
        """At MAIL."""

    async def judge_recipient(
        self, envelope: Envelope, recipient: Recipient, client: Client, *, is_proxied: bool
    ) -> Accepted | Refuse | Defer:
        """At RCPT."""

    def begin_body(self, envelope: Envelope, client: Client) -> Sink:
        """At DATA, or the first BDAT."""

    async def accept(
        self, letter: Letter, envelope: Envelope, accepted: Sequence[Accepted], client: Client, *, each_is_told: bool
    ) -> Receipt:
        """After the last byte."""


class FromStrangers:
    """Reception, for sessions that nobody logs in to."""

    def __init__(self, reception: Reception) -> None:
        self._reception = reception
        self.refusals = reception.refusals
        self.judge_sender = reception.judge_sender
        self.judge_recipient = reception.judge_recipient
        self.accept = reception.accept

    def begin_body(self, envelope: Envelope, client: Client) -> Sink:
        """As it comes: mail of strangers is not mended."""
        return self._reception.begin_body(envelope, client)


@dataclass(frozen=True, slots=True, kw_only=True)
class Logins:
    """How people log in, and who then takes their mail."""

    authenticator: Authenticator
    admit: Callable[[Principal], Taker]
    max_message_size: int
