"""Our own spam filter in the real program: what strangers send is weighed, filed by it, and told why."""

import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.dns_lab import Zone, dns_lab
from tests.support.server import Sandbox, free_base

pytestmark = pytest.mark.e2e

ZONE = """
good TXT "v=spf1 ip4:127.0.0.1 -all"
1.0.0.127.bl A 127.0.0.2
"""
HONEST = (
    b"From: Ann <ann@good.test>\r\nTo: ada@dev.localhost\r\nSubject: lunch\r\nDate: Fri, 20 Nov 2026 10:00:00 +0000\r\n"
    b"Message-ID: <lunch@good.test>\r\n\r\nShall we meet at noon, at the place by the river?\r\n"
)
SPAM = (
    b'From: "service@bank.test" <ann@good.test>\r\nTo: ada@dev.localhost\r\nSubject: YOU HAVE WON $$$ !!!\r\n'
    b"Date: Fri, 20 Nov 2026 10:00:00 +0000\r\nMessage-ID: <won@good.test>\r\nMIME-Version: 1.0\r\n"
    b"Content-Type: text/html\r\n\r\n<font size=7>ACT NOW!!! Click here</font>: "
    b'<a href="http://192.0.2.9/remove">www.bank.test</a> to be removed\r\n'
)
GTUBE = b"XJS*C4JDBQADN1.NSBN3*2IDNEN*GTUBE-STANDARD-ANTI-UBE-TEST-EMAIL*C.34X\r\n"


@pytest.fixture(scope="module")
def box(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    with dns_lab(Zone("test", ZONE, signed=False)) as lab, pytest.MonkeyPatch.context() as patch:
        patch.setenv("MAILSTEAD_SMTP_EXAMINE_NEIGHBOURS", "yes")  # the client is on this machine
        patch.setenv("MAILSTEAD_SECURITY_OWN_FILTER_DNSBL", "bl.test=1.9")
        patch.setenv("MAILSTEAD_OUTBOUND_RESOLVERS", "127.0.0.1")
        patch.setenv("MAILSTEAD_OUTBOUND_RESOLVER_PORT", str(lab.authority))
        running = Sandbox(tmp_path_factory.mktemp("own") / "box", free_base())
        running.start()
        try:
            yield running
        finally:
            running.stop()


def send(box: Sandbox, letter: bytes) -> tuple[int, bytes]:
    with box.smtp() as client:
        client.ehlo("mail.good.test")
        client.mail("ann@good.test")
        client.rcpt("ada@dev.localhost")
        return client.data(letter)


def headers(box: Sandbox, subject: str, folder: str) -> list[bytes]:
    reader = box.imap("ada")
    reader.select(folder)
    _, found = reader.search(None, f'SUBJECT "{subject}"')
    fetched = [reader.fetch(number, "(BODY.PEEK[HEADER])")[1] for number in found[0].split()]
    reader.logout()
    return [bytes(rows[0][1]) for rows in fetched]


def test_an_honest_letter_is_let_in(box: Sandbox) -> None:
    assert send(box, HONEST)[0] == 250
    (header,) = headers(box, "lunch", "INBOX")
    assert b"X-Mailstead-Reason" not in header


def test_spam_goes_to_junk_and_says_why(box: Sandbox) -> None:
    assert box.cli("policy", "set", "--domain", "dev.localhost", "spam.reject_score=50").returncode == 0
    assert send(box, SPAM)[0] == 250
    assert headers(box, "YOU HAVE WON", "INBOX") == []
    (header,) = headers(box, "YOU HAVE WON", "Junk")
    reason = b" ".join(header.partition(b"X-Mailstead-Reason:")[2].split())
    for words in (
        b"own ",
        b"the sender's name is somebody else's address +2.2",
        b"a link leads to a bare address +1.8",
    ):
        assert words in reason


def test_the_test_letter_is_refused(box: Sandbox) -> None:
    code, words = send(box, HONEST + GTUBE)
    assert (code, words[:5]) == (554, b"5.7.1")


TONER = (
    b"From: Shop <ann@good.test>\r\nTo: ada@dev.localhost\r\nSubject: toner %d\r\n"
    b"Date: Fri, 20 Nov 2026 10:00:00 +0000\r\nMessage-ID: <toner%d@good.test>\r\n\r\n"
    b"Toner cartridges for every printer of your office, order number %d.\r\n"
)


def move(box: Sandbox, subject: str, source: str, target: str) -> None:
    reader = box.imap("ada")
    reader.select(source)
    _, found = reader.search(None, f'SUBJECT "{subject}"')
    assert len(found[0].split()) == 1
    status, _ = reader._simple_command("MOVE", found[0].decode(), target)
    assert status == "OK"
    reader.logout()


def wait_for_lessons(box: Sandbox, spam: int) -> None:
    """Until so many letters are known to be junk for ada; what she keeps is gone through beside them."""
    until = time.monotonic() + 60
    while True:
        found = json.loads(box.cli("spam", "stats", "--account", "ada@dev.localhost", "--json").stdout)
        if found["spam"] == spam:
            return
        assert time.monotonic() < until, found
        time.sleep(0.2)


def test_it_learns_from_moves(box: Sandbox) -> None:
    assert send(box, TONER % (1, 1, 1))[0] == 250
    assert headers(box, "toner 1", "INBOX")
    move(box, "toner 1", "INBOX", "Junk")
    wait_for_lessons(box, 1)
    assert send(box, TONER % (2, 2, 2))[0] == 250
    (header,) = headers(box, "toner 2", "Junk")
    assert b"letters like it were junk" in b" ".join(header.split())

    move(box, "toner 1", "Junk", "INBOX")
    wait_for_lessons(box, 0)
    assert send(box, TONER % (3, 3, 3))[0] == 250
    assert headers(box, "toner 3", "INBOX")
    assert headers(box, "toner 3", "Junk") == []


def test_commands(box: Sandbox, tmp_path: Path) -> None:
    junk, kept = tmp_path / "junk.mbox", tmp_path / "kept"
    junk.write_bytes(b"".join(b"From x Fri Nov 20 10:00:00 2026\n" + TONER % (n, n, n) + b"\n" for n in range(20, 25)))
    kept.mkdir()
    for number in range(5):
        (kept / f"{number}.eml").write_bytes(HONEST.replace(b"lunch", b"lunch %d" % number))
    rehearsed = box.cli("spam", "learn", "--spam", str(junk), "--ham", str(kept), "--dry-run")
    assert "would go through 10 letters" in rehearsed.stdout
    learned = json.loads(box.cli("spam", "learn", "--spam", str(junk), "--ham", str(kept), "--json").stdout)
    assert (learned["letters"], learned["learned"]) == (10, 10)
    letter = tmp_path / "letter"
    letter.write_bytes(TONER % (99, 99, 99))
    checked = json.loads(box.cli("spam", "check", str(letter), "--json").stdout)
    assert checked["is_spam"]
    assert checked["reasons"][0]["name"] == "LEARNED"
    assert "letters like it were junk" in box.cli("spam", "check", str(letter)).stdout
    assert json.loads(box.cli("spam", "unlearn", str(junk), "--json").stdout)["unlearned"] == 5
    assert not json.loads(box.cli("spam", "check", str(letter), "--json").stdout)["is_spam"]
    assert box.cli("spam", "forget", "--yes").returncode == 0
    assert "everybody: 0 spam, 0 wanted" in box.cli("spam", "stats").stdout


def test_what_answers_our_own_letters_is_let_in(box: Sandbox) -> None:
    answer = SPAM.replace(b"YOU HAVE WON", b"YOU ASKED").replace(
        b"MIME-Version", b"In-Reply-To: <ours@us.test>\r\nMIME-Version"
    )
    reader = box.imap("ada")
    ours = b"From: ada@dev.localhost\r\nTo: Ann <ann@good.test>\r\nMessage-ID: <ours@us.test>\r\n\r\nIs it on?\r\n"
    assert reader.append("Sent", "", "", ours)[0] == "OK"
    reader.logout()
    until = time.monotonic() + 60
    while not (found := headers(box, "YOU ASKED", "Junk") + headers(box, "YOU ASKED", "INBOX")) or all(
        b"it answers a letter of yours" not in b" ".join(header.split()) for header in found
    ):
        assert time.monotonic() < until, found
        assert send(box, answer)[0] == 250
        time.sleep(0.5)


def test_hard_rules_decide(box: Sandbox) -> None:
    rules = '{"rules": [{"header_match_regex": "Subject: (?i)^party", "action": "spam"}]}'
    assert box.cli("policy", "set", "--domain", "dev.localhost", f"spam.config={rules}").returncode == 0
    refused = box.cli("policy", "set", "--domain", "dev.localhost", f"spam.config={rules.replace('^party', '(?=a)')}")
    assert refused.returncode != 0
    assert "no expression of RE2" in refused.stderr
    assert send(box, HONEST.replace(b"lunch", b"Party"))[0] == 250
    (header,) = headers(box, "Party", "Junk")
    assert b"header_match_regex" in header
