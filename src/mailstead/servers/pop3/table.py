"""The table of commands: states, parser and handler as data; and what CAPA says."""

from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass
from typing import Any, Final, Generic, TypeVar

from mailstead.ground.wire.pop3 import command as wire
from mailstead.ground.wire.pop3.reply import Reply
from mailstead.servers.pop3.commands.login import auth, password, user
from mailstead.servers.pop3.commands.maildrop import dele, list_, quit_, rset, stat, uidl
from mailstead.servers.pop3.commands.retrieve import retr, top
from mailstead.servers.pop3.commands.small import apop, capa, lang, noop, stls, utf8
from mailstead.servers.pop3.session import Session

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Row(Generic[T]):
    """One command. A handler that gives None has sent its answer itself."""

    parse: Callable[[bytes], T]
    handle: Callable[[Session, T], Coroutine[Any, Any, Reply | None]]
    before_login: bool = False  # RFC 1939 §4: the AUTHORIZATION state
    after_login: bool = True  # RFC 1939 §5: the TRANSACTION state


def _early(parse: Callable[[bytes], T], handle: Callable[[Session, T], Coroutine[Any, Any, Reply | None]]) -> Row[T]:
    return Row(parse, handle, before_login=True, after_login=False)


COMMANDS: Final[Mapping[str, Row[Any]]] = {
    "CAPA": Row(wire.parse_nothing, capa, before_login=True),
    "STLS": _early(wire.parse_nothing, stls),
    "USER": _early(wire.parse_text, user),
    "PASS": _early(wire.parse_text, password),
    "APOP": _early(bytes, apop),
    "AUTH": _early(wire.parse_auth, auth),
    "UTF8": _early(wire.parse_nothing, utf8),
    "LANG": Row(wire.parse_language, lang, before_login=True),
    "STAT": Row(wire.parse_nothing, stat),
    "LIST": Row(wire.parse_one_or_all, list_),
    "UIDL": Row(wire.parse_one_or_all, uidl),
    "RETR": Row(wire.parse_one, retr),
    "TOP": Row(wire.parse_top, top),
    "DELE": Row(wire.parse_one, dele),
    "RSET": Row(wire.parse_nothing, rset),
    "NOOP": Row(wire.parse_nothing, noop),
    "QUIT": Row(wire.parse_nothing, quit_, before_login=True),
}


def list_capabilities(session: Session) -> list[str]:
    """RFC 2449 §5: what may be used before login is told in both states."""
    found = ["TOP", "UIDL", "RESP-CODES", "AUTH-RESP-CODE", "PIPELINING", "EXPIRE NEVER", "LANG", "UTF8 USER"]
    if session.mechanisms:  # RFC 2595 §2.1: not where they would be refused
        found += ["USER", f"SASL {' '.join(session.mechanisms)}"]
    if session.services.settings.tls is not None and session.stream.tls is None:
        found.append("STLS")
    return [*found, "IMPLEMENTATION Mailstead"]
