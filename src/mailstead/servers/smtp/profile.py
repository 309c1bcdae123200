"""What makes a listener an MX, an LMTP server or the submission of our own people: values, no subclasses."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from ssl import SSLContext

from mailstead.ground.wire.smtp.parameters import RELAYED, SUBMITTED


class Dialect(Enum):
    """The value is the protocol's name in events."""

    SMTP = "smtp"
    LMTP = "lmtp"  # RFC 2033: LHLO, and one reply for each recipient after the content


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Each has its reply. Times are seconds."""

    max_recipients: int = 100  # RFC 5321 §4.5.3.1.8: at least these; 452 4.5.3 beyond
    max_transactions: int = 1000
    max_errors: int = 50
    max_recipient_misses: int = 10
    login_tries: int = 5  # failed ones, then 421
    max_hold: int = 2_592_000  # seconds, of FUTURERELEASE (RFC 4865)
    min_deliver_by: int = 60  # seconds, of DELIVERBY (RFC 2852)
    max_commands: int = 1000  # since the last letter that was filed: work is no noise
    command_timeout: float = 120
    data_timeout: float = 600  # for the whole content
    data_grace: float = 180  # RFC 5321 §4.5.3.2.5; after it, `min_rate` must have been kept
    min_rate: int = 1024  # octets a second
    session_timeout: float = 1800  # asked between commands only; 0: no limit
    write_timeout: float = 60
    tls_timeout: float = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """One kind of listener. `tls` gives the context of the hour, so that certificates are renewed under it."""

    name: str
    hostname: str
    dialect: Dialect = Dialect.SMTP
    tls: Callable[[], SSLContext] | None = None
    limits: Limits = Limits()
    smtputf8: bool = True
    takes_logins: bool = False  # and then nothing of anybody who has not logged in
    default_domain: str = ""  # of recipients without @; "": there are none

    @property
    def protocol(self) -> str:
        """For events."""
        return self.name if self.takes_logins else self.dialect.value

    @property
    def parameters(self) -> frozenset[str]:
        """What may be asked at MAIL."""
        return SUBMITTED if self.takes_logins else RELAYED


def mx(
    hostname: str,
    *,
    tls: Callable[[], SSLContext] | None = None,
    limits: Limits = Limits(),
    smtputf8: bool = True,
) -> Profile:
    """Mail from the world, for us."""
    return Profile(name="mx", hostname=hostname, tls=tls, limits=limits, smtputf8=smtputf8)


def lmtp(
    hostname: str,
    *,
    tls: Callable[[], SSLContext] | None = None,
    limits: Limits = Limits(),
    smtputf8: bool = True,
) -> Profile:
    """Mail from another server of ours, already judged."""
    return Profile(name="lmtp", hostname=hostname, dialect=Dialect.LMTP, tls=tls, limits=limits, smtputf8=smtputf8)


def submission(
    hostname: str,
    *,
    tls: Callable[[], SSLContext] | None = None,
    limits: Limits = Limits(),
    smtputf8: bool = True,
    default_domain: str = "",
) -> Profile:
    """Mail from our own people, for us and the world (RFC 6409)."""
    return Profile(
        name="submission",
        hostname=hostname,
        tls=tls,
        limits=limits,
        smtputf8=smtputf8,
        takes_logins=True,
        default_domain=default_domain,
    )
