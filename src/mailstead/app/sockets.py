"""The listening sockets: bound once before root is given up, kept open by the supervisor, inherited by workers.

Each worker has its own SO_REUSEPORT set, so the kernel spreads connections, and those that wait for a dead worker
wait on for its successor. Sockets that systemd gave, and Unix sockets, are one set that all workers share.
"""

import os
import socket
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

BACKLOG: Final = 4096
_FIRST_ACTIVATED: Final = 3
_KEEP_IDLE: Final = 300


class CannotListen(Exception):  # noqa: N818
    """An address we cannot have; the words say which and why."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where a listener is reached: host and port, or a Unix path (owner only)."""

    name: str
    host: str = ""
    port: int = 0
    path: Path | None = None


@dataclass(slots=True)
class SocketSets:
    """For each worker: its sockets by listener name. Shared ones stand in every set."""

    sets: list[dict[str, list[socket.socket]]]
    ports: dict[str, int] = field(default_factory=dict)

    def descriptors(self, worker: int) -> dict[str, list[int]]:
        """What a worker inherits."""
        return {name: [sock.fileno() for sock in socks] for name, socks in self.sets[worker].items()}

    def close(self) -> None:
        """Let go of all."""
        for one in self.sets:
            for socks in one.values():
                for sock in socks:
                    sock.close()


def bind_ports(endpoints: Sequence[Endpoint], workers: int) -> SocketSets:
    """Bind what may need root: ports, and what systemd gave. CannotListen, with nothing left bound."""
    bound = SocketSets([{} for _ in range(workers)])
    activated = take_activated()
    try:
        for endpoint in endpoints:
            given = activated.get(endpoint.name)
            if given:
                _share(bound, endpoint.name, given)
            elif endpoint.path is None:
                _bind_port(bound, endpoint)
    except CannotListen:
        bound.close()
        raise
    return bound


def bind_paths(bound: SocketSets, endpoints: Sequence[Endpoint]) -> None:
    """Add the Unix sockets, as their later owner. CannotListen."""
    for endpoint in endpoints:
        if endpoint.path is not None and endpoint.name not in bound.sets[0]:
            _share(bound, endpoint.name, [listen_on_path(endpoint.name, endpoint.path)])


def _share(bound: SocketSets, name: str, socks: list[socket.socket]) -> None:
    for one in bound.sets:
        one.setdefault(name, []).extend(socks)
    if socks[0].family in (socket.AF_INET, socket.AF_INET6):
        bound.ports[name] = socks[0].getsockname()[1]


def _bind_port(bound: SocketSets, endpoint: Endpoint) -> None:
    name, port = endpoint.name, endpoint.port
    for family, address in _addresses(endpoint):
        # SO_REUSEPORT would let us share a port with another program of the same user: ask without it first
        _listen(endpoint, family, (address, port), is_shared=False).close()
        for one in bound.sets:
            sock = _listen(endpoint, family, (address, port), is_shared=True)
            port = sock.getsockname()[1]
            one.setdefault(name, []).append(sock)
    bound.ports[name] = port


def _addresses(endpoint: Endpoint) -> list[tuple[socket.AddressFamily, str]]:
    try:
        found = socket.getaddrinfo(
            endpoint.host or None, endpoint.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )
    except OSError as error:
        raise CannotListen(f"{endpoint.name}: {endpoint.host} is no address of ours: {error.strerror}") from None
    unique = dict.fromkeys((family, str(address[0])) for family, _, _, _, address in found)
    return [one for one in unique if one[0] == socket.AF_INET or socket.has_ipv6]


def _listen(
    endpoint: Endpoint, family: socket.AddressFamily, address: tuple[str, int], *, is_shared: bool
) -> socket.socket:
    sock = socket.socket(family, socket.SOCK_STREAM)
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if is_shared:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        if family == socket.AF_INET6:
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        # accepted sockets inherit these: a client that vanished is noticed without a timer of ours
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, _KEEP_IDLE)
        sock.bind(address)
        if is_shared:
            sock.listen(BACKLOG)
    except OSError as error:
        sock.close()
        raise CannotListen(_why(endpoint, address, error)) from None
    return sock


def _why(endpoint: Endpoint, address: tuple[str, int], error: OSError) -> str:
    place = f"{endpoint.name}: {address[0]} port {address[1]}"
    match error:
        case PermissionError():
            return f"{place} needs root, CAP_NET_BIND_SERVICE or a port above 1023"
        case _:
            return f"{place} cannot be used: {error.strerror}"


def listen_on_path(name: str, path: Path) -> socket.socket:
    """A Unix socket that only its owner reaches; one left by a dead program is replaced. CannotListen."""
    if _answers(path):
        raise CannotListen(f"{name}: another program listens on {path}")
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        path.unlink(missing_ok=True)
        before = os.umask(0o177)
        try:
            sock.bind(str(path))
        finally:
            os.umask(before)
        sock.listen(BACKLOG)
    except OSError as error:
        sock.close()
        raise CannotListen(f"{name}: {path} cannot be used: {error.strerror}") from None
    return sock


def _answers(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.settimeout(1)
        try:
            probe.connect(str(path))
        except OSError:
            return False
        return True


def take_activated() -> dict[str, list[socket.socket]]:
    """Sockets that systemd bound for us, by FileDescriptorName (sd_listen_fds(3)). To be asked once."""
    pid, count = os.environ.pop("LISTEN_PID", ""), os.environ.pop("LISTEN_FDS", "")
    names = os.environ.pop("LISTEN_FDNAMES", "").split(":")
    given: dict[str, list[socket.socket]] = {}
    if pid != str(os.getpid()) or not count.isdigit():
        return given
    for index in range(int(count)):
        sock = socket.socket(fileno=_FIRST_ACTIVATED + index)
        os.set_inheritable(sock.fileno(), False)  # noqa: FBT003 - a worker inherits by name only
        given.setdefault(names[index] if index < len(names) else "", []).append(sock)
    return given


def notify_systemd(state: str) -> None:
    """Tell systemd (sd_notify(3)), if it listens."""
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not address:
        return
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
        sock.settimeout(1)
        try:
            sock.sendto(state.encode(), "\0" + address[1:] if address.startswith("@") else address)
        except OSError:
            return
