"""A name server of tests on loopback, UDP and TCP on one port, that says what it is told to say."""

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import dns.edns
import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset

Message = dns.message.QueryMessage
Replies = list[bytes]
Script = Callable[["Query"], "Replies | Awaitable[Replies]"]


@dataclass
class Query:
    """One question as it came."""

    message: Message
    via: str

    @property
    def name(self) -> str:
        return self.message.question[0].name.to_text(omit_final_dot=True).lower()

    @property
    def kind(self) -> str:
        return dns.rdatatype.to_text(self.message.question[0].rdtype)

    @property
    def is_unchecked(self) -> bool:
        return bool(self.message.flags & dns.flags.CD)

    def reply(
        self,
        *answer: str,
        authority: tuple[str, ...] = (),
        rcode: int = dns.rcode.NOERROR,
        secure: bool = False,
        extended: int | None = None,
    ) -> Message:
        """A message; records as in a zone file: `name ttl IN type data`."""
        reply = dns.message.make_response(self.message, recursion_available=True)
        reply.set_rcode(dns.rcode.Rcode(rcode))
        if secure:
            reply.flags |= dns.flags.AD
        for section, lines in ((reply.answer, answer), (reply.authority, authority)):
            for line in lines:
                name, ttl, kind_class, kind, data = line.split(None, 4)
                rrset = dns.rrset.from_text(name, int(ttl), kind_class, kind, data)
                same = next((one for one in section if one.name == rrset.name and one.rdtype == rrset.rdtype), None)
                if same is None:
                    section.append(rrset)
                else:
                    same.add(rrset[0])
        if extended is not None:
            reply.use_edns(0, options=[dns.edns.EDEOption(extended, "why")])
        return reply


def records(*lines: str, secure: bool = False) -> Script:
    """An answer."""
    return lambda query: [query.reply(*lines, secure=secure).to_wire(max_size=65_535)]


def nothing(*, ttl: int | None = 60, exists: bool = False, secure: bool = False) -> Script:
    """NXDOMAIN, or with `exists` no such record; without a `ttl` there is no SOA."""
    soa = () if ttl is None else (f". {ttl} IN SOA a.test. b.test. 1 60 60 3600 {ttl}",)
    code = dns.rcode.NOERROR if exists else dns.rcode.NXDOMAIN
    return lambda query: [query.reply(authority=soa, rcode=code, secure=secure).to_wire()]


def fault(rcode: int = dns.rcode.SERVFAIL, extended: int | None = None) -> Script:
    """An error."""
    return lambda query: [query.reply(rcode=rcode, extended=extended).to_wire()]


def silence(_query: Query) -> Replies:
    """No answer ever."""
    return []


def truncated(full: Script) -> Script:
    """By UDP only a sign that there is more, by TCP all of it."""

    def script(query: Query) -> Replies:
        if query.via == "tcp":
            return full(query)  # type: ignore[return-value]
        reply = query.reply()
        reply.flags |= dns.flags.TC
        return [reply.to_wire()]

    return script


def when(event: asyncio.Event, then: Script) -> Script:
    """Not before the event."""

    async def script(query: Query) -> Replies:
        await event.wait()
        return then(query)  # type: ignore[return-value]

    return script


@dataclass
class Nameserver:
    """`script` by (name, type): a list is used up one by one, its last stays. Others get NXDOMAIN."""

    port: int = 0
    scripts: dict[tuple[str, str], list[Script]] = field(default_factory=dict)
    asked: list[tuple[str, str, str]] = field(default_factory=list)  # name, type, via
    arrived: asyncio.Event = field(default_factory=asyncio.Event)
    tasks: set[asyncio.Task[None]] = field(default_factory=set)

    def on(self, name: str, kind: str, *scripts: Script) -> None:
        self.scripts[name, kind] = list(scripts)

    def count(self, name: str, kind: str) -> int:
        return sum(asked[:2] == (name, kind) for asked in self.asked)

    async def answer(self, octets: bytes, via: str) -> Replies:
        query = Query(dns.message.from_wire(octets), via)  # type: ignore[arg-type]
        self.asked.append((query.name, query.kind, via))
        self.arrived.set()
        scripts = self.scripts.get((query.name, query.kind)) or [nothing()]
        script = scripts.pop(0) if len(scripts) > 1 else scripts[0]
        replies = script(query)
        return replies if isinstance(replies, list) else await replies

    async def serve_stream(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        size = int.from_bytes(await reader.readexactly(2), "big")
        for reply in await self.answer(await reader.readexactly(size), "tcp"):
            writer.write(len(reply).to_bytes(2, "big") + reply)
        await writer.drain()
        writer.close()


class _Udp(asyncio.DatagramProtocol):
    def __init__(self, server: Nameserver) -> None:
        self.server = server

    def connection_made(self, transport: asyncio.DatagramTransport) -> None:  # type: ignore[override]
        self.transport = transport

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        task = asyncio.get_running_loop().create_task(self.respond(data, addr))
        self.server.tasks.add(task)
        task.add_done_callback(self.server.tasks.discard)

    async def respond(self, data: bytes, addr: tuple[str, int]) -> None:
        for reply in await self.server.answer(data, "udp"):
            self.transport.sendto(reply, addr)


@asynccontextmanager
async def nameserver(host: str = "127.0.0.1") -> AsyncIterator[Nameserver]:
    """Runs while the block does."""
    server = Nameserver()
    loop = asyncio.get_running_loop()
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as stream:
        stream.bind((host, 0))
        server.port = stream.getsockname()[1]
        datagram = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        datagram.bind((host, server.port))
        datagram.setblocking(False)
        transport, _ = await loop.create_datagram_endpoint(lambda: _Udp(server), sock=datagram)
        listener = await asyncio.start_server(server.serve_stream, sock=stream)
        try:
            yield server
        finally:
            listener.close()
            transport.close()
            for task in list(server.tasks):
                task.cancel()
            await asyncio.gather(*server.tasks, return_exceptions=True)
