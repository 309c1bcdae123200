"""A stream inside raw DEFLATE (RFC 4978), both ways, that holds next to nothing while its client is idle.

Each write is deflated by itself and ended with a sync flush, so no window is kept between two of them. Input is
inflated piece by piece, as the session asks for it; a peer whose bytes grow beyond reason is `Unreadable`.
"""

import zlib
from ssl import SSLContext
from typing import Final

from mailstead.net.stream import PeerGone, Stream, TlsInfo

INFLATED_AT_ONCE: Final = 64 * 1024
GROWTH_FREE: Final = 64 * 1024 * 1024
"""Bytes that may come out of however few: one message of zeros at the usual limit."""
GROWTH_MAX: Final = 100
"""Bytes that each compressed byte may become beyond that."""
LEVEL: Final = 4
LARGE: Final = 16 * 1024
"""Output from which the full window (32 KiB) is worth the time it takes to set up."""


class Unreadable(PeerGone):
    """What came is no DEFLATE, or a bomb."""


class DeflatedStream:
    """Implements `Stream` on another one; `received` is what came behind the command that began it."""

    __slots__ = ("_held", "_inflated", "_inflater", "_may_hold_output", "_ready", "_received", "_stream")

    def __init__(self, stream: Stream, received: bytes = b"") -> None:
        self._stream = stream
        self._inflater = zlib.decompressobj(-zlib.MAX_WBITS)
        self._held = received  # compressed, not looked at yet
        self._may_hold_output = False  # of bytes that the inflater has taken in already
        self._ready = b""  # inflated, not read yet
        self._received = len(received)
        self._inflated = 0

    @property
    def peer_ip(self) -> str:
        """As of the connection."""
        return self._stream.peer_ip

    @property
    def peer_port(self) -> int:
        """As of the connection."""
        return self._stream.peer_port

    @property
    def is_proxied(self) -> bool:
        """As of the connection."""
        return self._stream.is_proxied

    @property
    def local_port(self) -> int:
        """As of the connection."""
        return self._stream.local_port

    @property
    def tls(self) -> TlsInfo | None:
        """As of the connection."""
        return self._stream.tls

    async def read(self, timeout: float) -> bytes:  # noqa: ASYNC109 - one sweeping timer serves all connections
        """At most INFLATED_AT_ONCE bytes; b'' at the end, of the connection or of the compressed stream."""
        while True:
            data, self._ready = self._ready or self._inflate(), b""
            if data or self._inflater.eof:
                return data
            self._held = await self._stream.read(timeout)
            if not self._held:
                return b""
            self._received += len(self._held)

    def _inflate(self) -> bytes:
        if not (self._held or self._may_hold_output):
            return b""
        try:
            data = self._inflater.decompress(self._held, INFLATED_AT_ONCE)
        except zlib.error:
            raise Unreadable("What came is not compressed as announced") from None
        self._held = self._inflater.unconsumed_tail
        self._may_hold_output = len(data) == INFLATED_AT_ONCE
        self._inflated += len(data)
        if self._inflated > GROWTH_FREE + GROWTH_MAX * self._received:
            raise Unreadable("What came is compressed beyond reason")
        return data

    def wake(self) -> None:
        """As of the connection."""
        self._stream.wake()

    def has_input(self) -> bool:
        """True if `read` will return at once. What the connection holds does not count: it may inflate to nothing."""
        if not self._ready:
            self._ready = self._inflate()
        return bool(self._ready)

    def write(self, data: bytes) -> None:
        """Deflate and flush: RFC 4978 §4: what a client waits for may not stay in a window."""
        bits, memory = (zlib.MAX_WBITS, 8) if len(data) >= LARGE else (13, 6)
        deflater = zlib.compressobj(LEVEL, zlib.DEFLATED, -bits, memory)
        self._stream.write(deflater.compress(data) + deflater.flush(zlib.Z_SYNC_FLUSH))

    async def drain(self, timeout: float) -> None:  # noqa: ASYNC109
        """As of the connection."""
        await self._stream.drain(timeout)

    async def start_tls(self, _context: SSLContext, _timeout: float) -> None:
        """TLS lies below compression, never the other way round (RFC 4978 §3)."""
        raise AssertionError("TLS begins before compression")

    def close(self) -> None:
        """Send what is queued, then close."""
        self._stream.close()

    def abort(self) -> None:
        """Close at once."""
        self._stream.abort()
