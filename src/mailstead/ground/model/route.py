"""The next hop of a letter, and the one text that operators write for it."""

import ipaddress
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import Final
from urllib.parse import SplitResult, parse_qs, quote, unquote, urlsplit

from mailstead.ground.model.address import canonical_domain
from mailstead.ground.model.errors import Invalid

DIRECT: Final = "direct"
"""The route of whoever asks the DNS."""
ROUTE_MAX: Final = 1024
HOSTS_MAX: Final = 10

_PORTS: Final = {"smtp": 25, "smtps": 465, "lmtp": 24}
_PASSWORD: Final = re.compile(r"(//[^:@]*):.*@")  # also of a text that is no route, so that no error tells one
_USER: Final = re.compile(r"//([^:@]+)@")


class Speech(Enum):
    """Spoken to the next hop."""

    SMTP = "smtp"
    LMTP = "lmtp"


class TlsLevel(Enum):
    """What must hold of the line. DANE and MTA-STS may ask for more, never for less."""

    NONE = "none"
    MAY = "may"  # encrypted if they offer it; their certificate is not looked at
    SECURE = "secure"  # STARTTLS, and a certificate that the world's CAs vouch for, of the host's name


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """The next hop. Without a host it is found in the DNS of the recipients' domain."""

    protocol: Speech = Speech.SMTP
    host: str = ""  # a name, an address, or the path of a Unix socket (LMTP)
    others: tuple[str, ...] = ()  # hosts to try where that one cannot be reached
    port: int = 25
    is_tls_first: bool = False  # TLS from the first byte (465)
    level: TlsLevel = TlsLevel.MAY
    login: str = ""
    password: str = field(default="", repr=False)
    proxies: tuple[str, ...] = field(default=(), repr=False)  # "socks5://user:password@host:port": one, at random

    @property
    def is_direct(self) -> bool:
        """True if MX records decide."""
        return not self.host

    def hops(self) -> Iterator["Route"]:
        """One for each host, in the order in which they are to be tried."""
        yield self
        for host in self.others:
            yield replace(self, host=host, others=())


def parse_route(text: str) -> Route:
    """`smtp://user:password@host:587?tls=secure`, `smtps://host`, `lmtp://host,other:24`, `lmtp:/run/lmtp.sock`,
    `direct`; Invalid, whose text tells no password."""
    if text == DIRECT:
        return Route()
    if len(text) > ROUTE_MAX or not text.isprintable() or " " in text:
        raise _no_route(text, "it is too long, or has characters that cannot be seen")
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError as error:
        raise _no_route(text, str(error) if "@" not in text else "its host or port cannot be read") from None
    if parts.scheme not in _PORTS:
        raise _no_route(text, "it starts with smtp://, smtps:// or lmtp://, or is direct")
    if port == 0 or parts.fragment:
        raise _no_route(text, "its port cannot be 0" if port == 0 else "nothing follows a #")
    host, *others = _hosts(text, parts)
    return Route(
        protocol=Speech.LMTP if parts.scheme == "lmtp" else Speech.SMTP,
        host=host,
        others=tuple(others),
        port=_PORTS[parts.scheme] if port is None else port,
        is_tls_first=parts.scheme == "smtps",
        level=_level(text, parts.query),
        login=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
    )


def shown_route(text: str) -> str:
    """Without its password: for people, for logs, and as the name of a lane."""
    return _PASSWORD.sub(r"\1@", text)


def with_password(text: str, password: str) -> str:
    """The same with a password; Invalid if nobody logs in there."""
    done, count = _USER.subn(lambda match: f"//{match[1]}:{quote(password, safe='')}@", text, count=1)
    if not count:
        raise Invalid(f"{shown_route(text)} names no user to whom the password could belong")
    return done


def _hosts(text: str, parts: SplitResult) -> list[str]:
    if not parts.netloc and parts.scheme == "lmtp" and parts.path.startswith("/"):
        return [parts.path]
    names = (parts.hostname or "").split(",")
    if parts.path not in ("", "/") or not names[0] or len(names) > HOSTS_MAX:
        raise _no_route(text, "it names no host" if not names[0] else "its hosts cannot be read")
    return [_host(text, name) for name in names]


def _host(text: str, name: str) -> str:
    try:
        return str(ipaddress.ip_address(name))
    except ValueError:
        pass
    try:
        return canonical_domain(name)
    except Invalid:
        raise _no_route(text, f"{name!r} is no host") from None


def _level(text: str, query: str) -> TlsLevel:
    said = parse_qs(query, keep_blank_values=True)
    words = said.pop("tls", [TlsLevel.MAY.value])
    if said or words[-1] not in {one.value for one in TlsLevel}:
        raise _no_route(text, "after the ? comes tls=none, tls=may or tls=secure")
    return TlsLevel(words[-1])


def _no_route(text: str, why: str) -> Invalid:
    return Invalid(f"{shown_route(text[:ROUTE_MAX])!r} is no route: {why}")
