"""A connection as servers see it. `net.connection` implements it on sockets, tests implement it in memory."""

from dataclasses import dataclass
from ssl import SSLContext
from typing import Protocol


class PeerGone(Exception):  # noqa: N818 - it is news, not an error
    """The other end closed, reset, or is too slow to take what we send."""


class TimedOut(Exception):  # noqa: N818
    """The other end did not say anything in time."""


class TlsFailed(PeerGone):
    """The handshake failed, and the connection with it; `verify_code` is OpenSSL's, 0 if no certificate was refused."""

    def __init__(self, words: str, verify_code: int = 0) -> None:
        super().__init__(words)
        self.verify_code = verify_code


class Woken(Exception):  # noqa: N818
    """Someone of ours asked the session to look up (`Stream.wake`); no byte was lost."""


@dataclass(frozen=True, slots=True)
class TlsInfo:
    """What was agreed on."""

    version: str
    cipher: str
    server_name: str = ""
    certificate_hash: bytes = b""  # RFC 5929 §4.1 (tls-server-end-point), of the one this client was shown
    client_emails: tuple[str, ...] = ()  # subjectAltName of a client's certificate that our CA vouches for
    chain: tuple[bytes, ...] = ()  # of a server that we are the client of: DER, as sent, its own first
    is_verified: bool = False  # OpenSSL judged that chain and the name in it


class Stream(Protocol):
    """Bytes both ways. Every read has a timeout and a maximum, every write buffer a limit."""

    @property
    def peer_ip(self) -> str:
        """The client's address; behind a trusted proxy the one it told (PROXY protocol)."""

    @property
    def peer_port(self) -> int: ...

    @property
    def is_proxied(self) -> bool:
        """True if the connection itself comes from a trusted proxy (then its own address grants nothing)."""

    @property
    def local_port(self) -> int: ...

    @property
    def tls(self) -> TlsInfo | None: ...

    async def read(self, timeout: float) -> bytes:  # noqa: ASYNC109 - one sweeping timer serves all connections
        """The bytes that have come, at least one and at most 256 KiB; b'' at the end; TimedOut, PeerGone.

        Reading pauses the transport by itself while nobody asks and much is buffered.
        """

    def wake(self) -> None:
        """Make the `read` that waits, or else the next one, raise Woken once: news for an idle session, or drain.

        A session nobody wakes never sees it. Cancelling a `read` loses no byte either.
        """

    def has_input(self) -> bool:
        """True if bytes wait that `read` would give at once."""

    def write(self, data: bytes) -> None:
        """Queue bytes to be sent; never blocks, ignored when the peer is gone."""

    async def drain(self, timeout: float) -> None:  # noqa: ASYNC109
        """Wait until little is queued; PeerGone if the peer takes nothing for `timeout` seconds."""

    async def start_tls(self, context: SSLContext, timeout: float) -> None:  # noqa: ASYNC109
        """Become the server side of TLS. What was received before and not read is dropped (RFC 3207 §6)."""

    def close(self) -> None:
        """Send what is queued, then close. May be called twice."""

    def abort(self) -> None:
        """Close at once, dropping what is queued."""
