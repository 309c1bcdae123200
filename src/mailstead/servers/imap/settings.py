"""What the configuration decides about IMAP sessions."""

from collections.abc import Callable
from dataclasses import dataclass
from ssl import SSLContext


@dataclass(frozen=True, slots=True, kw_only=True)
class ImapSettings:
    """Spans are seconds, sizes bytes."""

    hostname: str
    tls: Callable[[], SSLContext] | None = None  # the context of the moment; None: no STARTTLS
    plain_login: bool = False  # allow a login without TLS from this machine itself
    max_message_size: int = 50 * 1024 * 1024
    login_timeout: float = 60.0
    idle_timeout: float = 1800.0  # RFC 9051 §5.4: at least 30 minutes
    literal_timeout: float = 300.0  # in the middle of a message that comes
    write_timeout: float = 60.0  # a peer that takes nothing for so long is dropped
    tls_timeout: float = 30.0
    login_tries: int = 4
    bad_commands_max: int = 50  # in a row, then BYE
    message_limit: int = 1_000_000  # messages one command works on (RFC 9738)
    vendor: tuple[tuple[str, str], ...] = (("name", "Mailstead"),)  # ID (RFC 2971); no version unless told
