"""What DATA and BDAT LAST share: the end of the content, filing, and the reply or replies."""

from collections.abc import Mapping, Sequence
from typing import Final

from mailstead.ground.model.envelope import Client, Envelope
from mailstead.ground.model.outcome import Deferred, Delivered, Failed, Outcome
from mailstead.ground.model.verdict import Defer, Reason, Refuse
from mailstead.ground.wire.smtp.receiver import End
from mailstead.ground.wire.smtp.reply import Reply, Status
from mailstead.servers.smtp.intake import Intake
from mailstead.servers.smtp.replies import incident_reply, reply_to_outcome
from mailstead.servers.smtp.session import Session, Transaction
from mailstead.services.delivery.deliver import Receipt
from mailstead.services.folders.incoming import Letter
from mailstead.telemetry import Event, emit, incident

_FLAWS: Final[Mapping[Status, Reason]] = {
    Status.TOO_LARGE: Reason.MESSAGE_TOO_LARGE,
    Status.NO_SPACE: Reason.NO_SPACE,
    Status.TRY_LATER: Reason.BUSY,
    Status.BARE_CONTENT: Reason.HEADER_INVALID,
}
"""Why content is not taken, as refusals are told."""


async def conclude(session: Session, intake: Intake, end: End) -> list[Reply]:
    """The content is here: file it. One reply; in LMTP one for each recipient (RFC 2033 §4.2)."""
    transaction = session.transaction
    assert transaction is not None, "the table asks for recipients"
    session.transaction = session.intake = None
    letter = await intake.finish(end.data, intact=end.intact)
    if isinstance(letter, Reply):
        _tell_refused(session, transaction, intake.size, letter)
        against = Refuse if letter.status.code >= 500 else Defer
        _note_all(session, transaction, against(_FLAWS.get(letter.status, Reason.FAULT), letter.text))
        return [letter] * (len(transaction.accepted) if session.is_lmtp else 1)
    client = _signed(session, transaction.envelope)
    try:
        receipt = await session.taker.accept(
            letter, transaction.envelope, transaction.accepted, client, each_is_told=session.is_lmtp
        )
    except Exception as error:  # noqa: BLE001 - any fault of ours is told as one, and the sender keeps the letter
        name = incident(error, subsystem="smtp", session=session.number)
        reply = incident_reply(name)
        _note_all(session, transaction, Defer(Reason.FAULT, f"incident {name}"), name=name)
        intake.abort()
        return [reply] * (len(transaction.accepted) if session.is_lmtp else 1)
    if any(isinstance(outcome, Delivered) for outcome in receipt.outcomes):
        session.commands = 0
        _tell_accepted(session, transaction, letter, client)
    else:
        intake.abort()
    if not receipt.is_noted:
        _note_outcomes(session, transaction, receipt.outcomes, letter)
    return _replies(session, transaction, receipt, intake.size)


def _note_all(session: Session, transaction: Transaction, verdict: Refuse | Defer, name: str = "") -> None:
    """For each recipient."""
    sender = str(transaction.envelope.sender or "")
    for accepted in transaction.accepted:
        recipient = str(accepted.recipient.address)
        session.taker.refusals.note(verdict, session.client, sender=sender, recipient=recipient, incident=name)


def _note_outcomes(session: Session, transaction: Transaction, outcomes: Sequence[Outcome], letter: Letter) -> None:
    """What stood against it once it was here whole."""
    sender, name = str(transaction.envelope.sender or ""), letter.rendered.message_id
    for accepted, outcome in zip(transaction.accepted, outcomes, strict=True):
        match outcome:
            case Delivered():
                continue
            case Deferred(reason, words):
                verdict: Refuse | Defer = Defer(reason, words)
            case Failed(reason, words):
                verdict = Refuse(reason, words)
        recipient = str(accepted.recipient.address)
        session.taker.refusals.note(verdict, session.client, sender=sender, recipient=recipient, message_id=name)


def _replies(session: Session, transaction: Transaction, receipt: Receipt, size: int) -> list[Reply]:
    outcomes = receipt.outcomes if session.is_lmtp else (_joint(receipt.outcomes),)
    replies = [reply_to_outcome(outcome, receipt.id) for outcome in outcomes]
    for outcome, reply in zip(outcomes, replies, strict=True):
        if not isinstance(outcome, Delivered):
            _tell_refused(session, transaction, size, reply)
    return replies


def _joint(outcomes: tuple[Outcome, ...]) -> Outcome:
    """One reply for all: yes if anyone was reached, else come back if that could help."""
    for kind in (Delivered, Deferred):
        for outcome in outcomes:
            if isinstance(outcome, kind):
                return outcome
    return outcomes[0]


def _signed(session: Session, envelope: Envelope) -> Client:
    """With the `with` word of Received (RFC 3848 §2, RFC 6531 §4.3)."""
    ways = f"{'S' if session.stream.tls else ''}{'A' if session.login else ''}"
    if session.is_lmtp:
        protocol = f"{'UTF8' if envelope.smtputf8 else ''}LMTP{ways}"
    elif envelope.smtputf8:
        protocol = f"UTF8SMTP{ways}"
    else:
        protocol = f"ESMTP{ways}" if session.is_extended else "SMTP"
    client = session.client
    return Client(
        ip=client.ip,
        port=client.port,
        helo=client.helo,
        protocol=protocol,
        tls=client.tls,
        login=client.login,
        session=client.session,
    )


def _tell_accepted(session: Session, transaction: Transaction, letter: Letter, client: Client) -> None:
    emit(
        Event.SMTP_MESSAGE_ACCEPTED,
        session=session.number,
        protocol=session.profile.protocol,
        client_ip=client.ip,
        client_hostname=client.helo,
        sender=str(transaction.envelope.sender or ""),
        recipient_count=len(transaction.accepted),
        size=letter.staged.size,
        message_id=letter.rendered.message_id,
        elapsed=session.office.clock.monotonic() - transaction.began_at,
        tls_active=bool(client.tls),
    )


def _tell_refused(session: Session, transaction: Transaction, size: int, reply: Reply) -> None:
    refused = reply.status.code >= 500
    emit(
        Event.SMTP_MESSAGE_REFUSED if refused else Event.SMTP_MESSAGE_DEFERRED,
        session=session.number,
        protocol=session.profile.protocol,
        client_ip=session.client.ip,
        sender=str(transaction.envelope.sender or ""),
        size=size,
        reason=reply.status.name.lower(),
        detail=reply.text,
    )
