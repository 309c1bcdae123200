"""SIGTERM: whoever is in the middle of a transaction finishes it, whoever is idle is told, nobody is cut."""

import os
import signal
import socket
from pathlib import Path

import pytest

from tests.support.server import sandbox

pytestmark = pytest.mark.e2e


def test_a_letter_under_way_is_filed(tmp_path: Path) -> None:
    with sandbox(tmp_path, "--no-samples") as box:
        busy = socket.create_connection(("127.0.0.1", box.port("smtp")), 20)
        talk = busy.makefile("rwb")
        idle = socket.create_connection(("127.0.0.1", box.port("imap")), 20)
        heard = idle.makefile("rb")
        assert heard.readline().startswith(b"* OK")
        assert talk.readline().startswith(b"220")
        for command in (b"HELO client.example", b"MAIL FROM:<a@elsewhere.example>", b"RCPT TO:<you@dev.localhost>"):
            talk.write(command + b"\r\n")
            talk.flush()
            assert talk.readline().startswith(b"250")
        talk.write(b"DATA\r\n")
        talk.flush()
        assert talk.readline().startswith(b"354")
        talk.write(b"Subject: under way\r\n\r\nhalf\r\n")
        talk.flush()
        assert box.process is not None
        os.kill(box.process.pid, signal.SIGTERM)
        assert heard.readline().startswith(b"* BYE")
        talk.write(b"the other half\r\n.\r\n")
        talk.flush()
        assert talk.readline().startswith(b"250")
        assert talk.readline().startswith(b"421")
        for file in (talk, busy, heard, idle):
            file.close()
        assert box.process.wait(30) == 0
        box.stop()
        box.start()
        reader = box.imap("you")
        reader.select("INBOX")
        assert reader.search(None, 'SUBJECT "under way"')[1] == [b"1"]
        reader.logout()
