"""Submission (RFC 6409): mail from our own people, by whatever protocol. Every letter that a user sends goes this way.

outbox = submission.open(principal)
outbox.judge_sender(...), outbox.judge_recipient(...)      # as early as the protocol allows
manuscript = outbox.begin_body(envelope)                   # the octets go in here: write, finish
receipt = await submission.submit(Draft(...))              # or outbox.accept(...), as SMTP does
"""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from mailstead.ground.formats.received import count_hops
from mailstead.ground.formats.repair import Fault, Given
from mailstead.ground.model.address import Address
from mailstead.ground.model.directory import Account
from mailstead.ground.model.envelope import BodyType, Client, Envelope, Recipient
from mailstead.ground.model.errors import Busy
from mailstead.ground.model.outcome import Deferred, Failed
from mailstead.ground.model.spool import LOCAL, Origin
from mailstead.ground.model.verdict import PASS, Defer, Pass, Reason, Refuse, Verdict
from mailstead.ground.wire.smtp.line_ends import LineEnds
from mailstead.net.clock import Clock
from mailstead.services.accounts.attempt import Principal
from mailstead.services.delivery.deliver import HOPS_MAX, Receipt
from mailstead.services.delivery.plan import Accepted
from mailstead.services.folders.incoming import Letter
from mailstead.services.submission.manuscript import Manuscript, Mended
from mailstead.services.submission.ports import Guards, Judge, Mailroom, Notebook, Rates, Sending
from mailstead.services.submission.senders import Rights
from mailstead.store.port import Store

_ID_BYTES: Final = 16
FAULTS: Final[Mapping[Fault, Reason]] = {
    Fault.TOO_LARGE: Reason.MESSAGE_TOO_LARGE,
    Fault.LINE_TOO_LONG: Reason.HEADER_INVALID,
    Fault.BAD_OCTET: Reason.HEADER_INVALID,
    Fault.SEVERAL_FIELDS: Reason.AUTHOR_UNCLEAR,
    Fault.BAD_AUTHOR: Reason.AUTHOR_UNCLEAR,
    Fault.NO_SENDER: Reason.AUTHOR_UNCLEAR,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class SubmissionRules:
    """What the operator decides."""

    max_message_size: int = 52_428_800
    hide_client: bool = True  # Received names neither the address nor the name of the client


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What is to be done beside sending."""

    origin: Origin = Origin.SUBMITTED
    keeps_copy: bool = False  # among the sent mail of the account


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """All of a letter that is ready to go: who sends it, as whom and to whom, and its octets."""

    rights: Rights
    envelope: Envelope
    accepted: tuple[Accepted, ...]
    letter: Mended
    client: Client
    options: Options = Options()


class Submission:
    """One for all protocols."""

    def __init__(  # noqa: PLR0913 - every room that has a part in it
        self,
        store: Store,
        clock: Clock,
        judge: Judge,
        mailroom: Mailroom,
        guards: Guards,
        notebook: Notebook,
        rules: SubmissionRules,
        *,
        rates: Rates | None = None,
    ) -> None:
        self.rates = rates
        self.store = store
        self.clock = clock
        self.judge = judge
        self.guards = guards
        self.notebook = notebook
        self.rules = rules
        self._mailroom = mailroom

    def open(self, principal: Principal, options: Options = Options()) -> "Outbox":
        """For one who has logged in."""
        return Outbox(self, Rights(self.store, self.clock, principal), options)

    async def submit(self, draft: Draft) -> Receipt:
        """Refuse what must not leave, hand on the rest: durable and filed or spooled when this returns."""
        envelope, client = draft.envelope, draft.client
        try:
            account = await _judge(draft)
        except Busy:
            return Receipt(0, (Deferred(Reason.BUSY),) * len(draft.accepted))
        if isinstance(account, Refuse):
            self.notebook.note(account, client, sender=str(envelope.sender or ""), recipient="")
            return Receipt(0, (Failed(account.reason),) * len(draft.accepted))
        sending = self.sending(account, draft.rights.login, client, draft.options)
        return await self._mailroom.accept(draft.letter, envelope, draft.accepted, client, sending)

    def sending(self, account: Account, login: str, client: Client, options: Options) -> Sending:
        """In whose name it leaves."""
        shown = client
        if self.rules.hide_client:
            shown = Client(ip="", protocol=client.protocol, tls=client.tls, session=client.session)
        return Sending(account=account, login=login, shown=shown, origin=options.origin, keeps_copy=options.keeps_copy)


class Outbox:
    """The submission of one user in one session."""

    def __init__(self, submission: Submission, rights: Rights, options: Options) -> None:
        self._submission = submission
        self._rights = rights
        self._options = options
        self.refusals = submission.notebook

    async def judge_sender(self, envelope: Envelope, client: Client) -> Verdict:
        """RFC 6409 §6.1. The null sender is for notices that programs write (RFC 3798 §3)."""
        if envelope.declared_size > self._submission.rules.max_message_size:
            return Refuse(Reason.MESSAGE_TOO_LARGE, f"declared {envelope.declared_size} octets")
        if not self._submission.store.has_room():
            return Defer(Reason.NO_SPACE)
        try:
            account = await self._rights.account_of(envelope.sender)
            if account is None:
                return _not_owned(self._rights, envelope.sender)
        except Busy:
            return Defer(Reason.BUSY)
        rates, login = self._submission.rates, self._rights.login
        return PASS if rates is None else await rates.judge_submission(login, account.address.domain, client)

    async def judge_recipient(
        self,
        envelope: Envelope,
        recipient: Recipient,
        client: Client,
        *,
        is_proxied: bool,  # noqa: ARG002 - whoever has logged in may send from anywhere
    ) -> Accepted | Refuse | Defer:
        """Where it goes, and whether one more may leave."""
        verdict = await self._submission.judge.judge_recipient(envelope, recipient, client)
        if not isinstance(verdict, Accepted) or not verdict.abroad:
            return verdict
        try:
            account = await self._rights.account_of(envelope.sender)
        except Busy:
            return Defer(Reason.BUSY)
        if account is None:
            return _not_owned(self._rights, envelope.sender)
        sending = self._submission.sending(account, self._rights.login, client, self._options)
        elsewhere = [abroad.address for abroad in verdict.abroad if abroad.via != LOCAL]
        match await self._submission.guards.judge(sending, envelope, elsewhere, client):
            case Pass():
                return verdict
            case Refuse() | Defer() as against:
                return against

    def begin_body(self, envelope: Envelope, _client: Client | None = None) -> Manuscript:
        """For the octets of one letter; what its header lacks is added, what must not leave is taken out."""
        submission = self._submission
        author = envelope.sender or self._rights.principal.account.address
        message_id = f"{secrets.token_hex(_ID_BYTES)}@{author.domain}"
        given = Given(at=submission.clock.now(), message_id=message_id, author=author)
        return Manuscript(submission.store.blobs, submission.rules.max_message_size, given)

    async def accept(
        self,
        letter: Letter,
        envelope: Envelope,
        accepted: Sequence[Accepted],
        client: Client,
        *,
        each_is_told: bool,  # noqa: ARG002 - LMTP has no people
    ) -> Receipt:
        """After the last byte; `letter` came out of `begin_body`."""
        assert isinstance(letter, Mended)
        draft = Draft(
            rights=self._rights,
            envelope=envelope,
            accepted=tuple(accepted),
            letter=letter,
            client=client,
            options=self._options,
        )
        return await self._submission.submit(draft)


def _not_owned(rights: Rights, address: Address | None) -> Refuse:
    return Refuse(Reason.SENDER_NOT_OWNED, f"{rights.login} tried to send as {address}")


async def _judge(draft: Draft) -> Account | Refuse:
    """The account in whose name it leaves, or what is against it."""
    account = await draft.rights.account_of(draft.envelope.sender)
    if account is None:
        return _not_owned(draft.rights, draft.envelope.sender)
    return await _judge_content(draft) or account


async def _judge_content(draft: Draft) -> Refuse | None:
    """RFC 6409 §6.3: From and Sender are of the user too, or the letter says what is not so."""
    letter, header = draft.letter, draft.letter.rendered.header
    if letter.fault is not None:
        return Refuse(FAULTS[letter.fault], letter.fault.value)
    if draft.envelope.body is BodyType.BINARY and _has_bare_ends(header):
        return Refuse(Reason.HEADER_INVALID, "bare CR or LF in the header")
    if count_hops(header) > HOPS_MAX:
        return Refuse(Reason.TOO_MANY_HOPS)
    names = letter.repair
    if names is None or len(names.authors) != 1:
        return Refuse(Reason.AUTHOR_UNCLEAR)
    for address in names.authors if names.sender is None else (names.authors[0], names.sender):
        if await draft.rights.owner_of(address) is None:
            return Refuse(Reason.AUTHOR_NOT_OWNED, f"{draft.rights.login} wrote as {address}")
    return None


def _has_bare_ends(header: bytes) -> bool:
    """RFC 3030 §3: in BINARYMIME too, what is no content has lines; elsewhere that is judged as it comes."""
    ends = LineEnds()
    ends.watch(header)
    ends.close()
    return ends.are_bare
