"""One connection's state. `maildrop` is there exactly in the TRANSACTION state; output keeps its order."""

from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Final

from mailstead.ground.wire.pop3.receiver import BadLine, Line, Receiver
from mailstead.net.clock import Clock
from mailstead.net.stream import PeerGone, Stream, TimedOut, Woken
from mailstead.servers.pop3.maildrop import Maildrop
from mailstead.servers.pop3.settings import Pop3Settings
from mailstead.services.accounts.login import Authenticator
from mailstead.services.accounts.sasl import Line as SaslLine
from mailstead.services.folders.service import Folders

FLUSH_AT: Final = 64 * 1024
"""Octets of output collected before they are handed to the stream."""


class Leaving(Exception):  # noqa: N818 - it is news
    """The server drains, and this session is between two commands."""


@dataclass(frozen=True, slots=True)
class Services:
    """What all sessions share."""

    settings: Pop3Settings
    folders: Folders
    authenticator: Authenticator
    clock: Clock


Advertise = Callable[["Session"], list[str]]


class Session:
    """What commands read and change."""

    __slots__ = (
        "_advertise", "_out", "_out_size", "can_write", "commands", "errors", "failed_logins", "id", "is_draining",
        "is_inside_reply", "is_over", "maildrop", "receiver", "services", "stream", "user", "utf8",
    )  # fmt: skip

    def __init__(self, stream: Stream, services: Services, session_id: int, advertise: Advertise) -> None:
        self.stream = stream
        self.services = services
        self.id = session_id
        self.receiver = Receiver()
        self.user: str | None = None  # of USER, until PASS
        self.maildrop: Maildrop | None = None
        self.can_write = False
        self.utf8 = False  # RFC 6856 §2.1
        self.commands = self.errors = self.failed_logins = 0
        self.is_over = False
        self.is_draining = False
        self.is_inside_reply = False  # a message was promised: a failure now can only end the connection
        self._advertise = advertise
        self._out: list[bytes] = []
        self._out_size = 0

    @property
    def capabilities(self) -> list[str]:
        """What is true at this moment (RFC 2449 §5)."""
        return self._advertise(self)

    @property
    def drop(self) -> Maildrop:
        """The maildrop; only for commands of the TRANSACTION state."""
        assert self.maildrop is not None
        return self.maildrop

    @property
    def line(self) -> SaslLine:
        """What logins have to know of the connection."""
        return SaslLine(self.stream.tls, is_private=self.may_login)

    @property
    def mechanisms(self) -> tuple[str, ...]:
        """What AUTH takes here."""
        return self.services.authenticator.sasl.offered(self.line)

    @property
    def may_login(self) -> bool:
        """RFC 2595 §2.1: no password goes over a line that others can read."""
        if self.stream.tls is not None:
            return True
        # A proxy's own address grants nothing: what it forwards comes from elsewhere.
        is_local = not self.stream.is_proxied and ip_address(self.stream.peer_ip).is_loopback
        return self.services.settings.plain_login and is_local

    def send(self, data: bytes) -> None:
        """Queue output; it leaves when input has run out."""
        self._out.append(data)
        self._out_size += len(data)

    async def give(self, data: bytes) -> None:
        """Queue output of which there may be much: waits for a peer that reads slowly."""
        self.send(data)
        if self._out_size >= FLUSH_AT:
            await self.flush()

    async def flush(self) -> None:
        """Hand over what is queued and wait until the peer took most of it; PeerGone if it does not."""
        if not self._out:
            return
        data = b"".join(self._out)
        self._out.clear()
        self._out_size = 0
        self.stream.write(data)
        await self.stream.drain(self.services.settings.write_timeout)

    async def next_line(self) -> Line | BadLine:
        """The next line; TimedOut if it is not there in time, PeerGone, Leaving in a drain."""
        event = self.receiver.next_event()
        if event is not None:
            return event
        clock = self.services.clock
        deadline = clock.monotonic() + self.services.settings.command_timeout
        while event is None:
            await self.flush()
            if self.is_draining:
                raise Leaving
            timeout = deadline - clock.monotonic()
            if timeout <= 0:
                raise TimedOut
            try:
                data = await self.stream.read(timeout)
            except Woken:
                continue
            if not data:
                raise PeerGone
            self.receiver.feed(data)
            event = self.receiver.next_event()
        return event
