"""The way to a destination: what was set by hand or by a domain of ours, else what the operator configured."""

from dataclasses import dataclass, replace
from typing import Final
from urllib.parse import parse_qs, unquote, urlsplit

from mailstead.ground.model.errors import Invalid
from mailstead.ground.model.spool import SpooledLetter, SpooledRecipient
from mailstead.services.outbound.parcel import Route, Speech, TlsLevel

_PORTS: Final = {"smtp": 25, "smtps": 465, "lmtp": 24}


def parse_route(text: str) -> Route:
    """`smtp://user:password@host:587?tls=secure`, `smtps://host`, `lmtp://host:24`, `lmtp:/run/lmtp.sock`; Invalid."""
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError as error:
        raise Invalid(f"{text!r} is no route: {error}") from None
    if parts.scheme not in _PORTS:
        raise Invalid(f"{text!r} is no route: it starts with smtp://, smtps:// or lmtp://")
    speech = Speech.LMTP if parts.scheme == "lmtp" else Speech.SMTP
    host = parts.hostname or (parts.path if speech is Speech.LMTP and parts.path.startswith("/") else "")
    if not host:
        raise Invalid(f"{text!r} is no route: it names no host")
    level = parse_qs(parts.query).get("tls", ["may"])[0]
    if level not in {one.value for one in TlsLevel}:
        raise Invalid(f"{text!r} is no route: tls is none, may or secure")
    return Route(
        protocol=speech,
        host=host,
        port=_PORTS[parts.scheme] if port is None else port,
        is_tls_first=parts.scheme == "smtps",
        level=TlsLevel(level),
        login=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
    )


@dataclass(frozen=True, slots=True)
class ConfiguredRoutes:
    """`default` is direct, or leads to a relay."""

    default: Route

    async def find(self, letter: SpooledLetter, recipient: SpooledRecipient) -> Route:  # noqa: ARG002 - of the port
        """Invalid if what was set by hand is no route, which those who set it are told."""
        if not recipient.route:
            return self.default
        return replace(parse_route(recipient.route), proxies=self.default.proxies)
