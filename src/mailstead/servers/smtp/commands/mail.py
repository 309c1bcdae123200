"""MAIL (RFC 5321 §4.1.1.2)."""

from mailstead.ground.model.envelope import Envelope
from mailstead.ground.model.verdict import Defer, Pass, Refuse
from mailstead.ground.wire.smtp.command import Mail
from mailstead.ground.wire.smtp.reply import Reply, Status
from mailstead.servers.smtp.replies import reply_to_verdict
from mailstead.servers.smtp.session import Session, Transaction


async def mail(session: Session, command: Mail) -> Reply:
    """Begin a transaction."""
    if command.parameters.smtputf8 and not session.profile.smtputf8:
        return Reply(Status.BAD_PARAMETER)
    if session.transactions >= session.limits.max_transactions:
        session.is_over = True
        return Reply(Status.TOO_MANY_MAILS)
    envelope = Envelope(
        sender=command.sender,
        body=command.parameters.body,
        smtputf8=command.parameters.smtputf8,
        declared_size=command.parameters.size,
        ret=command.parameters.ret,
        envid=command.parameters.envid,
    )
    match session.office.reception.judge_sender(envelope, session.client):
        case Pass():
            session.transactions += 1
            session.transaction = Transaction(envelope, session.office.clock.monotonic())
            return Reply(Status.SENDER_OK)
        case Refuse() | Defer() as verdict:
            return reply_to_verdict(verdict)
