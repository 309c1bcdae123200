"""A letter that arrives in one worker wakes the IDLE clients of all workers, at once."""

import socket
import time

import pytest

from tests.support.server import Sandbox

pytestmark = pytest.mark.e2e

CLIENTS = 12
LETTERS = 8


class Idler:
    """One IDLE connection."""

    def __init__(self, box: Sandbox) -> None:
        self.socket = socket.create_connection(("127.0.0.1", box.port("imap")), 10)
        self.file = self.socket.makefile("rb")
        self.file.readline()
        self._say(b"a LOGIN ada@dev.localhost %s" % box.password("ada").encode(), b"a OK")
        self._say(b"b SELECT INBOX", b"b OK")
        self._say(b"c IDLE", b"+ ")

    def _say(self, line: bytes, wanted: bytes) -> None:
        self.socket.sendall(line + b"\r\n")
        while not (answer := self.file.readline()).startswith(wanted):
            assert answer, "the server hung up"

    def wait_exists(self) -> int:
        """The next EXISTS."""
        while True:
            answer = self.file.readline()
            assert answer, "the server hung up"
            if answer.endswith(b" EXISTS\r\n"):
                return int(answer.split()[1])

    def close(self) -> None:
        self.file.close()
        self.socket.close()


def test_every_idle_client_hears_of_every_letter(box: Sandbox) -> None:
    idlers = [Idler(box) for _ in range(CLIENTS)]  # the kernel spreads them over the workers
    waits = []
    for number in range(LETTERS):
        with box.smtp() as client:  # and these
            client.ehlo("client.example")
            client.mail("a@elsewhere.example")
            client.rcpt("ada@dev.localhost")
            client.data(f"Subject: push {number}\r\n\r\nx\r\n")
            sent = time.perf_counter()
            counts = {idler.wait_exists() for idler in idlers}
            waits.append((time.perf_counter() - sent) * 1000)
        assert len(counts) == 1
    for idler in idlers:
        idler.close()
    print(f"\n250 to the last of {CLIENTS} EXISTS: {sorted(round(wait, 1) for wait in waits)} ms")
