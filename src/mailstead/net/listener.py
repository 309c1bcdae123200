"""Takes connections from sockets that stand already, within limits, and gives each a task of the server room.

The room sees a `Stream`; whatever it lets slip becomes an event with an incident id and an aborted connection.
"""

import asyncio
import socket
import ssl
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any, Final

from mailstead.net.connection import TLS_SHUTDOWN, Connection
from mailstead.net.guest import Guest
from mailstead.net.origin import Networks, endpoint_of, is_within, limit_key, local_port_of, told_by_proxy
from mailstead.net.proxy import BadProxyHeader
from mailstead.net.stream import PeerGone, TimedOut, Woken
from mailstead.net.sweep import Sweep
from mailstead.net.tally import Tally
from mailstead.telemetry import Event, Gauge, emit, incident, set_gauge

ACCEPTS_A_TURN: Final = 16
ACCEPT_PAUSE: Final = 1.0
HANDSHAKE: Final = 15.0

Admitted = Connection | Guest


class Refusal(Enum):
    """Why a connection is turned away at the door."""

    TOO_MANY = auto()
    TOO_MANY_FROM_IP = auto()
    STOPPING = auto()


@dataclass(frozen=True, slots=True, kw_only=True)
class Door:
    """How a listener takes connections. `refuse` gives the protocol's polite line; 0 is no limit.

    Listeners of one `group` (imap with imaps) share their limits; without one a listener stands for itself.
    """

    name: str
    group: str = ""
    refuse: Callable[[Refusal], bytes]
    tls: Callable[[], ssl.SSLContext] | None = None
    connections: int = 0
    per_ip: int = 0
    proxies: Networks = ()
    unlimited: Networks = ()


class Listener:
    """One protocol on its sockets in this worker. `serve` takes what `make` makes: a `Stream` unless told so."""

    def __init__(
        self,
        door: Door,
        sockets: Sequence[socket.socket],
        serve: Callable[[Any], Awaitable[None]],
        sweep: Sweep,
        tally: Tally,
        make: Callable[[str, Sweep, Callable[[Any], None]], Admitted] = Connection,
    ) -> None:
        self._make = make
        self._door = door
        self._sockets = list(sockets)
        self._serve = serve
        self._sweep = sweep
        self._tally = tally
        self._tasks: set[asyncio.Task[None]] = set()
        self._paused: asyncio.TimerHandle | None = None
        self._is_stopping = False
        self._emptied: asyncio.Event = asyncio.Event()
        self.count = 0

    @property
    def name(self) -> str:
        """As in the configuration: smtp, imaps..."""
        return self._door.name

    def start(self) -> None:
        """Begin to accept."""
        loop = asyncio.get_running_loop()
        for sock in self._sockets:
            sock.settimeout(0)
            loop.add_reader(sock.fileno(), self._accept, sock)

    def stop_accepting(self) -> None:
        """Turn away politely whoever waits at the door, then close our hold of it. Sessions go on."""
        if self._is_stopping:
            return
        self._is_stopping = True
        self._pause()
        for sock in self._sockets:
            self._accept(sock)
            sock.close()
        self._sockets.clear()

    async def wait_empty(self) -> None:
        """Until no connection is left; call `stop_accepting` before."""
        while self.count:
            self._emptied.clear()
            await self._emptied.wait()

    async def abort_all(self) -> None:
        """Cut what is left."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _pause(self) -> None:
        loop = asyncio.get_running_loop()
        for sock in self._sockets:
            loop.remove_reader(sock.fileno())
        if self._paused is not None:
            self._paused.cancel()
            self._paused = None

    def _accept(self, listening: socket.socket) -> None:
        for _ in range(ACCEPTS_A_TURN):
            try:
                sock, address = listening.accept()
            except (BlockingIOError, InterruptedError, ConnectionError):
                return
            except OSError as error:
                self._accept_failed(error)
                return
            sock.settimeout(0)
            self._admit(sock, address)

    def _accept_failed(self, error: OSError) -> None:
        """Out of descriptors or memory. Without a pause the connection that waits would keep the loop spinning."""
        emit(Event.NET_ACCEPT_FAILED, listener=self.name, error=str(error))
        if not self._is_stopping:
            self._pause()
            self._paused = asyncio.get_running_loop().call_later(ACCEPT_PAUSE, self._resume)

    def _resume(self) -> None:
        self._paused = None
        if not self._is_stopping:
            self.start()

    def _admit(self, sock: socket.socket, address: object) -> None:
        ip, port = endpoint_of(address)
        if self._is_stopping:
            self._turn_away(sock, Refusal.STOPPING)
            return
        connection = self._make(self.name, self._sweep, self._lost)
        connection.peer_ip, connection.peer_port = ip, port
        connection.local_port = local_port_of(sock)
        connection.is_proxied = is_within(ip, self._door.proxies)
        if not connection.is_proxied and not self._enter(connection, sock):
            return
        task = asyncio.get_running_loop().create_task(self._run(connection, sock))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _enter(self, connection: Admitted, sock: socket.socket) -> bool:
        """Count the connection in; past a limit turn it away and count it out again."""
        door, tally, ip = self._door, self._tally, connection.peer_ip
        self._count(+1)
        here = tally.enter(self._key("*")) if door.connections else 0
        from_ip = tally.enter(self._key(limit_key(ip))) if door.per_ip else 0
        if here > door.connections:
            refusal, limit = Refusal.TOO_MANY, door.connections
        elif from_ip > door.per_ip and not is_within(ip, door.unlimited):
            refusal, limit = Refusal.TOO_MANY_FROM_IP, door.per_ip
        else:
            return True
        emit(Event.NET_CONNECTION_REFUSED, listener=door.name, client_ip=ip, reason=refusal.name.lower(), limit=limit)
        self._leave(ip)
        self._turn_away(sock, refusal)
        return False

    def _leave(self, ip: str) -> None:
        if self._door.connections:
            self._tally.leave(self._key("*"))
        if self._door.per_ip:
            self._tally.leave(self._key(limit_key(ip)))
        self._count(-1)

    def _key(self, who: str) -> str:
        return f"{self._door.group or self._door.name}:{who}"

    def _count(self, more: int) -> None:
        self.count += more
        set_gauge(Gauge.CONNECTIONS_OPEN, self.count, self._door.name)
        if not self.count:
            self._emptied.set()

    def _turn_away(self, sock: socket.socket, refusal: Refusal) -> None:
        """The line goes straight into the socket's empty buffer; under TLS there is nobody to read it yet."""
        try:
            if self._door.tls is None:
                sock.send(self._door.refuse(refusal))
            sock.shutdown(socket.SHUT_WR)
        except OSError:
            pass
        finally:
            sock.close()

    def _lost(self, connection: Admitted) -> None:
        self._leave(connection.peer_ip)

    async def _run(self, connection: Admitted, sock: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        began = loop.time()
        if not await self._open(connection, sock):
            return
        emit(
            Event.NET_CONNECTION_OPENED,
            listener=self.name,
            client_ip=connection.peer_ip,
            port=connection.local_port,
            tls_active=connection.tls is not None,
        )
        try:
            await self._serve(connection)
            connection.close()
        except (PeerGone, TimedOut, Woken):
            connection.close()
        except asyncio.CancelledError:
            connection.abort()
            raise
        except Exception as error:  # noqa: BLE001 - a bug of one session must not harm the others
            self._fail(connection, error)
        finally:
            emit(Event.NET_CONNECTION_CLOSED, listener=self.name, elapsed=loop.time() - began)

    def _fail(self, connection: Admitted, error: Exception) -> None:
        name = incident(error, subsystem=self.name)
        emit(
            Event.NET_CONNECTION_FAILED,
            listener=self.name,
            client_ip=connection.peer_ip,
            incident=name,
            error=type(error).__name__,
        )
        connection.abort()

    async def _open(self, connection: Admitted, sock: socket.socket) -> bool:
        """Proxy header, then transport and TLS; False if the connection did not come to stand."""
        entered = not connection.is_proxied
        try:
            if connection.is_proxied:
                connection.peer_ip, connection.peer_port = await told_by_proxy(sock, connection.peer_ip)
                entered = self._enter(connection, sock)
                if not entered:
                    return False
            await self._connect(connection, sock)
        except (OSError, TimeoutError, BadProxyHeader, asyncio.CancelledError) as error:
            self._tell_unopened(connection, error, entered=entered)
            if entered:
                connection.connection_lost(None)  # counts it out, once
            sock.close()
            if isinstance(error, asyncio.CancelledError):
                raise
            return False
        return True

    async def _connect(self, connection: Admitted, sock: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        if self._door.tls is None:
            await loop.connect_accepted_socket(lambda: connection, sock)
            return
        await loop.connect_accepted_socket(
            lambda: connection,
            sock,
            ssl=self._door.tls(),
            ssl_handshake_timeout=HANDSHAKE,
            ssl_shutdown_timeout=TLS_SHUTDOWN,
        )
        version = connection.tls.version if connection.tls else ""
        emit(Event.NET_TLS_STARTED, listener=self.name, tls_version=version)

    def _tell_unopened(self, connection: Admitted, error: BaseException, *, entered: bool) -> None:
        if not entered:
            emit(Event.NET_PROXY_REFUSED, listener=self.name, peer=connection.peer_ip, reason=str(error) or "timeout")
        elif self._door.tls is not None:
            emit(Event.NET_TLS_FAILED, listener=self.name, client_ip=connection.peer_ip, error=str(error))
