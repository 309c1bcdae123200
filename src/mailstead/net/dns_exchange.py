"""Asks name servers: UDP from a fresh random port each time, TCP for what is too long, one server after the other."""

import asyncio
import ipaddress
import socket
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from mailstead.net.dns import Trouble
from mailstead.net.dns_wire import Found, Question, is_truncated, read_reply

RESOLV_CONF: Final = Path("/etc/resolv.conf")
RESOLV_CONF_MAX: Final = 65_536
SERVERS_MAX: Final = 8
PATIENCE: Final = (2.0, 4.0, 8.0)
"""Seconds that a server has to answer: one round over all of them for each."""
FORWARDER_OF_CONTAINERS: Final = "127.0.0.11"
"""Docker's: it hands on what others say over the network, so it is only seemingly on this machine."""


@dataclass(frozen=True, slots=True)
class Servers:
    """Whom to ask. `are_trusted`: what they say of DNSSEC is believed, for nobody can change it on the way."""

    addresses: tuple[str, ...]
    port: int
    are_trusted: bool

    @classmethod
    def of(cls, addresses: Iterable[str], port: int = 53, *, are_trusted: bool = False) -> "Servers":
        """Those on this machine are trusted by themselves (RFC 7672 §2.1.3: the way to the validator must be safe)."""
        chosen = tuple(addresses)[:SERVERS_MAX]
        return cls(chosen, port, are_trusted or all(_is_loopback(address) for address in chosen))


def find_servers(configured: Sequence[str], port: int = 53, resolv_conf: Path = RESOLV_CONF) -> Servers:
    """The configured ones, else those of the machine; one on this machine if it names none, as the C library does."""
    return Servers.of(configured, port) if configured else Servers.of(_of_machine(resolv_conf) or ["127.0.0.1"])


def _of_machine(resolv_conf: Path) -> list[str]:
    try:
        with resolv_conf.open(encoding="utf-8", errors="replace") as file:
            text = file.read(RESOLV_CONF_MAX)
    except OSError:
        return []
    words = [line.split() for line in text.splitlines()]
    return [line[1] for line in words if len(line) > 1 and line[0] == "nameserver" and _is_ip(line[1])]


def _is_ip(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def _is_loopback(address: str) -> bool:
    return address != FORWARDER_OF_CONTAINERS and ipaddress.ip_address(address).is_loopback


class Exchange:
    """One question after another; the server that answered last is asked first."""

    def __init__(self, servers: Servers, patience: Sequence[float] = PATIENCE) -> None:
        self._servers = servers
        self._patience = patience
        self._first = 0

    async def ask(self, question: Question) -> Found | Trouble:
        """A failing server is not asked twice; a silent one is, with more patience."""
        trouble: Trouble | None = None
        for patience in self._patience:
            for number in self._order():
                reply = await self._ask_one(self._servers.addresses[number], question, patience)
                if isinstance(reply, Found):
                    self._first = number
                    return reply
                if reply is Trouble.BOGUS:
                    return reply  # another that does not validate must not talk us out of it
                trouble = reply or trouble
            if trouble is not None:
                break
        return trouble or Trouble.TIMEOUT

    def _order(self) -> list[int]:
        count = len(self._servers.addresses)
        return [(self._first + step) % count for step in range(count)]

    async def _ask_one(self, server: str, question: Question, patience: float) -> Found | Trouble | None:
        """None: it could not be reached in time."""
        try:
            async with asyncio.timeout(patience):
                reply = await _ask_udp(server, self._servers.port, question)
                if is_truncated(reply):
                    reply = await _ask_tcp(server, self._servers.port, question)
        except (OSError, TimeoutError, asyncio.IncompleteReadError):
            return None
        return read_reply(question, reply)


async def _ask_udp(server: str, port: int, question: Question) -> bytes:
    """A socket of its own: the kernel gives it a random port and lets in only what comes from this server."""
    loop = asyncio.get_running_loop()
    family = socket.AF_INET6 if ":" in server else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK) as sock:
        sock.connect((server, port))
        sock.send(question.octets)
        answered: asyncio.Future[bytes] = loop.create_future()
        loop.add_reader(sock.fileno(), _receive, sock, question, answered)
        try:
            return await answered
        finally:
            loop.remove_reader(sock.fileno())


def _receive(sock: socket.socket, question: Question, answered: asyncio.Future[bytes]) -> None:
    try:
        reply = sock.recv(65_535)
    except BlockingIOError:
        return
    except OSError as error:  # nobody listens there
        if not answered.done():
            answered.set_exception(error)
        return
    if question.is_answered_by(reply) and not answered.done():
        answered.set_result(reply)


async def _ask_tcp(server: str, port: int, question: Question) -> bytes:
    """RFC 7766 §8: a length of two octets before each message."""
    reader, writer = await asyncio.open_connection(server, port)
    try:
        writer.write(len(question.octets).to_bytes(2) + question.octets)
        reply = await reader.readexactly(int.from_bytes(await reader.readexactly(2)))
    finally:
        writer.close()
    if not question.is_answered_by(reply):
        raise ConnectionAbortedError("the reply is to another question")
    return reply
