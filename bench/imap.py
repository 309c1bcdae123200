"""A quick, unforgiving IMAP client for load: it waits for tags and looks at little else."""

import asyncio
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Target:
    """One system under measurement."""

    name: str
    smtp: int
    imap: int
    pids: tuple[int, ...]  # the roots of its process trees
    host: str = "127.0.0.1"


PASSWORD = "pw"


class Imap:
    """One connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer
        self._count = 0

    @classmethod
    async def open(cls, target: Target, user: str | None = None) -> "Imap":
        """Connect, and log in if a user is given."""
        reader, writer = await asyncio.open_connection(target.host, target.imap, limit=1 << 28)
        await reader.readuntil(b"\r\n")
        client = cls(reader, writer)
        if user:
            await client.command(f"LOGIN {user} {PASSWORD}")
        return client

    def send(self, line: str, literal: bytes | None = None) -> bytes:
        """Write a command without waiting; gives its tag."""
        self._count += 1
        tag = b"a%d " % self._count
        tail = b"" if literal is None else b" {%d+}\r\n" % len(literal) + literal
        self.writer.write(tag + line.encode() + tail + b"\r\n")
        return tag

    async def command(self, line: str, literal: bytes | None = None) -> bytes:
        """Everything up to the tagged answer, which must be OK."""
        tag = self.send(line, literal)
        answer = bytearray()
        while True:
            data = await self.reader.read(1 << 20)
            if not data:
                raise EOFError(bytes(answer[-200:]))
            answer += data
            if not answer.endswith(b"\r\n"):
                continue
            last = answer[answer.rfind(b"\r\n", 0, -2) + 2 :] if answer.count(b"\r\n", 0, 1 << 16) > 1 else answer
            if last.startswith(tag):
                if not last.startswith(tag + b"OK"):
                    raise RuntimeError(f"{line[:60]} -> {last.decode(errors='replace')}")
                return bytes(answer)

    async def until(self, tag: bytes) -> None:
        """Read lines up to the one with this tag (for pipelined batches without literals in the answers)."""
        while not (await self.reader.readuntil(b"\r\n")).startswith(tag):
            pass

    def close(self) -> None:
        """Without LOGOUT."""
        self.writer.close()


def letter(number: int, size: int = 4000) -> bytes:
    """A letter of about `size` bytes, different for each number."""
    line = b"The quick brown fox %d jumps over the lazy dog number %d.\r\n" % (number, number * 7919 % 100003)
    return (
        b"From: Sender %d <s%d@elsewhere.test>\r\nTo: u1@example.test\r\nSubject: letter %d of the bench\r\n"
        b"Date: Fri, 20 Nov 2026 10:00:00 +0000\r\nMessage-ID: <bench-%d@elsewhere.test>\r\nMIME-Version: 1.0\r\n"
        b"Content-Type: text/plain; charset=utf-8\r\n\r\n" % (number, number % 50, number, number)
    ) + line * max(1, size // 60)
