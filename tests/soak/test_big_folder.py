"""A folder of 200,000 messages opens and lists as fast for each message as one of 2,000."""

import re
import socket
import time
from pathlib import Path

import pytest

from tests.support.record import record
from tests.support.server import Sandbox, sandbox

pytestmark = pytest.mark.soak

SMALL, LARGE = 2_000, 200_000
BATCH = 500


class Client:
    """IMAP as bytes, quick enough not to be what is measured."""

    def __init__(self, box: Sandbox, local: str) -> None:
        self._socket = socket.create_connection(("127.0.0.1", box.port("imap")), 60)
        self._count = 0
        self._socket.recv(65536)
        self.ask(f"LOGIN {local}@dev.localhost {box.password(local)}")

    def ask(self, line: str) -> tuple[bytes, float]:
        """The whole answer, and how long it took."""
        self._count += 1
        tag = b"t%d " % self._count
        began = time.perf_counter()
        self._socket.sendall(tag + line.encode() + b"\r\n")
        return self._until(tag), time.perf_counter() - began

    def _until(self, tag: bytes) -> bytes:
        parts, tail = [], b""
        while True:
            data = self._socket.recv(1 << 20)
            assert data, "the server hung up"
            parts.append(data)
            tail = (tail + data)[-8192:]
            found = re.search(rb"(?:^|\n)" + tag + rb"(\w+)[^\r\n]*\r\n$", tail)
            if found:
                assert found[1] == b"OK", tail
                return b"".join(parts)

    def fill(self, count: int) -> None:
        """Pipelined APPENDs of small letters."""
        for start in range(0, count, BATCH):
            wanted = b""
            for number in range(start, min(start + BATCH, count)):
                self._count += 1
                wanted = b"t%d " % self._count
                data = b"From: a@x.example\r\nSubject: letter %d\r\nMessage-ID: <%d@x.example>\r\n\r\n%d\r\n" % (
                    (number,) * 3
                )
                self._socket.sendall(wanted + b"APPEND INBOX (\\Seen) {%d+}\r\n" % len(data) + data + b"\r\n")
            self._until(wanted)


def test_two_hundred_thousand(tmp_path: Path) -> None:
    with sandbox(tmp_path, "--no-samples") as box:
        figures: dict[str, float] = {}
        for local, count in (("ada", SMALL), ("you", LARGE)):
            client = Client(box, local)
            client.fill(count)
            client = Client(box, local)
            answer, cold = client.ask("SELECT INBOX")
            assert b"* %d EXISTS" % count in answer
            figures[f"select_of_{count}_ms"] = round(cold * 1000, 2)
            for name, items in (("flags", "UID FLAGS"), ("envelope", "UID ENVELOPE")):
                answer, spent = client.ask(f"FETCH 1:* ({items})")
                assert answer.count(b"* ") >= count
                figures[f"{name}_of_{count}_us_each"] = round(spent / count * 1e6, 2)
        record("a folder of 200,000 beside one of 2,000", **figures)
