"""HTTP on sockets of ours: aiohttp's protocol for each connection, our own accepting, limits and draining around it."""

import asyncio
import logging
from collections.abc import Callable
from typing import Final

from aiohttp import web

from mailstead.net.guest import Guest
from mailstead.net.listener import Refusal
from mailstead.net.sweep import Sweep
from mailstead.servers.web.app import GUESTS, KEEP_ALIVE, MOST_HEADER, MOST_LINE, Sources, build_app

_LATER: Final = (
    b"HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/json\r\nContent-Length: 27\r\n"
    b'Retry-After: 5\r\nConnection: close\r\n\r\n{"error":"try again later"}'
)

# what aiohttp would call an error is a stranger's malformed request; faults of ours are incidents (see `app`)
_QUIET: Final = logging.getLogger("mailstead.http")
_QUIET.setLevel(logging.CRITICAL)


def refuse(_: Refusal) -> bytes:
    """The answer at the door."""
    return _LATER


class WebServer:
    """Give `make` and `serve` to a listener."""

    def __init__(self, sources: Sources) -> None:
        self._guests: dict[asyncio.Protocol, Guest] = {}
        app = build_app(sources)
        app[GUESTS] = self._guests
        self._runner = web.AppRunner(
            app,
            handle_signals=False,
            access_log=None,
            logger=_QUIET,
            keepalive_timeout=KEEP_ALIVE,
            max_line_size=MOST_LINE,
            max_field_size=MOST_HEADER,
        )

    async def start(self) -> None:
        """Before the first connection."""
        await self._runner.setup()

    def make(self, listener: str, sweep: Sweep, on_lost: Callable[[Guest], None]) -> Guest:
        """A connection for the listener."""
        assert self._runner.server is not None
        inner = self._runner.server()
        guest = self._guests[inner] = Guest(inner, listener, sweep, on_lost)
        return guest

    async def serve(self, guest: Guest) -> None:
        """aiohttp does it; we wait for the end."""
        try:
            await guest.wait_lost()
        finally:
            self._guests.pop(guest.inner, None)

    def drain(self) -> None:
        """Let go of idle connections; requests go on."""
        if self._runner.server is not None:
            self._runner.server.pre_shutdown()

    async def close(self) -> None:
        """Finish requests, then end."""
        await self._runner.cleanup()
