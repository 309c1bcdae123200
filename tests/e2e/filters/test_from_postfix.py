"""Debian's Postfix brings letters to a server with every filter on."""

import smtplib
from collections.abc import Iterator

import pytest

from tests.support.filters.daemons import folder
from tests.support.filters.judging import fetch
from tests.support.filters.letters import EICAR, GTUBE, letter
from tests.support.server import Sandbox
from tests.support.world.postfix import Postfix
from tests.support.world.waiting import until
from tests.support.world.world import free_port

pytestmark = pytest.mark.e2e

ADDRESS, SENDER = "127.0.1.20", "bob@plain.world.test"


@pytest.fixture(scope="module")
def postfix(box: Sandbox) -> Iterator[tuple[Postfix, int]]:
    """It takes what this machine sends, and hands it to us."""
    port = free_port()
    with folder() as place:
        options = {ADDRESS: ("mynetworks = 127.0.0.0/8",)}
        made = Postfix(place / "postfix", port, options, ("dev.localhost", box.port("smtp")))
        with made.running():
            yield made, port


def test_each_gets_what_it_deserves(box: Sandbox, postfix: tuple[Postfix, int]) -> None:
    """What is refused is returned by Postfix, with our words."""
    sender, port = postfix
    sent = {
        "harmless by postfix": b"hello\r\n",
        "infected by postfix": EICAR + b"\r\n",
        "unwanted by postfix": GTUBE + b"\r\n",
    }
    with smtplib.SMTP(ADDRESS, port, timeout=30) as client:
        for subject, body in sent.items():
            client.sendmail(SENDER, ["ada@dev.localhost"], letter(subject, body))
    sender.wait_log("554 5.7.1 Message refused: it carries a virus", "status=bounced")
    sender.wait_log("554 5.7.1 Message refused as spam", "status=bounced")
    sender.wait_log("status=sent (250 2.0.0")

    def arrived() -> bytes:
        with box.imap("ada") as reader:
            reader.select("INBOX")
            _, found = reader.search(None, 'SUBJECT "by postfix"')
            return bytes(found[0])

    assert len(until(arrived).split()) == 1
    assert b"Subject: harmless by postfix" in fetch(box, "harmless by postfix")
