"""What a server offers in its reply to EHLO or LHLO (RFC 5321 §4.1.1.1)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Final

from mailstead.ground.wire.smtp.client.replies import Reply

_NUMBER_MAX: Final = 20  # digits, RFC 1870 §4


@dataclass(frozen=True, slots=True, kw_only=True)
class Capabilities:
    """Offered or not; None where an offer has a value and there is none."""

    size: int | None = None  # RFC 1870; 0: no fixed limit
    pipelining: bool = False  # RFC 2920
    eight_bit: bool = False  # RFC 6152
    binary: bool = False  # RFC 3030
    chunking: bool = False
    smtputf8: bool = False  # RFC 6531
    dsn: bool = False  # RFC 3461
    starttls: bool = False  # RFC 3207
    require_tls: bool = False  # RFC 8689
    auth: frozenset[str] = frozenset()  # RFC 4954: mechanisms, in capitals
    deliver_by: int | None = None  # RFC 2852 §2: the least seconds it takes; 0: not said
    priority: bool = False  # RFC 6710
    future_release: bool = False  # RFC 4865
    rcpt_max: int | None = None  # RFC 9422 §4.2
    mail_max: int | None = None  # §4.1


NO_CAPABILITIES: Final = Capabilities()
"""Of a server that knows only HELO."""


def parse_capabilities(reply: Reply) -> Capabilities:
    """All lines but the first, which greets. What is not known, or not readable, is not offered."""
    found = NO_CAPABILITIES
    for line in reply.lines[1:]:
        keyword, *words = line.upper().replace("AUTH=", "AUTH ", 1).split() or [""]
        if keyword in _OFFERS:
            found = _OFFERS[keyword](found, words)
    return found


def _limits(found: Capabilities, words: list[str]) -> Capabilities:
    """RFC 9422 §4: each is 1 or more."""
    given = {name: _number(value) or None for name, _, value in (word.partition("=") for word in words)}
    return replace(found, rcpt_max=given.get("RCPTMAX", found.rcpt_max), mail_max=given.get("MAILMAX", found.mail_max))


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= _NUMBER_MAX else 0


_OFFERS: Final[Mapping[str, Callable[[Capabilities, list[str]], Capabilities]]] = {
    "PIPELINING": lambda found, _: replace(found, pipelining=True),
    "8BITMIME": lambda found, _: replace(found, eight_bit=True),
    "BINARYMIME": lambda found, _: replace(found, binary=True),
    "CHUNKING": lambda found, _: replace(found, chunking=True),
    "SMTPUTF8": lambda found, _: replace(found, smtputf8=True),
    "DSN": lambda found, _: replace(found, dsn=True),
    "STARTTLS": lambda found, _: replace(found, starttls=True),
    "REQUIRETLS": lambda found, _: replace(found, require_tls=True),
    "MT-PRIORITY": lambda found, _: replace(found, priority=True),
    "FUTURERELEASE": lambda found, _: replace(found, future_release=True),
    "SIZE": lambda found, words: replace(found, size=_number(words[0] if words else "0")),
    "AUTH": lambda found, words: replace(found, auth=found.auth | set(words)),
    "DELIVERBY": lambda found, words: replace(found, deliver_by=_number(words[0] if words else "0")),
    "LIMITS": _limits,
}
