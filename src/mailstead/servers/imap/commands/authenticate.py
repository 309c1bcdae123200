"""STARTTLS, LOGIN and AUTHENTICATE PLAIN (RFC 9051 §6.2, RFC 4616)."""

import asyncio
import binascii
from typing import Final

from mailstead.ground.model.address import fold
from mailstead.ground.model.errors import Denied
from mailstead.ground.wire.imap import response
from mailstead.ground.wire.imap.command import Authenticate, Login
from mailstead.ground.wire.imap.event import RawLine, Refused
from mailstead.ground.wire.imap.limits import AFTER_LOGIN
from mailstead.ground.wire.imap.response import Code
from mailstead.servers.imap.reply import Reply, bad, no, ok
from mailstead.servers.imap.session import Session, State
from mailstead.telemetry import Event, emit

PRIVACY_REQUIRED: Final = no("Start TLS first", Code.PRIVACYREQUIRED)
ANSWERED: Final = ok("")
"""The handler has sent its tagged answer itself."""
FAILED: Final = no("Authentication failed", Code.AUTHENTICATIONFAILED)


async def starttls(session: Session, _command: object) -> Reply:
    """RFC 9051 §6.2.1. Bytes behind the command are not part of the protected session and are dropped."""
    settings = session.services.settings
    if settings.tls is None or session.stream.tls is not None:
        return bad("TLS is not to be had, or active already")
    session.receiver.clear()
    session.send(response.ok(session.tag, "Begin TLS negotiation now"))
    await session.flush()
    await session.stream.start_tls(settings.tls(), settings.tls_timeout)
    return ANSWERED


async def login(session: Session, command: Login) -> Reply:
    """RFC 9051 §6.2.3."""
    if not session.may_login:
        return PRIVACY_REQUIRED
    return await _admit(session, command.user, command.password, mechanism="LOGIN")


async def authenticate(session: Session, command: Authenticate) -> Reply:
    """RFC 9051 §6.2.2 with an initial response (RFC 4959)."""
    if command.mechanism != "PLAIN":
        return no("Mechanism not supported")
    if not session.may_login:
        return PRIVACY_REQUIRED
    message = command.initial
    if message is None:
        session.send(response.continuation(b""))
        session.receiver.expect_line()
        event = await session.next_event()
        match event:
            case RawLine(b"*"):
                return bad("AUTHENTICATE cancelled")
            case RawLine(line):
                message = _decode(line)
            case Refused(_, reason, _):
                return bad(reason)
            case _:
                raise AssertionError(event)
    parts = message.split(b"\0") if message is not None else []
    if len(parts) != 3:
        return bad("Not a message of PLAIN")
    try:
        authzid, authcid, password = (part.decode("utf-8") for part in parts)
    except UnicodeDecodeError:
        return bad("Not UTF-8")
    # RFC 4616 §2: to act as somebody else is not offered; naming oneself is allowed.
    if authzid and fold(authzid) != fold(authcid):
        return no("Nobody may act as somebody else", Code.AUTHORIZATIONFAILED)
    return await _admit(session, authcid, password, mechanism="PLAIN")


def _decode(line: bytes) -> bytes | None:
    try:
        return binascii.a2b_base64(line, strict_mode=True)
    except binascii.Error:
        return None


async def _admit(session: Session, name: str, password: str, *, mechanism: str) -> Reply:
    services = session.services
    try:
        principal = await services.authenticator.login(
            name, password, client_ip=session.stream.peer_ip, service="imap", session=session.id, mechanism=mechanism
        )
    except Denied:
        return await _fail(session, name)
    session.enter(principal)
    session.receiver.limits = AFTER_LOGIN
    return ok("Logged in", response.code_capability(session.capabilities))


async def _fail(session: Session, name: str) -> Reply:
    """Each failure costs time; after some the connection ends."""
    settings = session.services.settings
    session.failed_logins += 1
    await session.flush()
    await asyncio.sleep(settings.failure_delay * min(session.failed_logins, 2))
    if session.failed_logins >= settings.login_tries:
        emit(
            Event.AUTH_LOGIN_BLOCKED, session=session.id, protocol="imap", client_ip=session.stream.peer_ip,
            username=name[:320], reason="too many failures", limit=settings.login_tries,
        )  # fmt: skip
        session.send(FAILED.line(session.tag))
        session.send(response.bye("Too many failed logins"))
        session.state = State.LOGOUT
        return ANSWERED
    return FAILED
