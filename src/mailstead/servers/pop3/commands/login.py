"""USER, PASS and AUTH (RFC 1939 §7, RFC 5034, RFC 3206)."""

import binascii
from typing import Final

from mailstead.ground.model.directory import Role
from mailstead.ground.model.errors import Denied
from mailstead.ground.wire.pop3.command import Auth, BadCommand, Text
from mailstead.ground.wire.pop3.receiver import BadLine
from mailstead.ground.wire.pop3.reply import Code, Reply, challenge, err, listing, ok
from mailstead.servers.pop3.maildrop import Maildrop
from mailstead.servers.pop3.session import Session
from mailstead.services.accounts.attempt import AppPasswordNeeded, Attempt, Limited, NotAuthorized, Principal
from mailstead.services.accounts.sasl import Challenge, Exchange, Malformed, NotOffered, PrivacyRequired
from mailstead.telemetry import Event, emit

FAILED: Final = err("Authentication failed", Code.AUTH)
APP_PASSWORD: Final = err("This account has a second factor: use an app password or a token", Code.AUTH)
LIMITED: Final = err("Too many failed logins, try again later", Code.TEMPORARY)
"""RFC 3206 §4: it is not the password's fault."""
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
    await session.flush()
    try:
        principal = await session.services.authenticator.enter_by_password(
            _attempt(session, "USER"), name, command.text
        )
    except AppPasswordNeeded:
        return _fail(session, name, APP_PASSWORD)
    except Denied:
        return _fail(session, name)
    except Limited:
        return _turn_away(session)
    return await enter(session, principal)


async def auth(session: Session, command: Auth) -> Reply | None:
    """RFC 5034 §4. Without an argument it lists the mechanisms, as many servers do and some clients ask."""
    if command.mechanism is None:
        session.send(listing("Mechanisms", *session.mechanisms))
        return None
    sasl = session.services.authenticator.sasl
    try:
        exchange = sasl.begin(command.mechanism, session.line, _attempt(session, command.mechanism))
        return await enter(session, await _exchange(session, exchange, command.initial))
    except Malformed as malformed:
        text = str(malformed)
        raise BadCommand(text[:1].upper() + text[1:]) from None
    except NotOffered:
        return err("Mechanism not supported")
    except PrivacyRequired:
        return PRIVACY_REQUIRED
    except NotAuthorized:
        return err("Nobody may act as somebody else", Code.AUTH)
    except AppPasswordNeeded:
        return _fail(session, command.mechanism, APP_PASSWORD)
    except Denied:
        return _fail(session, command.mechanism)
    except Limited:
        return _turn_away(session)


async def _exchange(session: Session, exchange: Exchange, initial: bytes | None) -> Principal:
    """Challenges out, responses in, until somebody came in."""
    await session.flush()
    answer = await exchange.start(None if initial is None else _decode(initial, is_initial=True))
    while isinstance(answer, Challenge):
        session.send(challenge(binascii.b2a_base64(answer.data, newline=False)))
        session.receiver.expect_response()
        event = await session.next_line()
        if isinstance(event, BadLine):
            raise BadCommand(event.flaw.value)
        if event.text == b"*":
            raise BadCommand("AUTH cancelled")  # RFC 5034 §4
        answer = await exchange.take(_decode(event.text))
    return answer


def _decode(line: bytes, *, is_initial: bool = False) -> bytes:
    if is_initial and line == b"=":
        return b""  # RFC 5034 §4: an initial response of no octets
    try:
        return binascii.a2b_base64(line, strict_mode=True)
    except binascii.Error:
        raise BadCommand("Not Base64") from None


def _attempt(session: Session, mechanism: str) -> Attempt:
    return Attempt(client_ip=session.stream.peer_ip, service="pop3", session=session.id, mechanism=mechanism)


async def enter(session: Session, principal: Principal) -> Reply:
    """The login succeeded: the maildrop is the INBOX of the user's own account."""
    account = principal.account
    roles = {open_account.id: role for open_account, role in principal.accounts}
    session.maildrop = await Maildrop.open(session.services.folders, account.id)
    session.can_write = roles[account.id] >= Role.EDITOR
    return ok(f"{session.maildrop.count} messages ({session.maildrop.octets} octets)")


def _turn_away(session: Session) -> Reply:
    """Unheard; there is no use in going on."""
    session.is_over = True
    return LIMITED


def _fail(session: Session, name: str, reply: Reply = FAILED) -> Reply:
    """What a failure costs in time it has cost already; after some the connection ends."""
    settings = session.services.settings
    session.failed_logins += 1
    if session.failed_logins >= settings.login_tries:
        emit(
            Event.AUTH_LOGIN_BLOCKED, session=session.id, protocol="pop3", client_ip=session.stream.peer_ip,
            username=name[:320], reason="too many failures", limit=settings.login_tries,
        )  # fmt: skip
        session.is_over = True
    return reply
