"""Every fact has a reply, and none of them tells a stranger more than it should."""

import inspect

import pytest

from mailstead.ground.model import errors
from mailstead.ground.model.errors import Denied, Invalid, MailError, NotFound, OverQuota
from mailstead.ground.wire.imap.response import Code
from mailstead.servers.imap.reply import REPLIES, reply_to

FACTS = [
    kind
    for _, kind in inspect.getmembers(errors, inspect.isclass)
    if issubclass(kind, MailError) and kind is not MailError
]


def test_every_fact_has_a_reply() -> None:
    assert REPLIES.keys() == set(FACTS)


@pytest.mark.parametrize("kind", FACTS)
def test_a_reply_is_one_line(kind: type[MailError]) -> None:
    line = reply_to(kind("two\r\nlines [ALERT]")).line(b"a1")
    assert line.startswith(b"a1 NO [")
    assert line.count(b"\r\n") == 1


def test_what_a_client_named_is_explained() -> None:
    assert reply_to(Invalid("a level is empty")).line(b"a") == b"a NO [CANNOT] A level is empty\r\n"
    assert reply_to(Denied("only to look at")).code is Code.NOPERM


def test_details_of_others_stay_inside() -> None:
    assert b"secret" not in reply_to(NotFound("secret")).line(b"a")
    assert reply_to(OverQuota("secret")).line(b"a") == b"a NO [OVERQUOTA] Quota exceeded\r\n"
