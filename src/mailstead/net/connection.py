"""One connection: `Stream` on an asyncio transport. Bytes wait here until the session asks, within limits.

Invariants: at most one task reads and one drains; `deadline` is the earliest moment at which `expire` has work to do;
`on_lost` is called exactly once, when the transport is gone.
"""

import asyncio
import ssl
from collections.abc import Callable
from math import inf
from typing import Final, cast

from mailstead.net.stream import PeerGone, TimedOut, TlsFailed, TlsInfo, Woken
from mailstead.net.sweep import Sweep
from mailstead.net.tls import describe
from mailstead.telemetry import Event, emit

MOST_READ: Final = 256 * 1024
WRITE_HIGH: Final = 256 * 1024
WRITE_LOW: Final = 64 * 1024
MOST_QUEUED: Final = 64 * 1024 * 1024
LINGER: Final = 10.0
TLS_SHUTDOWN: Final = 5.0


class Connection(asyncio.Protocol):
    """A connection from a client, or to a server; see `Stream` for the promises."""

    __slots__ = (
        "_buffered",
        "_chunks",
        "_close_by",
        "_drain_by",
        "_drainer",
        "_error",
        "_is_closing",
        "_is_ended",
        "_is_full",
        "_is_lost",
        "_is_paused",
        "_is_woken",
        "_on_lost",
        "_queued",
        "_read_by",
        "_reader",
        "_sweep",
        "_tls",
        "_transport",
        "_wait",
        "deadline",
        "is_proxied",
        "listener",
        "local_port",
        "peer_ip",
        "peer_port",
    )

    def __init__(self, listener: str, sweep: Sweep, on_lost: Callable[["Connection"], None]) -> None:
        self.listener = listener
        self._sweep = sweep
        self._on_lost = on_lost
        self._transport: asyncio.Transport | None = None
        self._chunks: list[bytes] = []
        self._buffered = 0
        self._reader: asyncio.Future[None] | None = None
        self._drainer: asyncio.Future[None] | None = None
        self._error: Exception | None = None
        self._is_closing = self._is_ended = self._is_full = self._is_lost = self._is_paused = self._is_woken = False
        self._tls: TlsInfo | None = None
        self._read_by = self._drain_by = self._close_by = self.deadline = inf
        self._queued = 0
        self._wait = 0.0
        self.peer_ip, self.peer_port, self.local_port = "", 0, 0
        self.is_proxied = False

    @property
    def tls(self) -> TlsInfo | None:
        """What was agreed on, None on a plain connection."""
        return self._tls

    @property
    def local_ip(self) -> str:
        """Our own address; "" on a Unix socket."""
        name = self._transport.get_extra_info("sockname") if self._transport is not None else None
        return str(name[0]) if isinstance(name, tuple) else ""

    # what the transport tells

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The transport stands; of a TLS one the handshake is done."""
        self._adopt(cast(asyncio.Transport, transport))
        self._sweep.add(self)

    def _adopt(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        transport.set_write_buffer_limits(high=WRITE_HIGH, low=WRITE_LOW)
        self._tls = describe(transport.get_extra_info("ssl_object"))

    def data_received(self, data: bytes) -> None:
        """Keep it, tell the reader, and past the limit let the kernel hold the rest."""
        self._chunks.append(data)
        self._buffered += len(data)
        if self._buffered >= MOST_READ and not self._is_paused and self._transport is not None:
            self._is_paused = True
            self._transport.pause_reading()
        self._tell_reader()

    def eof_received(self) -> bool:
        """A half-closed client still gets its answers; TLS has no half."""
        self._is_ended = True
        self._tell_reader()
        return self._tls is None

    def connection_lost(self, exc: Exception | None) -> None:
        """The transport is gone."""
        if self._is_lost:
            return
        self._is_lost = self._is_ended = True
        self._error = exc
        self._sweep.discard(self)
        self._tell_reader()
        self._tell_drainer()
        self._on_lost(self)

    def pause_writing(self) -> None:
        """Much is queued."""
        self._is_full = True

    def resume_writing(self) -> None:
        """Little is queued."""
        self._is_full = False
        self._tell_drainer()

    # what the session asks

    async def read(self, timeout: float) -> bytes:  # noqa: ASYNC109 - one sweeping timer serves all connections
        """The bytes that have come, b'' at the end; TimedOut, PeerGone, Woken."""
        if self._is_woken:
            self._is_woken = False
            raise Woken
        if not self._chunks:
            if not self._is_ended:
                await self._wait_for_input(timeout)
            if not self._chunks:
                return self._nothing()
        data = self._take()
        if self._is_paused and not self._is_lost and self._transport is not None and self._buffered < MOST_READ:
            self._is_paused = False
            self._transport.resume_reading()
        return data

    def _take(self) -> bytes:
        chunks = self._chunks
        data = chunks[0] if len(chunks) == 1 else b"".join(chunks)
        chunks.clear()
        if len(data) > MOST_READ:
            chunks.append(data[MOST_READ:])
            data = data[:MOST_READ]
        self._buffered -= len(data)
        return data

    def _nothing(self) -> bytes:
        if self._is_woken:
            self._is_woken = False
            raise Woken
        if self._error is not None or self._is_closing:
            raise PeerGone(str(self._error or "closed by us"))
        return b""

    async def _wait_for_input(self, timeout: float) -> None:  # noqa: ASYNC109
        loop = asyncio.get_running_loop()
        self._reader = loop.create_future()
        self._read_by = loop.time() + timeout
        self._set_deadline()
        try:
            await self._reader
        finally:
            self._reader = None
            self._read_by = inf
            # `deadline` may stay too early: `expire` then finds nothing to do and sets it anew

    def unread(self, data: bytes) -> None:
        """Give back what was read too far: the next `read` begins with it."""
        if data:
            self._chunks.insert(0, data)
            self._buffered += len(data)

    def has_input(self) -> bool:
        """True if `read` would return at once."""
        return bool(self._chunks) or self._is_ended

    def wake(self) -> None:
        """Make the waiting or the next `read` raise Woken."""
        self._is_woken = True
        self._tell_reader()

    def write(self, data: bytes) -> None:
        """Queue bytes; a peer that lets very much queue up is dropped."""
        transport = self._transport
        if transport is None or self._is_closing or self._is_lost:
            return
        transport.write(data)
        if self._is_full and transport.get_write_buffer_size() > MOST_QUEUED:
            self.abort()

    async def drain(self, timeout: float) -> None:  # noqa: ASYNC109
        """Wait until little is queued; PeerGone if nothing of it moves for `timeout` seconds."""
        if self._is_full and not self._is_lost and self._transport is not None:
            loop = asyncio.get_running_loop()
            self._drainer = loop.create_future()
            self._wait = timeout
            self._drain_by = loop.time() + timeout
            self._queued = self._transport.get_write_buffer_size()
            self._set_deadline()
            try:
                await self._drainer
            finally:
                self._drainer = None
                self._drain_by = inf
        if self._is_lost:
            raise PeerGone(str(self._error or "closed"))

    async def start_tls(self, context: ssl.SSLContext, timeout: float) -> None:  # noqa: ASYNC109
        """Become the server side of TLS; PeerGone if the handshake fails."""
        try:
            await self._upgrade(context, timeout, server_name=None)
        except TlsFailed as error:
            emit(Event.NET_TLS_FAILED, listener=self.listener, client_ip=self.peer_ip, error=str(error))
            raise
        emit(Event.NET_TLS_STARTED, listener=self.listener, tls_version=self._tls.version if self._tls else "")

    async def start_client_tls(self, context: ssl.SSLContext, timeout: float, server_name: str) -> None:  # noqa: ASYNC109
        """Become the client side of TLS towards the host of that name; TlsFailed."""
        await self._upgrade(context, timeout, server_name=server_name)

    async def _upgrade(self, context: ssl.SSLContext, timeout: float, *, server_name: str | None) -> None:  # noqa: ASYNC109
        if self._transport is None or self._is_lost or self._is_closing:
            raise PeerGone("closed")
        # RFC 3207 §6, RFC 9051 §6.2.1: nothing that came in the clear may count as said under TLS
        self._chunks.clear()
        self._buffered = 0
        if self._is_paused:
            self._is_paused = False
            self._transport.resume_reading()
        try:
            upgraded = await asyncio.get_running_loop().start_tls(
                self._transport,
                self,
                context,
                server_side=server_name is None,
                server_hostname=server_name,
                ssl_handshake_timeout=timeout,
                ssl_shutdown_timeout=TLS_SHUTDOWN,
            )
        except (OSError, ValueError) as error:  # SSLError and the timeout are OSErrors; a name may be no name for TLS
            self._fail_tls(error)
            raise TlsFailed(str(error), getattr(error, "verify_code", 0)) from None
        except asyncio.CancelledError:
            self._fail_tls(None)
            raise
        if upgraded is None:
            self._fail_tls(ConnectionResetError("closed in the handshake"))
            raise TlsFailed("closed in the handshake")
        self._adopt(upgraded)

    def _fail_tls(self, error: Exception | None) -> None:
        self.abort()
        self.connection_lost(error)

    def close(self) -> None:
        """Send what is queued, then close; a peer that takes nothing is dropped after `LINGER` seconds."""
        if self._is_closing or self._is_lost or self._transport is None:
            return
        self._is_closing = True
        self._close_by = asyncio.get_running_loop().time() + LINGER
        self._set_deadline()
        self._transport.close()

    def abort(self) -> None:
        """Close at once."""
        self._is_closing = True
        if self._transport is not None and not self._is_lost:
            self._transport.abort()

    # what the sweep does

    def expire(self, now: float) -> None:
        """End the waits that are over."""
        if self._read_by <= now and self._reader is not None and not self._reader.done():
            self._reader.set_exception(TimedOut())
        if self._drain_by <= now and self._transport is not None:
            self._expire_drain(now, self._transport.get_write_buffer_size())
        if self._close_by <= now:
            self._close_by = inf
            self.abort()
        self.deadline = inf
        self._set_deadline()

    def _expire_drain(self, now: float, queued: int) -> None:
        if queued < self._queued:  # slow, yet alive
            self._queued = queued
            self._drain_by = now + self._wait
        elif self._drainer is not None and not self._drainer.done():
            self._drain_by = inf
            self._drainer.set_exception(PeerGone("takes nothing"))

    def _set_deadline(self) -> None:
        self.deadline = min(self.deadline, self._read_by, self._drain_by, self._close_by)

    def _tell_reader(self) -> None:
        reader = self._reader
        if reader is not None and not reader.done():
            reader.set_result(None)

    def _tell_drainer(self) -> None:
        drainer = self._drainer
        if drainer is not None and not drainer.done():
            drainer.set_result(None)
