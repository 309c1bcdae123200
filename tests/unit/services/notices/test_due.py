"""Which recipients get which notice, by table."""

import pytest

from mailstead.ground.formats.dsn.report import Action
from mailstead.ground.model.attempt import Ending, Result
from mailstead.ground.model.ids import Instant
from mailstead.ground.model.spool import LastWord, Origin
from mailstead.services.notices.due import (
    Fate,
    after_attempt,
    after_delay,
    after_expansion,
    after_expiry,
    after_filing,
    due,
    is_double_bounce,
    is_wanted,
)  # fmt: skip
from tests.support.spooled import CREATED, letter, recipient

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


def test_after_an_attempt() -> None:
    results = [
        Result(0, Ending.DELIVERED, "2.0.0", "250 ok", "mx"),
        Result(1, Ending.FAILED, "5.1.1", "550 no", "mx.example.org"),
        Result(2, Ending.DEFERRED, "4.4.1", "later"),
        Result(3, Ending.RELAYED, "2.0.0", "250 ok", "mx"),
    ]
    recipients = [recipient(n) for n in range(5)]
    assert after_attempt(recipients, results, NOW) == (
        Fate(recipients[1], FAILED, WORD),
        Fate(recipients[3], RELAYED, LastWord("2.0.0", "250 ok", "mx", NOW)),
    )


def test_after_expiry_the_last_word_counts() -> None:
    tried, untried = recipient(0, last=WORD), recipient(1)
    assert [(fate.action, fate.word) for fate in after_expiry([tried, untried])] == [
        (FAILED, WORD),
        (FAILED, LastWord("4.4.7", "never tried")),
    ]


def test_a_warning_is_given_once() -> None:
    assert [fate.recipient.number for fate in after_delay([recipient(0), recipient(1, is_warned=True)])] == [0]


def test_after_filing_and_expansion() -> None:
    one = recipient(0, "SUCCESS")
    assert [fate.action for fate in (*after_filing([one], NOW), *after_expansion([one], NOW))] == [DELIVERED, EXPANDED]


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
