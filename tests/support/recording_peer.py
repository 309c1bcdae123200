"""A mail server that remembers what it took, for tests that kill the sender: it can be slow, and stop, at each step."""

import asyncio
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from email.parser import BytesHeaderParser

STEPS = ("mail", "rcpt", "data", "body", "dot", "taken")
"""After the command came and before the answer; `body`: some of it came; `taken`: see `Trap`."""


@dataclass(frozen=True)
class Taken:
    """A letter for one recipient: when its transaction began, and when our 250 was on its way (monotonic)."""

    message_id: str
    recipient: str
    began: float
    at: float
    content: bytes = field(default=b"", repr=False)


@dataclass
class Trap:
    """One session stops at a step until it is let go. `taken` stops where `dot` does: a test that freezes the sender
    then, and lets go, knows that the 250 was said and not heard."""

    step: str
    reached: threading.Event = field(default_factory=threading.Event)
    go: threading.Event = field(default_factory=threading.Event)
    said: threading.Event = field(default_factory=threading.Event)  # the answer is on its way


@dataclass
class _Transaction:
    began: float = 0.0
    recipients: list[str] = field(default_factory=list)


Reply = Callable[[str], bytes]


class RecordingPeer:
    """On a loop of its own in a thread. `answer` gives the reply to RCPT for an address."""

    def __init__(self, answer: Reply = lambda _: b"250 2.1.5 Ok", slow: float = 0.0) -> None:
        self.taken: list[Taken] = []
        self.answer = answer
        self.slow = slow
        self._trap: Trap | None = None
        self._lock = threading.Lock()
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> "RecordingPeer":
        self._thread.start()
        assert self._ready.wait(10)
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._end.set)
        self._thread.join(10)

    def set_trap(self, step: str) -> Trap:
        """The next session that comes to this step stops there."""
        trap = Trap(step)
        with self._lock:
            self._trap = trap
        return trap

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_until_complete(self._serve())
        self._loop.close()

    async def _serve(self) -> None:
        self._end = asyncio.Event()
        sessions: set[asyncio.Task[None]] = set()

        async def session(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            task = asyncio.current_task()
            assert task
            sessions.add(task)
            try:
                await self._session(reader, writer)
            except (OSError, EOFError):
                pass  # the sender was killed
            finally:
                sessions.discard(task)
                writer.close()

        server = await asyncio.start_server(session, "127.0.0.1", 0, limit=1 << 20)
        self.port = server.sockets[0].getsockname()[1]
        self._ready.set()
        await self._end.wait()
        server.close()
        for task in list(sessions):
            task.cancel()
        await asyncio.gather(*sessions, return_exceptions=True)

    async def _session(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 peer.test ESMTP\r\n")
        mail = _Transaction()
        while line := await reader.readline():
            verb = line[:4].upper()
            if verb == b"EHLO":
                writer.write(b"250-peer.test\r\n250-PIPELINING\r\n250-8BITMIME\r\n250 ENHANCEDSTATUSCODES\r\n")
            elif verb == b"MAIL":
                began = time.monotonic()
                await self._step("mail")
                mail = _Transaction(began)
                writer.write(b"250 2.1.0 Ok\r\n")
            elif verb == b"RCPT":
                await self._step("rcpt")
                reply = self.answer(_address(line))
                if reply.startswith(b"250"):
                    mail.recipients.append(_address(line))
                writer.write(reply + b"\r\n")
            elif verb == b"DATA":
                await self._take(mail, reader, writer)
                mail = _Transaction()
            elif verb == b"QUIT":
                writer.write(b"221 2.0.0 Bye\r\n")
                await writer.drain()
                return
            else:
                mail = _Transaction()
                writer.write(b"250 2.0.0 Ok\r\n")
            await writer.drain()

    async def _take(self, mail: _Transaction, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await self._step("data")
        if not mail.recipients:
            writer.write(b"554 5.5.1 No valid recipients\r\n")
            return
        writer.write(b"354 Go on\r\n")
        await writer.drain()
        content = await reader.readexactly(1)
        await self._step("body")
        while not content.endswith(b"\r\n.\r\n"):
            content += await reader.readuntil(b"\r\n")
        await self._step("dot")
        trap = await self._step("taken")
        message_id = BytesHeaderParser().parsebytes(content)["Message-ID"].strip("<>")
        writer.write(b"250 2.0.0 Taken\r\n")
        at = time.monotonic()
        letter = content.removesuffix(b".\r\n").replace(b"\r\n..", b"\r\n.")
        self.taken += [Taken(message_id, recipient, mail.began, at, letter) for recipient in mail.recipients]
        if trap is not None:
            trap.said.set()

    async def _step(self, step: str) -> Trap | None:
        """Be slow; stop if there is a trap."""
        if self.slow:
            await asyncio.sleep(self.slow)
        with self._lock:
            trap = self._trap
            if trap is None or trap.step != step:
                return None
            self._trap = None
        trap.reached.set()
        while not trap.go.is_set():
            await asyncio.sleep(0.005)
        return trap


def _address(line: bytes) -> str:
    return line[line.index(b"<") + 1 : line.index(b">")].decode()
