"""STARTTLS, LOGIN, AUTHENTICATE and UNAUTHENTICATE (RFC 9051 §6.2, RFC 4959, RFC 8437).

What a login is worth is decided by `services.accounts`; here are its lines and replies (RFC 5530).
"""

import binascii
from collections.abc import Mapping
from typing import Final

from mailstead.ground.model.errors import Busy, Denied, MailError
from mailstead.ground.wire.imap import response
from mailstead.ground.wire.imap.command import Authenticate, Login
from mailstead.ground.wire.imap.event import RawLine, Refused
from mailstead.ground.wire.imap.limits import AFTER_LOGIN, BEFORE_LOGIN
from mailstead.ground.wire.imap.response import Code
from mailstead.net.deflate import DeflatedStream
from mailstead.servers.imap.reply import Reply, bad, no, ok
from mailstead.servers.imap.session import Session, State
from mailstead.services.accounts.attempt import (
    AppPasswordNeeded,
    Attempt,
    Expired,
    Limited,
    NotAuthorized,
    Principal,
    TooMany,
)
from mailstead.services.accounts.sasl import Challenge, Line, Malformed, NotOffered, PrivacyRequired
from mailstead.telemetry import Event, emit

PRIVACY_REQUIRED: Final = no("Start TLS first", Code.PRIVACYREQUIRED)
ANSWERED: Final = ok("")
"""The handler has sent its tagged answer itself."""
FAILED: Final = no("Authentication failed", Code.AUTHENTICATIONFAILED)
NOT_AUTHORIZED: Final = no("Nobody may act as somebody else", Code.AUTHORIZATIONFAILED)
EXPIRED: Final = no("That credential is no longer valid", Code.EXPIRED)
APP_PASSWORD: Final = no("This account has a second factor: use an app password or a token", Code.AUTHENTICATIONFAILED)
LIMITED: Final = no("Too many failed logins, try again later", Code.LIMIT)
TOO_MANY: Final = no("Too many logins, try again later", Code.LIMIT)
BUSY: Final = no("Logins cannot be checked now, try again later", Code.UNAVAILABLE)
_SAID: Final[Mapping[type[MailError], Reply]] = {
    Expired: EXPIRED, TooMany: TOO_MANY, Limited: LIMITED, AppPasswordNeeded: APP_PASSWORD, Denied: FAILED,
}  # fmt: skip
"""To failures that count against the session."""
NOT_OFFERED: Final = no("Mechanism not supported")
CANCELLED: Final = bad("AUTHENTICATE cancelled")


async def starttls(session: Session, _command: object) -> Reply:
    """RFC 9051 §6.2.1. Bytes behind the command are not part of the protected session and are dropped."""
    settings = session.services.settings
    if settings.tls is None or session.stream.tls is not None:
        return bad("TLS is not to be had, or active already")
    session.receiver.clear()
    session.send(response.ok(session.tag, "Begin TLS negotiation now"))
    await session.flush()
    await session.stream.start_tls(settings.tls(), settings.tls_timeout)
    await session.services.authenticator.refresh()
    return ANSWERED


async def login(session: Session, command: Login) -> Reply:
    """RFC 9051 §6.2.3."""
    if not session.may_login:
        return PRIVACY_REQUIRED
    await session.flush()  # a refusal takes its time
    attempt = _attempt(session, "LOGIN")
    try:
        return _admit(
            session,
            await session.services.authenticator.enter_by_password(attempt, command.user, command.password),
        )
    except (Denied, Busy) as error:
        return _refuse(session, error, command.user)


async def authenticate(session: Session, command: Authenticate) -> Reply:
    """RFC 9051 §6.2.2 with an initial response (RFC 4959)."""
    sasl, line = session.services.authenticator.sasl, Line(session.stream.tls, session.may_login)
    try:
        exchange = sasl.begin(command.mechanism, line, _attempt(session, command.mechanism))
        await session.flush()
        answer = await exchange.start(command.initial)
        while isinstance(answer, Challenge):
            answer = await exchange.take(await _ask(session, answer))
    except _Cancelled as cancelled:
        return cancelled.reply
    except Malformed as error:
        return bad(f"AUTHENTICATE: {error}")
    except (Denied, Busy) as error:
        return _refuse(session, error, "")
    return _admit(session, answer)


async def unauthenticate(session: Session, _command: object) -> Reply:
    """RFC 8437 §3: all state goes but that of TLS. A stream that is compressed cannot be turned back: BYE instead."""
    if isinstance(session.stream, DeflatedStream):
        session.send(response.bye("A compressed connection cannot be used again"))
        session.state = State.LOGOUT
        return ANSWERED
    session.leave()
    session.receiver.limits = BEFORE_LOGIN
    await session.services.authenticator.refresh()
    return ok("Not authenticated", response.code_capability(session.capabilities))


class _Cancelled(Exception):  # noqa: N818 - it is the client's wish
    def __init__(self, reply: Reply) -> None:
        super().__init__(reply)
        self.reply = reply


async def _ask(session: Session, challenge: Challenge) -> bytes:
    """What the client answers to a challenge."""
    session.send(response.continuation(binascii.b2a_base64(challenge.data, newline=False)))
    session.receiver.expect_line()
    event = await session.next_event()
    match event:
        case RawLine(b"*"):
            raise _Cancelled(CANCELLED)
        case RawLine(line):
            return _decode(line)
        case Refused(_, reason, _):
            raise _Cancelled(bad(reason))
        case _:
            raise AssertionError(event)


def _decode(line: bytes) -> bytes:
    try:
        return binascii.a2b_base64(line, strict_mode=True) if line else b""
    except binascii.Error:
        raise _Cancelled(bad("Not base64")) from None


def _attempt(session: Session, mechanism: str) -> Attempt:
    return Attempt(client_ip=session.stream.peer_ip, service="imap", session=session.id, mechanism=mechanism[:20])


def _admit(session: Session, principal: Principal) -> Reply:
    session.enter(principal)
    session.receiver.limits = AFTER_LOGIN
    return ok("Logged in", response.code_capability(session.capabilities))


def _refuse(session: Session, error: Denied | Busy, name: str) -> Reply:
    """RFC 5530 §3. After some failures the connection ends."""
    match error:
        case PrivacyRequired():
            return PRIVACY_REQUIRED
        case NotOffered():
            return NOT_OFFERED
        case NotAuthorized():
            return NOT_AUTHORIZED
        case Denied() | Limited():
            return _fail(session, name, next(_SAID[kind] for kind in type(error).__mro__ if kind in _SAID))
        case Busy():
            return BUSY


def _fail(session: Session, name: str, reply: Reply) -> Reply:
    limit = session.services.settings.login_tries
    session.failed_logins += 1
    if session.failed_logins < limit:
        return reply
    emit(
        Event.AUTH_LOGIN_BLOCKED, session=session.id, protocol="imap", client_ip=session.stream.peer_ip,
        username=name[:320], reason="too many failures", limit=limit,
    )  # fmt: skip
    session.send(reply.line(session.tag))
    session.send(response.bye("Too many failed logins"))
    session.state = State.LOGOUT
    return ANSWERED
