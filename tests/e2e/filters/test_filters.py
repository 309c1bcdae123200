"""Letters with a virus, spam and others, through the whole program and Debian's daemons."""

import json

import pytest

from tests.support.filters.judging import fetch, send, told, unfold
from tests.support.filters.letters import HAM, SPAM, VIRUS, letter
from tests.support.server import Sandbox

pytestmark = pytest.mark.e2e


def test_a_virus_is_refused(box: Sandbox) -> None:
    assert send(box, VIRUS) == (554, b"5.7.1 Message refused: it carries a virus")
    line = told(box, "content.virus.found")[-1]
    assert line["msg"] == "virus_detected"
    assert line["reason"] == "Test.EICAR.UNOFFICIAL"


def test_spam_is_refused(box: Sandbox) -> None:
    assert send(box, SPAM) == (554, b"5.7.1 Message refused as spam")
    line = told(box, "content.spam.found")[-1]
    assert line["msg"] == "spam_detected"
    assert "spamassassin" in str(line["detail"])
    assert "Generic Test for Unsolicited Bulk Email +1000.0" in str(line["detail"])
    assert "rspamd 10.0" in str(line["detail"])


def test_what_rspamd_asks_for(box: Sandbox) -> None:
    assert send(box, letter("weight 5"))[0] == 451
    assert send(box, letter("weight 7"))[0] == 250
    header = fetch(box, "weight 7")
    assert b"X-Mailstead-Reason: rspamd 4.7 asks to tag: Weight that the subject names +7.0 (tag)" in unfold(header)
    assert send(box, letter("weight 9"))[0] == 250
    assert b"rspamd 6.0" in unfold(fetch(box, "weight 9", "Junk"))
    assert send(box, letter("weight 20"))[0] == 554


def test_another_letter_is_taken(box: Sandbox) -> None:
    assert send(box, b"X-Spam-Status: No, trust me\r\n" + HAM)[0] == 250
    header = fetch(box, "ham")
    assert b"X-Virus-Scanned: clamav\r\nX-Virus-Status: Clean\r\n" in header
    assert header.count(b"X-Spam-Status: No, score=") == header.count(b"X-Spam-Status:") == 1


def test_operators_see_how_they_are(box: Sandbox) -> None:
    listed = box.cli("filter", "list", "--json")
    rows = {row["name"]: row for row in map(json.loads, listed.stdout.splitlines())}
    assert {row["state"] for row in rows.values()} == {"asked"}
    assert rows["spamassassin"]["place"].startswith("localhost:")
    assert rows["clamav"]["domains"] == 1
    tried = box.cli("filter", "test")
    assert tried.returncode == 0, tried.stdout
    lines = tried.stdout.splitlines()
    assert [line.split()[:3] for line in lines] == [
        ["✓", "clamav", "clean"], ["✓", "clamav", "EICAR"], ["✓", "spamassassin", "clean"],
        ["✓", "spamassassin", "GTUBE"], ["✓", "rspamd", "clean"], ["✓", "rspamd", "GTUBE"],
    ]  # fmt: skip
    assert box.cli("filter", "test", "nobody").returncode == 68
