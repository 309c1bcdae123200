"""Letters with a virus, spam and others, through the whole program and Debian's daemons."""

import pytest

from tests.support.filters.judging import send, told
from tests.support.filters.letters import HAM, SPAM, VIRUS
from tests.support.server import Sandbox

pytestmark = pytest.mark.e2e


def test_a_virus_is_refused(box: Sandbox) -> None:
    assert send(box, VIRUS) == (554, b"5.7.1 Message refused: it carries a virus")
    (line,) = told(box, "content.virus.found")
    assert line["msg"] == "virus_detected"
    assert line["reason"] == "Test.EICAR.UNOFFICIAL"


def test_spam_is_refused(box: Sandbox) -> None:
    assert send(box, SPAM) == (554, b"5.7.1 Message refused as spam")
    (line,) = told(box, "content.spam.found")
    assert line["msg"] == "spam_detected"
    assert "Generic Test for Unsolicited Bulk Email +1000.0" in str(line["detail"])


def test_another_letter_is_taken(box: Sandbox) -> None:
    assert send(box, HAM)[0] == 250
