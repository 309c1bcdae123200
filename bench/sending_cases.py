"""What is measured of sending: a client that logs in over TLS, and a sink that counts what it takes."""

import asyncio
import base64
import ssl
import statistics
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from bench.imap import PASSWORD

SINK_PORT = 43025
DEAD_PORT = 43026
"""Where DEAD_DOMAIN is routed to and nobody listens."""

DEAD_DOMAIN = "dead.example"
BATCH = 250
"""Letters in one connection: servers end sessions that never do."""

SIZE = 4096
USER = "u1@example.test"


@dataclass(frozen=True, slots=True)
class Mailer:
    """One system: `port` speaks TLS first."""

    name: str
    port: int


@dataclass(slots=True)
class Sink:
    """Takes everything at once and counts recipients; knows when it said yes to each subject."""

    recipients: int = 0
    letters: int = 0
    heard: dict[bytes, float] = field(default_factory=dict)
    keeps_times: bool = False
    _goal: int = 0
    _reached: asyncio.Event = field(default_factory=asyncio.Event)

    async def wait(self, recipients: int) -> None:
        """Until that many recipients were taken."""
        self._goal = recipients
        if self.recipients < recipients:
            self._reached.clear()
            async with asyncio.timeout(180):
                await self._reached.wait()

    def count(self, recipients: int, body: bytes) -> None:
        self.letters += 1
        self.recipients += recipients
        if self.keeps_times:
            subject = body[body.index(b"\r\nSubject:") + 2 :].split(b"\r\n", 1)[0]  # signatures name it, too
            self.heard[subject] = time.perf_counter()
        if b"DKIM-Signature:" not in body[:4096]:
            raise RuntimeError("a letter came without a signature")
        if self.recipients >= self._goal:
            self._reached.set()


class SinkProtocol(asyncio.Protocol):
    """As much SMTP as two decent servers need."""

    def __init__(self) -> None:
        self._buffer = b""
        self._in_data = False
        self._rcpts = 0

    def connection_made(self, transport: Any) -> None:
        self._transport = transport
        transport.write(b"220 sink ESMTP\r\n")

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        out = []
        while True:
            if self._in_data:
                end = self._buffer.find(b"\r\n.\r\n")
                if end < 0:
                    break
                body, self._buffer, self._in_data = self._buffer[:end], self._buffer[end + 5 :], False
                SINKS[-1].count(self._rcpts, body)
                self._rcpts = 0
                out.append(b"250 2.0.0 taken\r\n")
                continue
            line, found, rest = self._buffer.partition(b"\r\n")
            if not found:
                break
            self._buffer = rest
            out.append(self._answer(line[:4].upper()))
        if out:
            self._transport.write(b"".join(out))

    def _answer(self, verb: bytes) -> bytes:
        if verb == b"EHLO":
            return b"250-sink\r\n250-PIPELINING\r\n250-8BITMIME\r\n250 SIZE\r\n"
        if verb == b"RCPT":
            self._rcpts += 1
        if verb == b"RSET":
            self._rcpts = 0
        if verb == b"DATA":
            self._in_data = True
            return b"354 go on\r\n"
        return b"250 2.0.0 ok\r\n"


class Client:
    """A submission client that pipelines."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    @classmethod
    async def open(cls, mailer: Mailer) -> "Client":
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        reader, writer = await asyncio.open_connection("127.0.0.1", mailer.port, ssl=context)
        client = cls(reader, writer)
        await client._expect(b"220")
        await client.say(b"EHLO bench.example.test", b"250")
        token = base64.b64encode(f"\0{USER}\0{PASSWORD}".encode())
        await client.say(b"AUTH PLAIN " + token, b"235")
        return client

    async def say(self, line: bytes, code: bytes) -> None:
        self._writer.write(line + b"\r\n")
        await self._expect(code)

    async def send(self, recipients: list[str], body: bytes) -> None:
        """One letter, envelope in one packet."""
        rcpts = b"".join(f"RCPT TO:<{one}>\r\n".encode() for one in recipients)
        self._writer.write(b"MAIL FROM:<" + USER.encode() + b">\r\n" + rcpts + b"DATA\r\n")
        await self._expect(b"250")
        for _ in recipients:
            await self._expect(b"250")
        await self._expect(b"354")
        self._writer.write(body + b"\r\n.\r\n")
        await self._expect(b"250")

    async def _expect(self, code: bytes) -> None:
        while True:
            line = await self._reader.readuntil(b"\r\n")
            if line[3:4] == b"-":
                continue
            if not line.startswith(code):
                raise RuntimeError(line.decode(errors="replace"))
            return

    def close(self) -> None:
        self._writer.close()


SINKS: list[Sink] = []
"""The one of the case that runs is the last: connections to it outlive cases."""


async def open_sink() -> None:
    """Listen, for as long as the program runs."""
    await asyncio.get_running_loop().create_server(SinkProtocol, "127.0.0.1", SINK_PORT)


def _new_sink(**options: bool) -> Sink:
    SINKS.append(Sink(**options))
    return SINKS[-1]


def _body(number: int, subject: str = "A letter of the bench") -> bytes:
    """4 KB, as a mail program writes it."""
    head = (
        f"From: {USER}\r\nTo: someone@far.example\r\nSubject: {subject}\r\n"
        "Date: Fri, 20 Nov 2026 10:00:00 +0000\r\n"
        f"Message-ID: <{number}.{time.time_ns()}@bench.example.test>\r\n"
        "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n"
    ).encode()
    line = b"The quick brown fox jumps over the lazy dog, and then it goes home again.\r\n"
    return head + line * ((SIZE - len(head)) // len(line))


async def throughput(mailer: Mailer, connections: int = 10, count: int = 1500) -> float:
    """Letters a second from the first MAIL to the sink's last yes."""
    sink = _new_sink()
    clients = [await Client.open(mailer) for _ in range(connections)]
    numbers = iter(range(count))

    async def work(client: Client) -> None:
        for number in numbers:
            await client.send([f"r{number}@far{number % 10}.example"], _body(number))

    began = time.perf_counter()
    await asyncio.gather(*(work(client) for client in clients))
    await sink.wait(count)
    elapsed = time.perf_counter() - began
    for client in clients:
        client.close()
    return count / elapsed


async def many_recipients(mailer: Mailer, letters: int = 5) -> float:
    """Recipients a second of letters to a thousand in ten domains."""
    sink = _new_sink()
    client = await Client.open(mailer)
    recipients = [f"r{number}@far{number % 10}.example" for number in range(1000)]
    began = time.perf_counter()
    for number in range(letters):
        await client.send(recipients, _body(number))
    await sink.wait(1000 * letters)
    elapsed = time.perf_counter() - began
    client.close()
    return 1000 * letters / elapsed


async def latency(mailer: Mailer, count: int = 100) -> float:
    """Milliseconds from submission's 250 to the peer's, nothing else going on; the median."""
    sink = _new_sink(keeps_times=True)
    client = await Client.open(mailer)
    found = []
    for number in range(count):
        subject = f"latency {number} {time.time_ns()}"
        await client.send([f"r{number}@far.example"], _body(number, subject))
        said = time.perf_counter()
        await sink.wait(number + 1)
        found.append((sink.heard[f"Subject: {subject}".encode()] - said) * 1000)
        await asyncio.sleep(0.02)
    client.close()
    return statistics.median(found)


async def beside_the_dead(mailer: Mailer, count: int = 50_000) -> float:
    """Throughput with that many letters waiting for a destination that is dead, in percent of that without."""
    before = statistics.median([await throughput(mailer) for _ in range(5)])
    batches = iter(range(0, count, BATCH))

    async def load() -> None:
        for start in batches:
            client = await Client.open(mailer)
            for number in range(start, start + BATCH):
                await client.send([f"r{number}@{DEAD_DOMAIN}"], _body(number))
            client.close()

    await asyncio.gather(*(load() for _ in range(40)))
    await asyncio.sleep(10)  # all were tried once, or will not be: what is left is the weight of the queue
    after = statistics.median([await throughput(mailer) for _ in range(5)])
    return 100 * after / before


@dataclass(frozen=True, slots=True)
class Case:
    """One row of the table."""

    name: str
    unit: str
    run: Callable[[Mailer], Awaitable[float]]
    less_is_better: bool = False
    is_long: bool = False  # one round is enough: it takes medians itself


CASES = [
    Case("submit and send 4 KB, 10 connections", "letters/s", throughput),
    Case("submit and send 4 KB, 40 connections", "letters/s", lambda mailer: throughput(mailer, 40, 3000)),
    Case("submit and send 4 KB, 1 connection", "letters/s", lambda mailer: throughput(mailer, 1, 500)),
    Case("letters to 1,000 in 10 domains", "recipients/s", many_recipients),
    Case("submission's 250 to the peer's", "ms", latency, less_is_better=True),
    Case("rate beside 50,000 for a dead destination", "%", beside_the_dead, is_long=True),
]
