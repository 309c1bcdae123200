"""A connection without a socket: `MemoryStream` is what a server is given, `peer` is the client's end of it."""

import asyncio
import zlib
from collections import deque
from ssl import SSLContext
from typing import Any

from mailstead.net.stream import PeerGone, TimedOut, TlsInfo, Woken
from tests.support.fake_clock import FakeClock


class MemoryPeer:
    """The client's end."""

    def __init__(self) -> None:
        self._stream: MemoryStream
        self._unread = b""
        self._news = asyncio.Event()
        self.reads = True  # False: a client that takes nothing
        self.is_closed = False  # by the server
        self.writes = 0  # how often the server wrote
        self._deflater: Any = None
        self._inflater: Any = None

    def send(self, data: bytes, *, cut: int = 0) -> None:
        """Put bytes on the wire; with `cut` in pieces of that many, each a read of its own."""
        if self._deflater is not None:
            data = self._deflater.compress(data) + self._deflater.flush(zlib.Z_SYNC_FLUSH)
        step = cut or max(1, len(data))
        for start in range(0, len(data), step):
            self._stream.arrive(data[start : start + step])

    def end(self) -> None:
        """No more bytes from here."""
        self._stream.arrive(b"")

    def drop(self) -> None:
        """Reset the connection."""
        self._stream.lose()

    def compress(self) -> None:
        """From here on both ways go in DEFLATE, as after COMPRESS (RFC 4978)."""
        self._deflater, self._inflater = zlib.compressobj(9, zlib.DEFLATED, -15), zlib.decompressobj(-15)

    def take(self, data: bytes) -> None:
        self._unread += data if self._inflater is None else self._inflater.decompress(data)
        self.writes += 1
        self._news.set()

    def hang_up(self) -> None:
        self.is_closed = True
        self._news.set()

    def take_all(self) -> bytes:
        """What the server sent and nobody read yet, at once."""
        data, self._unread = self._unread, b""
        return data

    async def read_line(self, timeout: float = 10) -> bytes | None:
        """The next line without its CRLF; None if the server closed."""
        async with asyncio.timeout(timeout):
            while b"\r\n" not in self._unread:
                if self.is_closed:
                    assert not self._unread, f"half a line at the end: {self._unread!r}"
                    return None
                self._news.clear()
                await self._news.wait()
        line, self._unread = self._unread.split(b"\r\n", 1)
        return line

    def unread_line(self, line: bytes) -> None:
        """Give a line back."""
        self._unread = line + b"\r\n" + self._unread


class MemoryStream:
    """Implements `net.stream.Stream` with time taken from a `FakeClock`."""

    def __init__(
        self, clock: FakeClock, *, peer_ip: str = "192.0.2.1", is_proxied: bool = False, tls: TlsInfo | None = None
    ) -> None:
        self.peer = MemoryPeer()
        self.peer._stream = self
        self._clock = clock
        self._pieces: deque[bytes] = deque()
        self._wait: asyncio.Future[bool] | None = None
        self._full: asyncio.Future[bool] | None = None
        self._is_lost = False
        self._is_closed = False
        self._is_woken = False
        self.peer_ip = peer_ip
        self.peer_port = 40000
        self.is_proxied = is_proxied
        self.local_port = 25
        self.tls = tls

    def arrive(self, piece: bytes) -> None:
        self._pieces.append(piece)
        self._wake()

    def lose(self) -> None:
        self._is_lost = True
        self._wake()

    def _wake(self) -> None:
        if self._wait is not None and not self._wait.done():
            self._wait.set_result(True)

    @property
    def is_asking(self) -> bool:
        """True while the server waits for the client."""
        return any(wait is not None and not wait.done() for wait in (self._wait, self._full))

    def wake(self) -> None:
        self._is_woken = True
        self._wake()

    async def read(self, timeout: float) -> bytes:
        while not self._pieces or self._is_woken:
            if self._is_woken:
                self._is_woken = False
                raise Woken
            if self._is_lost or self._is_closed:
                raise PeerGone
            self._wait = asyncio.get_running_loop().create_future()
            self._clock.expire_at(self._clock.monotonic() + timeout, self._wait)
            if not await self._wait:
                raise TimedOut
        if self._is_lost or self._is_closed:
            raise PeerGone
        if not self._pieces[0]:
            return b""
        return self._pieces.popleft()

    def has_input(self) -> bool:
        return bool(self._pieces and self._pieces[0])

    def write(self, data: bytes) -> None:
        if not self._is_lost and not self._is_closed:
            self.peer.take(data)

    async def drain(self, timeout: float) -> None:
        if not self.peer.reads:
            self._full = asyncio.get_running_loop().create_future()
            self._clock.expire_at(self._clock.monotonic() + timeout, self._full)
            await self._full
            raise PeerGone
        if self._is_lost or self._is_closed:
            raise PeerGone

    async def start_tls(self, context: SSLContext, timeout: float) -> None:
        self._pieces.clear()  # RFC 3207 §6
        self.tls = TlsInfo("TLSv1.3", "TLS_AES_256_GCM_SHA384")

    def close(self) -> None:
        self._is_closed = True
        self._wake()
        self.peer.hang_up()

    def abort(self) -> None:
        self.close()
