"""Every fact has a reply of one line."""

import inspect

import pytest

from mailstead.ground.model import errors
from mailstead.ground.model.errors import Busy, MailError
from mailstead.ground.wire.pop3.reply import Code, ok
from mailstead.servers.pop3.faults import REPLIES, reply_to
from mailstead.services.accounts.attempt import Limited

FACTS = [
    kind
    for _, kind in inspect.getmembers(errors, inspect.isclass)
    if issubclass(kind, MailError) and kind is not MailError
]


def test_every_fact_has_a_reply() -> None:
    assert REPLIES.keys() == set(FACTS)


@pytest.mark.parametrize("kind", FACTS)
def test_a_reply_is_one_line_with_a_code(kind: type[MailError]) -> None:
    line = reply_to(kind("two\r\nlines")).render()
    assert line.startswith(b"-ERR [SYS/")
    assert line.count(b"\r\n") == 1


def test_a_case_of_a_fact_is_answered_as_it() -> None:
    assert reply_to(Limited("too many")) == REPLIES[Busy]
    assert REPLIES[Busy].code is Code.TEMPORARY


def test_a_reply_stays_within_512_octets() -> None:
    assert len(ok("ü" * 1000).render()) <= 512
