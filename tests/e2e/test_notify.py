"""Clients that compress and never idle hear of letters in folders that they have not selected, from any worker."""

import socket
import time
import zlib
from typing import Any

import pytest

from tests.support.server import Sandbox

pytestmark = pytest.mark.e2e

CLIENTS = 8
LETTERS = 4


class Listener:
    """One connection in DEFLATE with NOTIFY."""

    def __init__(self, box: Sandbox) -> None:
        self._socket = socket.create_connection(("127.0.0.1", box.port("imap")), 10)
        self._deflater: Any = None
        self._inflater: Any = None
        self._data = b""
        self.readline()
        self.say(b"a LOGIN ada@dev.localhost %s" % box.password("ada").encode(), b"a OK")
        self.say(b"b COMPRESS DEFLATE", b"b OK")
        self._deflater, self._inflater = zlib.compressobj(9, zlib.DEFLATED, -15), zlib.decompressobj(-15)
        self.say(b"c NOTIFY SET (PERSONAL (MessageNew MessageExpunge MailboxName))", b"c OK")

    def send(self, data: bytes) -> None:
        if self._deflater is not None:
            data = self._deflater.compress(data) + self._deflater.flush(zlib.Z_SYNC_FLUSH)
        self._socket.sendall(data)

    def say(self, line: bytes, wanted: bytes) -> None:
        self.send(line + b"\r\n")
        while not self.readline().startswith(wanted):
            pass

    def readline(self) -> bytes:
        while b"\r\n" not in self._data:
            data = self._socket.recv(65536)
            assert data, "the server hung up"
            self._data += data if self._inflater is None else self._inflater.decompress(data)
        line, self._data = self._data.split(b"\r\n", 1)
        return line

    def close(self) -> None:
        self._socket.close()


def test_every_listener_hears_of_every_letter(box: Sandbox) -> None:
    listeners = [Listener(box) for _ in range(CLIENTS)]
    waits = []
    for number in range(LETTERS):
        with box.smtp() as client:
            client.ehlo("client.example")
            client.mail("a@elsewhere.example")
            client.rcpt("ada@dev.localhost")
            client.data(f"Subject: notify {number}\r\n\r\nx\r\n")
            sent = time.perf_counter()
            lines = {listener.readline() for listener in listeners}
            waits.append((time.perf_counter() - sent) * 1000)
        assert len(lines) == 1
        assert lines.pop().startswith(b"* STATUS INBOX (UIDVALIDITY ")
    listeners[0].say(b"d CREATE Listened", b"d OK")
    assert {listener.readline() for listener in listeners[1:]} == {b'* LIST (\\HasNoChildren) "/" Listened'}
    for listener in listeners:
        listener.close()
    print(f"\n250 to the last of {CLIENTS} STATUS: {sorted(round(wait, 1) for wait in waits)} ms")
