"""AUTH (RFC 4954). What a login is worth is decided by `services.accounts`; here are its lines and replies."""

from collections.abc import Sequence
from typing import Final

from mailstead.ground.model.errors import Busy, Denied
from mailstead.ground.wire.smtp.command import Auth, parse_response
from mailstead.ground.wire.smtp.fault import Fault
from mailstead.ground.wire.smtp.receiver import BadLine, Flaw, Line
from mailstead.ground.wire.smtp.reply import Reply, Status, challenge
from mailstead.servers.smtp.session import Session
from mailstead.services.accounts.attempt import AppPasswordNeeded, Attempt, Limited, Principal
from mailstead.services.accounts.sasl import Challenge, Exchange, Malformed, NotOffered, PrivacyRequired
from mailstead.telemetry import Event, emit

SERVICE: Final = "smtp"
"""RFC 4954 §4: the service's name in SASL, on the submission ports too; so app passwords and tokens know it."""


async def auth(session: Session, command: Auth) -> Reply | Sequence[Reply]:
    """Log in: once in a session, and outside of transactions, as the table has it."""
    if not session.is_extended:
        return Reply(Status.SAY_HELLO)  # RFC 4954 §3: it is an extension, and HELO asks for none
    logins = session.office.logins
    assert logins is not None, "the row is only there where people log in"
    attempt = Attempt(client_ip=session.client.ip, service=SERVICE, session=session.number, mechanism=command.mechanism)
    try:
        exchange = logins.authenticator.sasl.begin(command.mechanism, session.line, attempt)
        principal = await _converse(session, exchange, command.initial)
    except Malformed:
        return Reply(Status.BAD_RESPONSE)
    except (Denied, Busy) as error:
        return _refuse(session, error)
    session.enter(principal)
    return Reply(Status.LOGGED_IN)


async def _converse(session: Session, exchange: Exchange, initial: bytes | None) -> Principal:
    """Challenges out, responses in, until somebody came in."""
    session.flush()  # a refusal takes its time
    answer = await exchange.start(initial)
    while isinstance(answer, Challenge):
        answer = await exchange.take(await _ask(session, answer))
    return answer


async def _ask(session: Session, asked: Challenge) -> bytes:
    """What the client answers to a challenge."""
    session.send(challenge(asked.data))
    match await session.next_command():
        case Line(text):
            return parse_response(text)
        case BadLine(Flaw.TOO_LONG):
            raise Fault(Status.RESPONSE_TOO_LONG)
        case _:
            raise Fault(Status.BARE_LINE_END)


def _refuse(session: Session, error: Denied | Busy) -> Reply | Sequence[Reply]:
    """RFC 4954 §6."""
    match error:
        case PrivacyRequired():
            return Reply(Status.TLS_REQUIRED)
        case NotOffered():
            return Reply(Status.NO_SUCH_MECHANISM)
        case Limited():
            session.is_over = True
            return Reply(Status.LOGINS_LIMITED)
        case Busy():
            return Reply(Status.LOGIN_LATER)
        case AppPasswordNeeded():
            return _fail(session, Status.APP_PASSWORD_NEEDED)
        case Denied():
            return _fail(session, Status.LOGIN_FAILED)


def _fail(session: Session, status: Status) -> Sequence[Reply]:
    """What a failure costs in time it has cost already; after some the connection ends."""
    session.failed_logins += 1
    if session.failed_logins < session.limits.login_tries:
        return (Reply(status),)
    session.is_over = True
    emit(
        Event.AUTH_LOGIN_BLOCKED,
        session=session.number,
        protocol=SERVICE,
        client_ip=session.client.ip,
        username="",
        reason="too many failures",
        limit=session.limits.login_tries,
    )
    return (Reply(status), Reply(Status.TOO_MANY_LOGINS))
