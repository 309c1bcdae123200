"""What makes a listener an MX or an LMTP server: values, no subclasses."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from ssl import SSLContext


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

    @property
    def protocol(self) -> str:
        """For events."""
        return self.dialect.value


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
