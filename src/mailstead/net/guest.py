"""A connection whose protocol is not ours (aiohttp's): we take it, count it, end it when it dawdles."""

import asyncio
from collections.abc import Callable
from math import inf
from typing import Final, cast

from mailstead.net.stream import TlsInfo
from mailstead.net.sweep import Sweep
from mailstead.net.tls import describe

FIRST_REQUEST: Final = 15.0


class Guest(asyncio.Protocol):
    """Hands every call on. `busy` and `idle` are told by whoever serves the requests."""

    def __init__(
        self, inner: asyncio.Protocol, listener: str, sweep: Sweep, on_lost: Callable[["Guest"], None]
    ) -> None:
        self.listener = listener
        self.peer_ip, self.peer_port, self.local_port = "", 0, 0
        self.is_proxied = False
        self.deadline = inf
        self.tls: TlsInfo | None = None
        self.inner = inner
        self._sweep = sweep
        self._on_lost = on_lost
        self._transport: asyncio.Transport | None = None
        self._lost = asyncio.Event()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The transport stands."""
        self._transport = cast(asyncio.Transport, transport)
        self.tls = describe(transport.get_extra_info("ssl_object"))
        self.idle(FIRST_REQUEST)
        self._sweep.add(self)
        self.inner.connection_made(transport)

    def data_received(self, data: bytes) -> None:
        """Bytes for the inner one."""
        self.inner.data_received(data)

    def eof_received(self) -> bool | None:
        """The client says no more."""
        return self.inner.eof_received()

    def connection_lost(self, exc: Exception | None) -> None:
        """The transport is gone, or never came to stand."""
        if self._lost.is_set():
            return
        self._lost.set()
        self._sweep.discard(self)
        if self._transport is not None:
            self.inner.connection_lost(exc)
        self._on_lost(self)

    def pause_writing(self) -> None:
        """Much is queued."""
        self.inner.pause_writing()

    def resume_writing(self) -> None:
        """Little is queued."""
        self.inner.resume_writing()

    def busy(self) -> None:
        """A request is being answered: it has its own time limit."""
        self.deadline = inf

    def idle(self, seconds: float) -> None:
        """The next whole request has to be here within so many seconds."""
        self.deadline = asyncio.get_running_loop().time() + seconds

    def expire(self, now: float) -> None:
        """It dawdled."""
        if self.deadline <= now:
            self.deadline = inf
            self.abort()

    async def wait_lost(self) -> None:
        """Until the connection is gone."""
        await self._lost.wait()

    def close(self) -> None:
        """Send what is queued, then close."""
        if self._transport is not None:
            self._transport.close()

    def abort(self) -> None:
        """Close at once."""
        if self._transport is not None:
            self._transport.abort()
