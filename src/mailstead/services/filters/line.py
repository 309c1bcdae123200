"""The way to a daemon: a Unix socket or a port, opened for one question."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final

from mailstead.ground.model.errors import Invalid
from mailstead.net.connection import Connection
from mailstead.net.dial import Dialer, DialFailed
from mailstead.net.stream import PeerGone, TimedOut
from mailstead.services.checks.specimen import Content
from mailstead.services.filters.asking import Silent

PIECE: Final = 64 * 1024
"""Octets of a letter that are in memory at once."""
CONNECT_TIME: Final = 10.0


@dataclass(frozen=True, slots=True)
class Place:
    """`path` of a socket, or a host that the operator names, with its port."""

    path: str = ""
    host: str = ""
    port: int = 0

    @property
    def is_known(self) -> bool:
        """False if nobody said where it is."""
        return bool(self.path or self.host)

    def __str__(self) -> str:
        """For operators."""
        return self.path or f"{self.host}:{self.port}"


class Lines:
    """To one daemon. `timeout` is for any one read or write."""

    def __init__(self, place: Place, dialer: Dialer, timeout: float) -> None:
        self.place = place
        self._dialer = dialer
        self.timeout = timeout

    @asynccontextmanager
    async def open(self) -> AsyncIterator[Connection]:
        """A connection; what goes wrong on it becomes Silent."""
        place = self.place
        try:
            if place.path:
                connection = await self._dialer.connect_path(place.path, CONNECT_TIME)
            else:
                connection = await self._dialer.connect(place.host, place.port, CONNECT_TIME)
        except DialFailed as error:
            raise Silent(f"{place}: {error}") from None
        try:
            yield connection
        except PeerGone:
            raise Silent(f"{place}: it broke the connection off") from None
        except TimedOut:
            raise Silent(f"{place}: it says nothing") from None
        except Invalid as error:
            raise Silent(f"{place}: {error}") from None
        finally:
            connection.abort()

    async def send(self, connection: Connection, data: AsyncIterator[bytes]) -> None:
        """All of it, or as much as it wants to hear before it answers."""
        try:
            async for piece in data:
                if connection.has_input():
                    return
                connection.write(piece)
                await connection.drain(self.timeout)
        except PeerGone:
            return  # what it said before can still be read

    async def read(self, connection: Connection) -> bytes:
        """What came, never nothing; PeerGone at the end."""
        data = await connection.read(self.timeout)
        if not data:
            raise PeerGone("ended")
        return data


async def pieces(content: Content, size: int) -> AsyncIterator[bytes]:
    """The first `size` octets of a letter."""
    offset = 0
    while offset < size:
        data = await content.read(offset, min(PIECE, size - offset))
        if not data:
            return
        offset += len(data)
        yield data
