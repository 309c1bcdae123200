"""MAIL (RFC 5321 §4.1.1.2)."""

from typing import Final

from mailstead.ground.model.envelope import NO_WISHES, DeliverBy, Envelope, Wishes
from mailstead.ground.model.ids import Instant
from mailstead.ground.model.verdict import Defer, Pass, Refuse
from mailstead.ground.wire.smtp.command import Mail
from mailstead.ground.wire.smtp.fault import Fault
from mailstead.ground.wire.smtp.parameters import MailParameters
from mailstead.ground.wire.smtp.reply import Reply, Status
from mailstead.servers.smtp.profile import Limits
from mailstead.servers.smtp.replies import reply_to_verdict
from mailstead.servers.smtp.session import Session, Transaction
from mailstead.telemetry import Event, emit

_WISHES: Final = frozenset({"REQUIRETLS", "MT-PRIORITY", "HOLDFOR", "HOLDUNTIL", "BY"})


async def mail(session: Session, command: Mail) -> Reply:
    """Begin a transaction."""
    parameters = command.parameters
    if not _is_offered(session, parameters):
        return Reply(Status.BAD_PARAMETER)
    if session.transactions >= session.limits.max_transactions:
        session.is_over = True
        return Reply(Status.TOO_MANY_MAILS)
    envelope = Envelope(
        sender=command.sender,
        body=parameters.body,
        smtputf8=parameters.smtputf8,
        declared_size=parameters.size,
        ret=parameters.ret,
        envid=parameters.envid,
        wishes=_read_wishes(parameters, session.office.clock.now(), session.limits),
    )
    match await session.taker.judge_sender(envelope, session.client):
        case Pass():
            session.transactions += 1
            session.transaction = Transaction(envelope, session.office.clock.monotonic())
            return Reply(Status.SENDER_OK)
        case Refuse() | Defer() as verdict:
            return _refused(session, envelope, verdict)


def _refused(session: Session, envelope: Envelope, verdict: Refuse | Defer) -> Reply:
    reply, sender = reply_to_verdict(verdict, login=session.login), str(envelope.sender or "")
    emit(
        Event.SMTP_MESSAGE_REFUSED if isinstance(verdict, Refuse) else Event.SMTP_MESSAGE_DEFERRED,
        session=session.number,
        protocol=session.profile.protocol,
        client_ip=session.client.ip,
        sender=sender,
        size=envelope.declared_size,
        reason=reply.status.name.lower(),
        detail=verdict.evidence,
    )
    session.taker.refusals.note(verdict, session.client, sender=sender, recipient="")
    return reply


def _is_offered(session: Session, parameters: MailParameters) -> bool:
    """What EHLO did not offer is not known here."""
    return (
        parameters.names <= session.profile.parameters
        and (not parameters.smtputf8 or session.profile.smtputf8)
        and (not parameters.require_tls or session.stream.tls is not None)  # RFC 8689 §2
    )


def _read_wishes(parameters: MailParameters, now: Instant, limits: Limits) -> Wishes:
    """Spans become instants."""
    if parameters.names.isdisjoint(_WISHES):
        return NO_WISHES
    release_at = _read_release(parameters, now, limits.max_hold)
    by = _read_deadline(parameters, now, limits.min_deliver_by)
    if by is not None and release_at is not None and by.deadline <= release_at:
        raise Fault(Status.DUE_TOO_SOON)
    return Wishes(require_tls=parameters.require_tls, priority=parameters.priority, release_at=release_at, by=by)


def _read_release(parameters: MailParameters, now: Instant, max_hold: int) -> Instant | None:
    """RFC 4865 §4: past the maximum it is refused; a time that has passed already holds nothing back."""
    release_at = parameters.hold_until
    if parameters.hold_for is not None:
        release_at = Instant(now + parameters.hold_for * 1000)
    if release_at is None or release_at <= now:
        return None
    if release_at > now + max_hold * 1000:
        raise Fault(Status.HELD_TOO_LONG)
    return release_at


def _read_deadline(parameters: MailParameters, now: Instant, min_deliver_by: int) -> DeliverBy | None:
    """RFC 2852 §4: what would be returned sooner than we promise to be quick is refused at once."""
    by = parameters.by
    if by is None:
        return None
    if by.seconds < min_deliver_by and not by.may_be_late:
        raise Fault(Status.DUE_TOO_SOON)
    return DeliverBy(Instant(now + by.seconds * 1000), by.may_be_late, by.is_traced)
