"""RCPT (RFC 5321 §4.1.1.3)."""

from mailstead.ground.model.address import Address
from mailstead.ground.model.envelope import Recipient
from mailstead.ground.model.verdict import Defer, Reason, Refuse
from mailstead.ground.wire.smtp.command import Rcpt, read_recipient
from mailstead.ground.wire.smtp.reply import Reply, Status
from mailstead.servers.smtp.profile import Dialect
from mailstead.servers.smtp.replies import reply_to_verdict
from mailstead.servers.smtp.session import Session
from mailstead.services.delivery.plan import Accepted
from mailstead.telemetry import Event, emit


async def rcpt(session: Session, command: Rcpt) -> Reply:
    """Add a recipient to the transaction."""
    transaction = session.transaction
    assert transaction is not None, "the table asks for a sender"
    if len(transaction.accepted) >= session.limits.max_recipients:
        return Reply(Status.TOO_MANY_RECIPIENTS)  # RFC 5321 §4.5.3.1.10: for now, the transaction lives on
    envelope = transaction.envelope
    profile = session.profile
    address = read_recipient(
        command,
        smtputf8=envelope.smtputf8,
        postmaster_domain=profile.hostname,
        default_domain=profile.default_domain,
    )
    verdict = await session.taker.judge_recipient(
        envelope, Recipient(address, command.dsn), session.client, is_proxied=session.stream.is_proxied
    )
    match verdict:
        case Accepted():
            session.transaction = transaction.with_recipient(verdict)
            session.commands -= 1  # a recipient is work, no noise: its own limit bounds it
            return Reply(Status.RECIPIENT_OK)
        case Refuse() | Defer():
            return _refused(session, address, verdict)


def _refused(session: Session, address: Address, verdict: Refuse | Defer) -> Reply:
    assert session.transaction is not None
    emit(
        Event.SMTP_RECIPIENT_REFUSED,
        session=session.number,
        protocol=session.profile.protocol,
        client_ip=session.client.ip,
        sender=str(session.transaction.envelope.sender or ""),
        recipient=str(address),
        reason=verdict.reason.value,
        detail=verdict.evidence,
    )
    if verdict.reason is not Reason.GREYLISTED or verdict.evidence:  # who comes too early again leaves no row again
        sender = str(session.transaction.envelope.sender or "")
        session.taker.refusals.note(verdict, session.client, sender=sender, recipient=str(address))
    if verdict.reason is Reason.USER_UNKNOWN and not session.login and session.profile.dialect is Dialect.SMTP:
        session.misses += 1
    return reply_to_verdict(verdict, str(address))
