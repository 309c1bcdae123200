"""The table of commands: order, dialect, parser and handler as data. EHLO and HELP are read from the same rows."""

from collections.abc import Callable, Coroutine, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final, Generic, TypeVar

from mailstead.ground.model.ids import Instant
from mailstead.ground.wire.smtp import command as parsers
from mailstead.ground.wire.smtp.reply import Reply, Status
from mailstead.servers.smtp.commands.auth import auth
from mailstead.servers.smtp.commands.bdat import bdat
from mailstead.servers.smtp.commands.data import data
from mailstead.servers.smtp.commands.hello import ehlo, helo
from mailstead.servers.smtp.commands.mail import mail
from mailstead.servers.smtp.commands.rcpt import rcpt
from mailstead.servers.smtp.commands.small import expn, help_, noop, quit_, rset, vrfy
from mailstead.servers.smtp.commands.starttls import starttls
from mailstead.servers.smtp.profile import Dialect, Profile
from mailstead.servers.smtp.session import Session, State

T = TypeVar("T")
Answer = Reply | Sequence[Reply]


@dataclass(frozen=True, slots=True)
class Offer:
    """What the keywords of EHLO depend on."""

    profile: Profile
    max_message_size: int
    is_tls: bool
    mechanisms: tuple[str, ...] = ()
    now: Instant = Instant(0)  # noqa: RUF009 - a NewType makes nothing


def _nothing(_offer: Offer) -> Iterable[str]:
    return ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Command(Generic[T]):
    """One row. `refused_in`: the states in which it comes out of order, and what is said then."""

    parse: Callable[[str], T]
    handle: Callable[[Session, T], Coroutine[Any, Any, Answer]]
    refused_in: Mapping[State, Status] = field(default_factory=dict)
    dialects: frozenset[Dialect] = frozenset(Dialect)
    is_login: bool = False  # only where people log in
    offers: Callable[[Offer], Iterable[str]] = _nothing
    ends_on_fault: bool = False  # the session is lost if its argument cannot be read

    def is_spoken(self, profile: Profile) -> bool:
        """Whether listeners of that kind know it."""
        return profile.dialect in self.dialects and (profile.takes_logins or not self.is_login)


def _mail_keywords(offer: Offer) -> Iterable[str]:
    yield f"SIZE {offer.max_message_size}"  # RFC 1870
    yield "8BITMIME"  # RFC 6152
    yield "BINARYMIME"  # RFC 3030 §3
    yield "DSN"  # RFC 3461
    if offer.is_tls:
        yield "REQUIRETLS"  # RFC 8689 §2
    if offer.profile.smtputf8:
        yield "SMTPUTF8"  # RFC 6531
    limits = offer.profile.limits
    if offer.profile.takes_logins:
        until = datetime.fromtimestamp(offer.now / 1000 + limits.max_hold, tz=UTC)
        yield f"FUTURERELEASE {limits.max_hold} {until:%Y-%m-%dT%H:%M:%SZ}"  # RFC 4865 §3
        yield f"DELIVERBY {limits.min_deliver_by}"  # RFC 2852 §2
        yield "MT-PRIORITY MIXER"  # RFC 6710 §3
    yield f"LIMITS MAILMAX={limits.max_transactions} RCPTMAX={limits.max_recipients}"  # RFC 9422


def _login_keywords(offer: Offer) -> Iterable[str]:
    if offer.mechanisms:
        yield f"AUTH {' '.join(offer.mechanisms)}"  # RFC 4954 §3


def _tls_keywords(offer: Offer) -> Iterable[str]:
    if offer.profile.tls is not None and not offer.is_tls:
        yield "STARTTLS"  # RFC 3207 §4.2: not again under TLS


_SMTP: Final = frozenset({Dialect.SMTP})
_LMTP: Final = frozenset({Dialect.LMTP})
_IN_MAIL: Final = {State.MAIL: Status.BAD_ORDER, State.RCPT: Status.BAD_ORDER, State.CHUNKS: Status.IN_CHUNKS}
_NO_SENDER: Final = {
    State.START: Status.NEED_SENDER,
    State.GREETED: Status.NEED_SENDER,
    State.READY: Status.NEED_SENDER,
    State.CHUNKS: Status.IN_CHUNKS,  # RFC 3030 §2: no DATA among BDATs
}

COMMANDS: Final[Mapping[str, Command[Any]]] = {
    "HELO": Command(parse=parsers.parse_hello, handle=helo, dialects=_SMTP),
    "EHLO": Command(parse=parsers.parse_hello, handle=ehlo, dialects=_SMTP),
    "LHLO": Command(parse=parsers.parse_hello, handle=ehlo, dialects=_LMTP),
    "MAIL": Command(
        parse=parsers.parse_mail,
        handle=mail,
        refused_in={State.START: Status.SAY_HELLO, State.GREETED: Status.LOGIN_REQUIRED} | _IN_MAIL,
        offers=_mail_keywords,
    ),
    "RCPT": Command(parse=parsers.parse_rcpt, handle=rcpt, refused_in=_NO_SENDER),
    "DATA": Command(
        parse=parsers.parse_nothing, handle=data, refused_in=_NO_SENDER | {State.MAIL: Status.NEED_RECIPIENT}
    ),
    "BDAT": Command(
        parse=parsers.parse_bdat, handle=bdat, offers=lambda _: ("CHUNKING",), ends_on_fault=True
    ),  # out of order it still has octets to read: its handler sees to it
    "RSET": Command(parse=parsers.parse_nothing, handle=rset),
    "NOOP": Command(parse=parsers.parse_words, handle=noop),
    "QUIT": Command(parse=parsers.parse_nothing, handle=quit_),
    "VRFY": Command(parse=parsers.parse_some_words, handle=vrfy),
    "EXPN": Command(parse=parsers.parse_some_words, handle=expn),
    "HELP": Command(parse=parsers.parse_words, handle=help_, offers=lambda _: ("HELP",)),
    "STARTTLS": Command(parse=parsers.parse_nothing, handle=starttls, refused_in=_IN_MAIL, offers=_tls_keywords),
    "AUTH": Command(
        parse=parsers.parse_auth,
        handle=auth,
        refused_in={State.START: Status.SAY_HELLO, State.READY: Status.LOGGED_IN_ALREADY} | _IN_MAIL,
        is_login=True,
        offers=_login_keywords,
    ),
}


def keywords(offer: Offer) -> tuple[str, ...]:
    """For EHLO and LHLO: those of the server as such (RFC 2920, RFC 2034), then those of the rows."""
    rows = (row for row in COMMANDS.values() if row.is_spoken(offer.profile))
    return ("PIPELINING", "ENHANCEDSTATUSCODES", *(word for row in rows for word in row.offers(offer)))


def verbs(profile: Profile) -> tuple[str, ...]:
    """For HELP."""
    return tuple(verb for verb, row in COMMANDS.items() if row.is_spoken(profile))
