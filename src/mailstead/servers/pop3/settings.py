"""What the configuration decides about POP3 sessions."""

from collections.abc import Callable
from dataclasses import dataclass
from ssl import SSLContext


@dataclass(frozen=True, slots=True, kw_only=True)
class Pop3Settings:
    """Spans are seconds."""

    hostname: str
    tls: Callable[[], SSLContext] | None = None  # the context of the moment; None: no STLS
    plain_login: bool = False  # allow a login without TLS from this machine itself
    command_timeout: float = 600.0  # RFC 1939 §3: at least ten minutes; bytes of half a command do not prolong it
    write_timeout: float = 60.0  # a peer that takes nothing for so long is dropped
    tls_timeout: float = 30.0
    login_tries: int = 4  # of one connection; what they cost besides is the guard's affair
    early_commands_max: int = 100  # without a login
    errors_max: int = 20  # in a row
