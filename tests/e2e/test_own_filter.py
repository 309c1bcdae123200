"""Our own spam filter in the real program: what strangers send is weighed, filed by it, and told why."""

from collections.abc import Iterator

import pytest

from tests.support.dns_lab import Zone, dns_lab
from tests.support.server import Sandbox, free_base

pytestmark = pytest.mark.e2e

ZONE = 'good TXT "v=spf1 ip4:127.0.0.1 -all"'
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
        patch.setenv("MAILSTEAD_OUTBOUND_RESOLVERS", "127.0.0.1")
        patch.setenv("MAILSTEAD_OUTBOUND_RESOLVER_PORT", str(lab.authority))
        running = Sandbox(tmp_path_factory.mktemp("own") / "box", free_base())
        running.start()
        try:
            yield running
        finally:
            running.stop()


def send(box: Sandbox, letter: bytes, local: str = "ada") -> tuple[int, bytes]:
    with box.smtp() as client:
        client.ehlo("mail.good.test")
        client.mail("ann@good.test")
        client.rcpt(f"{local}@dev.localhost")
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
