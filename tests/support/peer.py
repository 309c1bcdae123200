"""Another server that follows a script: what it answers at each stage, where it closes, stalls or talks nonsense."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from mailstead.ground.wire.smtp.receiver import Chunk, End, Line, Receiver
from mailstead.net.connection import Connection
from mailstead.net.stream import PeerGone, TimedOut
from mailstead.net.sweep import Sweep


class Act(Enum):
    """Instead of a reply."""

    CLOSE = "close"
    STALL = "stall"
    GARBAGE = "garbage"
    HALF = "half a reply, then silence"


Play = bytes | Act | list[Any] | Callable[[bytes], Any]

USUAL: Mapping[str, Play] = {
    "greeting": b"220 peer.test ESMTP",
    "HELO": b"250 peer.test",
    "STARTTLS": b"220 2.0.0 go ahead",
    "AUTH": b"235 2.7.0 welcome",
    "MAIL": b"250 2.1.0 ok",
    "RCPT": b"250 2.1.5 ok",
    "DATA": b"354 go on",
    "content": b"250 2.0.0 taken",
    "BDAT": b"250 2.0.0 octets",
    "RSET": b"250 2.0.0 ok",
    "QUIT": b"221 2.0.0 bye",
}


@dataclass
class Letter:
    """What one transaction brought."""

    mail: bytes
    rcpts: list[bytes] = field(default_factory=list)
    content: bytes = b""


class Peer:
    """One listening port. A list in the script is used up one by one, its last entry stays."""

    def __init__(
        self,
        *offers: str,
        tls: ssl.SSLContext | None = None,
        tls_first: bool = False,
        lmtp: bool = False,
        **script: Any,
    ) -> None:
        self.offers = offers
        self.tls = tls
        self.tls_first = tls_first
        self.lmtp = lmtp
        self.script: dict[str, Any] = {**USUAL, **script}
        self.port = 0
        self.commands: list[str] = []
        self.letters: list[Letter] = []
        self.connections = 0
        self.names_told: list[str] = []  # SNI
        self._tasks: set[asyncio.Task[None]] = set()
        self._open: set[Connection] = set()

    @asynccontextmanager
    async def listen(self, path: str = "", *, host: str = "127.0.0.1", port: int = 0) -> AsyncIterator["Peer"]:
        """Serve until the block ends."""
        loop = asyncio.get_running_loop()
        self._sweep = Sweep(0.05)
        if path:
            server: Any = await loop.create_unix_server(self._accept, path)
        else:
            server = await loop.create_server(self._accept, host, port)
            self.port = server.sockets[0].getsockname()[1]
        try:
            yield self
        finally:
            server.close()
            for task in list(self._tasks):
                task.cancel()
            for connection in list(self._open):
                connection.abort()
            await asyncio.gather(*self._tasks, return_exceptions=True)

    def _accept(self) -> Connection:
        peer = self

        class Door(Connection):
            def connection_made(self, transport: asyncio.BaseTransport) -> None:
                first = self._transport is None
                super().connection_made(transport)
                if first:
                    task = asyncio.get_running_loop().create_task(peer._serve(self))
                    peer._tasks.add(task)
                    task.add_done_callback(peer._tasks.discard)

        connection = Door("peer", self._sweep, self._open.discard)
        self._open.add(connection)
        return connection

    async def _serve(self, connection: Connection) -> None:
        self.connections += 1
        try:
            if self.tls_first:
                assert self.tls is not None
                await connection.start_tls(self.tls, 10)
            await _Session(self, connection).run()
        except (PeerGone, TimedOut):
            pass
        finally:
            connection.close()

    def play(self, stage: str, line: bytes) -> Any:
        """What the script says now."""
        play = self.script.get(stage, b"500 5.5.2 what?")
        if isinstance(play, list):
            play = play.pop(0) if len(play) > 1 else play[0]
        return play(line) if callable(play) else play


class _Session:
    def __init__(self, peer: Peer, connection: Connection) -> None:
        self.peer = peer
        self.connection = connection
        self.receiver = Receiver(line_max=8192)
        self.accepted = 0
        self.letter: Letter | None = None

    async def run(self) -> None:
        await self.answer("greeting", b"")
        while True:
            event = await self.next()
            assert isinstance(event, Line), event
            if await self.obey(event.text):
                return

    async def next(self) -> Any:
        while (event := self.receiver.next_event()) is None:
            data = await self.connection.read(30)
            if not data:
                raise PeerGone
            self.receiver.feed(data)
        return event

    async def obey(self, text: bytes) -> bool:
        verb = text.split(b" ")[0].split(b":")[0].upper().decode()
        self.peer.commands.append(text.decode())
        if verb in ("EHLO", "LHLO") and verb not in self.peer.script:
            await self.say(b"".join(_hello(self.peer, is_tls=self.connection.tls is not None)))
        elif verb == "STARTTLS":
            await self.start_tls()
        elif verb == "BDAT":
            await self.take_block(text)
        else:
            reply = await self.answer(verb, text)
            await self.follow(verb, text, reply)
        return verb == "QUIT"

    async def start_tls(self) -> None:
        reply = await self.answer("STARTTLS", b"")
        if reply.startswith(b"220"):
            if self.peer.tls is None:
                self.connection.abort()
                raise PeerGone
            await self.connection.start_tls(self.peer.tls, 10)
            self.receiver.clear()
            self.peer.names_told.append(self.connection.tls.server_name if self.connection.tls else "")

    async def follow(self, verb: str, text: bytes, reply: bytes) -> None:
        if verb == "MAIL" and reply[:1] == b"2":
            self.letter, self.accepted = Letter(text), 0
        elif verb == "RCPT" and reply[:1] == b"2" and self.letter is not None:
            self.letter.rcpts.append(text)
            self.accepted += 1
        elif verb == "RSET":
            self.letter = None
        elif verb == "DATA" and reply[:3] == b"354":
            self.receiver.expect_data()
            await self.take_content()

    async def take_content(self) -> None:
        content = b""
        while True:
            event = await self.next()
            content += event.data
            if isinstance(event, End):
                assert event.intact, "bare CR or LF"
                break
            assert isinstance(event, Chunk)
        await self.take(content)

    async def take_block(self, text: bytes) -> None:
        _, size, *last = text.split(b" ")
        content = self.receiver._buffer[self.receiver._pos :]  # a `Receiver` would not give what is binary
        self.receiver.clear()
        while len(content) < int(size):
            data = await self.connection.read(30)
            if not data:
                raise PeerGone
            content += data
        self.receiver.feed(content[int(size) :])
        content = content[: int(size)]
        if self.letter is not None:
            self.letter.content += content
        if last:
            await self.take(b"")
        else:
            await self.answer("BDAT", text)

    async def take(self, content: bytes) -> None:
        letter, self.letter = self.letter or Letter(b""), None
        letter.content += content
        for _ in range(max(1, self.accepted) if self.peer.lmtp else 1):
            reply = await self.answer("content", b"")
            if reply[:1] == b"2" and letter.rcpts and not any(letter is one for one in self.peer.letters):
                self.peer.letters.append(letter)

    async def answer(self, stage: str, text: bytes) -> bytes:
        return await self.act(stage, self.peer.play(stage, text))

    async def act(self, stage: str, play: Any) -> bytes:
        match play:
            case Act.CLOSE:
                self.connection.close()
                raise PeerGone
            case Act.STALL | Act.HALF:
                if play is Act.HALF:
                    await self.say(b"250-half")
                await asyncio.get_running_loop().create_future()
            case Act.GARBAGE:
                await self.say(b"\x00\x01 this is not SMTP\r\n")
                return b""
            case _:
                await self.say(play if play.endswith(b"\n") else play + b"\r\n")
                return bytes(play)
        raise AssertionError(stage)

    async def say(self, data: bytes) -> None:
        self.connection.write(data)
        await self.connection.drain(10)


def _hello(peer: Peer, *, is_tls: bool) -> list[bytes]:
    offers = [offer for offer in peer.offers if not (is_tls and offer == "STARTTLS")]
    lines = ["peer.test", *offers]
    return [f"250{' ' if line is lines[-1] else '-'}{line}\r\n".encode() for line in lines]
