"""Real letters go in by SMTP (by APPEND where SMTP rightly refuses one) and come out byte for byte by IMAP.

The letters are not part of the project: CORPUS_ARCHIVE names a tar archive of files, one letter each.
"""

import os
import re
import smtplib
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.record import record
from tests.support.server import Sandbox, sandbox

pytestmark = [pytest.mark.e2e, pytest.mark.soak]


def letters(archive: str) -> Iterator[tuple[str, bytes]]:
    """Every file of the archive."""
    with tarfile.open(archive) as tar:
        for member in tar:
            stream = tar.extractfile(member) if member.isfile() else None
            if stream is not None and not Path(member.name).name.startswith("README"):
                yield member.name, stream.read()


def _send(client: smtplib.SMTP, data: bytes) -> bool:
    """DATA as it stands, without smtplib's own line mending; False if the letter is refused."""
    client.mail("corpus@elsewhere.example", ["BODY=8BITMIME"])
    client.rcpt("ada@dev.localhost")
    assert client.docmd("DATA")[0] == 354
    stuffed = re.sub(rb"(?m)^\.", b"..", data)
    client.send(stuffed + (b"" if data.endswith(b"\r\n") else b"\r\n") + b".\r\n")
    code, _ = client.getreply()
    return code == 250


def round_trip(box: Sandbox, archive: str) -> dict[str, int]:
    """Send all, read all back, compare."""
    counts = {"smtp": 0, "append": 0}
    reader = box.imap("ada")
    reader.select("INBOX")
    client = box.smtp()
    client.ehlo("corpus.example")
    for sent, (name, data) in enumerate(letters(archive)):
        if sent % 500 == 499:
            client.quit()
            client = box.smtp()
            client.ehlo("corpus.example")
        by_smtp = _send(client, data)
        if not by_smtp:
            assert re.search(rb"(?<!\r)\n|\r(?!\n)", data), f"{name}: refused though its line ends are right"
            status, answer = reader.append("INBOX", "", "", data)
            # imaplib rewrites line ends; send such letters as they are
            assert status == "OK", (name, answer)
        counts["smtp" if by_smtp else "append"] += 1
        reader.noop()
        number = int(reader.select("INBOX")[1][0])
        _, rows = reader.fetch(str(number), "(BODY.PEEK[] RFC822.SIZE)")
        raw = rows[0][1]
        wanted = data if by_smtp and data.endswith(b"\r\n") else data + b"\r\n" if by_smtp else None
        if wanted is None:
            wanted = re.sub(rb"\r\n|\r|\n", b"\r\n", data)  # what imaplib made of it
        assert raw.endswith(wanted), name
        if by_smtp:
            assert raw[: len(raw) - len(wanted)].startswith(b"Return-Path: <corpus@elsewhere.example>\r\nReceived: "), (
                name
            )
        else:
            assert raw == wanted, name
        reader.fetch(str(number), "(ENVELOPE BODYSTRUCTURE BODY)")
    client.quit()
    reader.logout()
    return counts


def test_every_letter_comes_back(tmp_path: Path) -> None:
    archive = os.environ.get("CORPUS_ARCHIVE")
    if not archive:
        pytest.skip("set CORPUS_ARCHIVE to a tar archive of letters")
    with sandbox(tmp_path, "--no-samples") as box:
        counts = round_trip(box, archive)
        assert box.cli("db", "check").returncode == 0
        assert box.stop() == 0
    assert box.errors() == []
    record("real letters in and out byte for byte", **counts)
