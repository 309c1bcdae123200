"""Which recipients get which notice, by table."""

import pytest

from mailstead.ground.formats.dsn.report import Action
from mailstead.ground.model.attempt import Ending, Result
from mailstead.ground.model.ids import Instant
from mailstead.ground.model.spool import LastWord, Origin
from mailstead.services.notices.due import (
    Fate,
    due,
    is_double_bounce,
    is_wanted,
    read_fates,
)
from tests.support.noticed import CREATED, letter, recipient

NOW = Instant(CREATED + 3_600_000)
WORD = LastWord("5.1.1", "550 no", "mx.example.org", NOW)
FAILED, DELAYED, RELAYED = Action.FAILED, Action.DELAYED, Action.RELAYED
EXPANDED, DELIVERED = Action.EXPANDED, Action.DELIVERED


@pytest.mark.parametrize(
    ("notify", "wanted"),
    [
        (None, {FAILED, DELAYED}),
        ("NEVER", set()),
        ("FAILURE", {FAILED}),
        ("DELAY", {DELAYED}),
        ("SUCCESS", {DELIVERED, RELAYED, EXPANDED}),
        ("FAILURE,DELAY", {FAILED, DELAYED}),
        ("SUCCESS,FAILURE,DELAY", set(Action)),
    ],
)
def test_notify(notify: str | None, wanted: set[Action]) -> None:
    """RFC 3461 §4.1."""
    words = recipient(0, notify).dsn.notify
    assert {action for action in Action if is_wanted(action, words)} == wanted


@pytest.mark.parametrize(
    ("facts", "flags", "action", "is_due"),
    [
        ({}, {}, FAILED, True),
        ({}, {}, DELAYED, True),
        ({}, {}, RELAYED, False),
        ({"sender": None}, {}, FAILED, False),
        ({"origin": Origin.NOTICE}, {}, FAILED, False),
        ({"origin": Origin.REPORT}, {}, FAILED, False),
        ({"origin": Origin.FORWARDED}, {}, FAILED, True),
        ({"origin": Origin.LOCAL}, {}, FAILED, True),
        ({}, {"is_spam": True}, FAILED, False),
        ({}, {"is_automatic": True}, FAILED, True),
        ({}, {"is_automatic": True}, DELAYED, False),
    ],
)
def test_due(facts: dict[str, object], flags: dict[str, bool], action: Action, is_due: bool) -> None:
    fate = Fate(recipient(), action, WORD)
    assert due(letter(**facts), [fate], **flags) == ((fate,) if is_due else ())


def test_each_recipient_is_judged_by_its_own_wish() -> None:
    fates = [Fate(recipient(n, notify), FAILED, WORD) for n, notify in enumerate((None, "NEVER", "DELAY", "FAILURE"))]
    assert [fate.recipient.number for fate in due(letter(), fates)] == [0, 3]


def test_nobody_is_warned_twice() -> None:
    assert due(letter(), [Fate(recipient(is_warned=True), DELAYED, WORD)]) == ()
    assert due(letter(), [Fate(recipient(is_warned=True), FAILED, WORD)])


EARLIER = Instant(NOW - 60_000)


@pytest.mark.parametrize(
    ("result", "action"),
    [
        (Result(0, Ending.DELIVERED, "2.0.0", "250 ok", "mx"), None),  # RFC 3461 §5.2.2: it will speak for itself
        (Result(0, Ending.DELIVERED, "2.1.5", "filed"), DELIVERED),
        (Result(0, Ending.RELAYED, "2.0.0", "250 ok", "mx"), RELAYED),
        (Result(0, Ending.FAILED, "5.1.1", "550 no", "mx"), FAILED),
        (Result(0, Ending.FAILED, "5.1.1", "user unknown"), FAILED),
        (Result(0, Ending.DEFERRED, "4.4.1", "no answer"), DELAYED),
    ],
)
def test_what_results_mean(result: Result, action: Action | None) -> None:
    fates = read_fates([(recipient(), result)], NOW)
    assert [fate.action for fate in fates] == ([action] if action else [])
    assert all((fate.word.status, fate.word.diagnostic) == (result.status, result.diagnostic) for fate in fates)


@pytest.mark.parametrize(
    ("last", "result", "at"),
    [
        (None, Result(0, Ending.FAILED, "5.1.1", "550 no", "mx"), NOW),
        (None, Result(0, Ending.FAILED, "4.4.7", "it was never tried"), Instant(0)),
        (LastWord("4.4.1", "silent", at=EARLIER), Result(0, Ending.FAILED, "4.4.1", "silent"), Instant(0)),
        (LastWord("4.4.1", "silent", at=EARLIER), Result(0, Ending.FAILED, "4.4.2", "cut off"), NOW),
        (LastWord("4.4.1", "silent", at=EARLIER), Result(0, Ending.DEFERRED, "4.4.1", "silent"), EARLIER),
        (None, Result(0, Ending.DEFERRED, "4.4.7", "it was never tried"), Instant(0)),
    ],
)
def test_when_it_was_tried(last: LastWord | None, result: Result, at: Instant) -> None:
    assert [fate.word.at for fate in read_fates([(recipient(last=last), result)], NOW)] == [at]


@pytest.mark.parametrize(
    ("facts", "action", "is_double"),
    [
        ({"sender": None}, FAILED, True),
        ({"sender": None, "origin": Origin.NOTICE}, FAILED, True),
        ({"origin": Origin.REPORT}, FAILED, True),
        ({"sender": None}, DELAYED, False),
        ({}, FAILED, False),
    ],
)
def test_double_bounce(facts: dict[str, object], action: Action, is_double: bool) -> None:
    assert is_double_bounce(letter(**facts), [Fate(recipient(), action, WORD)]) is is_double
