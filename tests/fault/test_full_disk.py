"""A full disk: mail is put off with 452, readers, flags and deletions go on, and all is well once there is room."""

import contextlib
import smtplib
from pathlib import Path

import pytest

from tests.support.disk import FILLER, fill, repeat, small_disk
from tests.support.server import Sandbox, sandbox

pytestmark = [pytest.mark.e2e, pytest.mark.slow]


def send(box: Sandbox, size: int = 400) -> tuple[int, bytes]:
    """One letter; the code and text of the reply that decided."""
    with contextlib.closing(smtplib.SMTP("127.0.0.1", box.port("smtp"), timeout=30)) as client:
        client.ehlo("client.example")
        for answer in (client.mail("a@elsewhere.example"), client.rcpt("ada@dev.localhost")):
            if answer[0] != 250:
                return answer
        return client.data(b"Subject: x\r\n\r\n" + b"y" * 70 * (size // 70) + b"\r\n")


@pytest.mark.parametrize("leave", [100 << 20, 0], ids=["below the reserve", "not a byte left"])
def test_full_disk(tmp_path: Path, leave: int) -> None:
    with small_disk(tmp_path / "disk") as disk, sandbox(disk, "--no-samples") as box:
        assert send(box)[0] == 250
        reader = box.imap("ada")
        fill(disk, leave)
        taken, (code, text) = repeat(lambda: send(box), lambda answer: answer[0] == 250)
        assert (code, text[:5]) == (452, b"4.3.1")
        before = int(reader.select("INBOX")[1][0])
        assert before == 1 + taken
        assert reader.fetch("1:*", "(FLAGS BODY.PEEK[])")[0] == "OK"
        if leave:
            assert reader.store("1", "+FLAGS", "(\\Flagged)")[0] == "OK"
            reader.store("1", "+FLAGS", "(\\Deleted)")
            assert reader.expunge()[0] == "OK"
            before -= 1
        else:
            assert reader.store("1", "+FLAGS", "(\\Flagged)")[0] in {"OK", "NO"}
        taken, (_, words) = repeat(
            lambda: reader.append("INBOX", "", "", b"Subject: y\r\n\r\nz\r\n"), lambda answer: answer[0] == "OK"
        )
        assert b"UNAVAILABLE" in words[0]
        before += taken
        (disk / FILLER).unlink()
        repeat(lambda: send(box), lambda answer: answer[0] != 250)
        reader.noop()
        assert int(reader.select("INBOX")[1][0]) == before + 1
        assert reader.store("1", "+FLAGS", "(\\Flagged)")[0] == "OK"
        reader.logout()
        checked = box.cli("db", "check")
        assert checked.returncode == 0, checked.stdout + checked.stderr
