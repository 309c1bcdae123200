"""USER, PASS and AUTH (RFC 1939 §7, RFC 5034, RFC 4616, RFC 3206)."""

import asyncio
import binascii
from typing import Final

from mailstead.ground.model.address import fold
from mailstead.ground.model.directory import Role
from mailstead.ground.model.errors import Denied
from mailstead.ground.wire.pop3.command import Auth, Text
from mailstead.ground.wire.pop3.receiver import BadLine
from mailstead.ground.wire.pop3.reply import Code, Reply, challenge, err, listing, ok
from mailstead.servers.pop3.maildrop import Maildrop
from mailstead.servers.pop3.session import Session
from mailstead.services.accounts.login import Principal
from mailstead.telemetry import Event, emit

MECHANISMS: Final = ("PLAIN",)
FAILED: Final = err("Authentication failed", Code.AUTH)
PRIVACY_REQUIRED: Final = err("Start TLS first")


async def user(session: Session, command: Text) -> Reply:
    """Whether there is such a user is not told (RFC 1939 §13)."""
    if not session.may_login:
        return PRIVACY_REQUIRED
    session.user = command.text
    return ok("And the password?")


async def password(session: Session, command: Text) -> Reply | None:
    """PASS: directly after USER."""
    if not session.may_login:
        return PRIVACY_REQUIRED
    name, session.user = session.user, None
    if name is None:
        return err("USER comes first")
    return await _admit(session, name, command.text, mechanism="USER")


async def auth(session: Session, command: Auth) -> Reply | None:
    """RFC 5034 §4. Without an argument it lists the mechanisms, as many servers do and some clients ask."""
    mechanisms = MECHANISMS if session.may_login else ()
    if command.mechanism is None:
        session.send(listing("Mechanisms", *mechanisms))
        return None
    if command.mechanism not in MECHANISMS:
        return err("Mechanism not supported")
    if not session.may_login:
        return PRIVACY_REQUIRED
    line = command.initial
    if line is None:
        session.send(challenge())
        session.receiver.expect_response()
        event = await session.next_line()
        if isinstance(event, BadLine):
            return err(event.flaw.value)
        if event.text == b"*":
            return err("AUTH cancelled")  # RFC 5034 §4
        line = event.text
    message = _decode(line)
    if message is None:
        return err("Not Base64")
    return await _plain(session, message)


async def _plain(session: Session, message: bytes) -> Reply | None:
    """RFC 4616 §2."""
    parts = message.split(b"\0")
    if len(parts) != 3:
        return err("Not a message of PLAIN")
    try:
        authzid, authcid, secret = (part.decode() for part in parts)
    except UnicodeDecodeError:
        return err("Not UTF-8")
    # RFC 4616 §2: to act as somebody else is not offered; naming oneself is allowed.
    if authzid and fold(authzid) != fold(authcid):
        return err("Nobody may act as somebody else", Code.AUTH)
    return await _admit(session, authcid, secret, mechanism="PLAIN")


def _decode(line: bytes) -> bytes | None:
    if line == b"=":
        return b""  # RFC 5034 §4: an initial response of no octets
    try:
        return binascii.a2b_base64(line, strict_mode=True)
    except binascii.Error:
        return None


async def _admit(session: Session, name: str, secret: str, *, mechanism: str) -> Reply | None:
    services = session.services
    try:
        principal = await services.authenticator.login(
            name, secret, client_ip=session.stream.peer_ip, service="pop3", session=session.id, mechanism=mechanism
        )
    except Denied:
        return await _fail(session, name)
    return await enter(session, principal)


async def enter(session: Session, principal: Principal) -> Reply:
    """The login succeeded: the maildrop is the INBOX of the user's own account."""
    account = principal.account
    roles = {open_account.id: role for open_account, role in principal.accounts}
    session.maildrop = await Maildrop.open(session.services.folders, account.id)
    session.can_write = roles[account.id] >= Role.EDITOR
    return ok(f"{session.maildrop.count} messages ({session.maildrop.octets} octets)")


async def _fail(session: Session, name: str) -> Reply:
    """Each failure costs time; after some the connection ends."""
    settings = session.services.settings
    session.failed_logins += 1
    await session.flush()
    await asyncio.sleep(settings.failure_delay * min(session.failed_logins, 2))
    if session.failed_logins >= settings.login_tries:
        emit(
            Event.AUTH_LOGIN_BLOCKED, session=session.id, protocol="pop3", client_ip=session.stream.peer_ip,
            username=name[:320], reason="too many failures", limit=settings.login_tries,
        )  # fmt: skip
        session.is_over = True
    return FAILED
