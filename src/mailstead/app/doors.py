"""Which listener leads to which server room, and the endpoints the supervisor binds for them."""

import ssl
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from ipaddress import ip_address
from typing import TYPE_CHECKING, Final

from mailstead.app.config import Config
from mailstead.app.context import WorkerContext
from mailstead.app.sockets import Endpoint
from mailstead.net.listener import Door, Listener, Refusal
from mailstead.net.stream import Stream
from mailstead.servers.smtp.server import turn_away

if TYPE_CHECKING:
    from mailstead.servers.web.server import WebServer

IMAP_REFUSALS: Final = {
    Refusal.TOO_MANY: b"* BYE [UNAVAILABLE] Too many connections, try again later\r\n",
    Refusal.TOO_MANY_FROM_IP: b"* BYE [UNAVAILABLE] Too many connections from your address\r\n",
    Refusal.STOPPING: b"* BYE [UNAVAILABLE] Going down, try again soon\r\n",
}
POP3_REFUSALS: Final = {
    Refusal.TOO_MANY: b"-ERR [SYS/TEMP] Too many connections, try again later\r\n",
    Refusal.TOO_MANY_FROM_IP: b"-ERR [SYS/TEMP] Too many connections from your address\r\n",
    Refusal.STOPPING: b"-ERR [SYS/TEMP] Going down, try again soon\r\n",
}


CONTROL_CONNECTIONS: Final = 100

Serve = Callable[[Stream], Awaitable[None]]


def is_loopback(address: str) -> bool:
    """True if only this machine can reach it."""
    return ip_address(address).is_loopback


@dataclass(frozen=True, slots=True, kw_only=True)
class Rooms:
    """The servers of a worker."""

    smtp: Serve
    lmtp: Serve
    submission: Serve
    imap: Serve
    pop3: Serve
    control: Serve


def endpoints(config: Config) -> list[Endpoint]:
    """Everything that is to be bound. Port 0: not at all."""
    return [*_mail_endpoints(config), Endpoint("control", path=config.control_socket)]


def _mail_endpoints(config: Config) -> Iterator[Endpoint]:
    wanted = (
        ("smtp", config.smtp_listen, config.smtp.relay_port),
        ("lmtp", config.smtp.lmtp_listen, config.smtp.lmtp_port),
        ("submission", config.submission_listen, config.smtp.submission_port),
        ("submissions", config.submission_listen, config.smtp.smtps_port),
        ("imap", config.imap_listen, config.imap.port),
        ("imaps", config.imap_listen, config.imap.imaps_port),
        ("pop3", config.pop3_listen, config.pop3.port),
        ("pop3s", config.pop3_listen, config.pop3.pop3s_port),
        ("http", config.api.listen, config.api.port),
    )
    for name, addresses, port in wanted:
        for address in addresses if port else ():
            yield Endpoint(name, address, port)


class Doors:
    """Makes the listeners of a worker for the names that have sockets."""

    def __init__(self, config: Config, context: WorkerContext, tls: Callable[[], ssl.SSLContext]) -> None:
        self._config = config
        self._context = context
        self._tls = tls
        self._sessions = context.board.sessions()

    def has(self, name: str) -> bool:
        """Whether that listener is wanted."""
        return name in self._context.sockets

    def listeners(self, rooms: Rooms) -> list[Listener]:
        """All but HTTP."""
        smtp, imap, pop3 = self._config.smtp, self._config.imap, self._config.pop3
        to_smtp, to_imap, to_pop3 = turn_away, IMAP_REFUSALS.__getitem__, POP3_REFUSALS.__getitem__
        many, few = smtp.max_connections, smtp.sessions_per_ip
        doors = (
            (self._door("smtp", to_smtp, many, few), rooms.smtp),
            (self._door("submission", to_smtp, many, few), rooms.submission),
            (self._door("submissions", to_smtp, many, few, tls=self._tls), rooms.submission),
            (Door(name="lmtp", refuse=to_smtp, connections=many), rooms.lmtp),
            (self._door("imap", to_imap, imap.max_connections, imap.sessions_per_ip), rooms.imap),
            (self._door("imaps", to_imap, imap.max_connections, imap.sessions_per_ip, tls=self._tls), rooms.imap),
            (self._door("pop3", to_pop3, pop3.max_connections, pop3.sessions_per_ip), rooms.pop3),
            (self._door("pop3s", to_pop3, pop3.max_connections, pop3.sessions_per_ip, tls=self._tls), rooms.pop3),
            (Door(name="control", refuse=lambda _: b"", connections=CONTROL_CONNECTIONS), rooms.control),
        )
        return [self._listener(door, serve) for door, serve in doors if self.has(door.name)]

    def http_listener(self, web: "WebServer") -> Listener:
        """HTTP is spoken by aiohttp, behind our own accepting."""
        from mailstead.servers.web.server import refuse

        door = Door(name="http", refuse=refuse, connections=self._config.api.max_connections)
        return Listener(
            door, self._context.sockets["http"], web.serve, self._context.sweep, self._sessions, make=web.make
        )

    def _door(
        self,
        name: str,
        refuse: Callable[[Refusal], bytes],
        connections: int,
        per_ip: int,
        *,
        tls: Callable[[], ssl.SSLContext] | None = None,
    ) -> Door:
        server = self._config.server
        proxies = tuple(server.trusted_proxies) if server.proxy_protocol else ()
        group = {"imaps": "imap", "pop3s": "pop3", "submissions": "submission"}.get(
            name, name
        )  # one limit for both ports
        return Door(
            name=name, group=group, refuse=refuse, tls=tls, connections=connections, per_ip=per_ip, proxies=proxies
        )

    def _listener(self, door: Door, serve: Serve) -> Listener:
        return Listener(door, self._context.sockets[door.name], serve, self._context.sweep, self._sessions)
