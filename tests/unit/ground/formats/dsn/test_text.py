"""The words for people, in every language."""

from string import Formatter

import pytest

from mailstead.ground.formats.dsn.report import Action, Typed
from mailstead.ground.formats.dsn.text import WORDS, Attached, Language, Telling, printable, write_text
from mailstead.ground.formats.dsn.words import Words
from tests.support.notices import AT, entry, report

ENGLISH = WORDS[Language.ENGLISH]


def telling(language: Language = Language.ENGLISH, subject: str = "Hi") -> Telling:
    return Telling(language=language, subject=subject, sent_at=AT, attached=Attached.WHOLE)


def slots(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name}


@pytest.mark.parametrize("language", Language)
def test_every_language_says_the_same(language: Language) -> None:
    words = WORDS[language]
    assert words.tag == language.value
    assert words.causes.keys() == ENGLISH.causes.keys()
    assert words.headings.keys() == set(Action)
    for name in Words.__slots__:
        ours, theirs = getattr(words, name), getattr(ENGLISH, name)
        if isinstance(ours, str):
            assert ours
            assert slots(ours) == slots(theirs), name


@pytest.mark.parametrize(
    ("status", "key"),
    [
        ("5.1.1", "1.1"), ("4.2.2", "2.2"), ("5.7.26", "7.26"), ("5.7.22", "7.20"), ("5.7.99", "7"),
        ("5.3.99", "3"), ("5.1.10", "1.10"),
    ],
)  # fmt: skip
def test_the_cause_is_as_exact_as_it_is_known(status: str, key: str) -> None:
    assert ENGLISH.explain(status) == ENGLISH.causes[key]


@pytest.mark.parametrize("status", ["5.0.0", "", "nonsense", "5"])
def test_an_unknown_cause(status: str) -> None:
    assert ENGLISH.explain(status) == ENGLISH.unknown


def test_an_expired_letter_says_that_it_was_given_up() -> None:
    text = write_text(report(entry("bob@example.org", "4.4.1", "no answer")), telling())
    assert "have given up" in text
    assert "What our server noted:\r\n    > no answer" in text


def test_the_address_is_the_one_that_the_sender_knows() -> None:
    """RFC 3461 §5.2.7: an alias may have led elsewhere."""
    text = write_text(report(entry("b@home.example", original=Typed("rfc822", "bob@example.org"))), telling())
    assert "  bob@example.org\r\n" in text
    assert "b@home.example" not in text


def test_a_success_needs_no_cause() -> None:
    text = write_text(report(entry("bob@example.org", "2.1.5", "250 ok", action=Action.RELAYED)), telling(subject=""))
    assert "does not confirm the delivery itself" in text
    assert "250 ok" not in text
    assert "It is about your letter of 2026-11-20 10:00 UTC." in text


def test_braces_in_a_subject_are_text() -> None:
    assert "“{host} {0}”" in write_text(report(entry("bob@example.org")), telling(subject="{host} {0}"))


def test_marks_without_a_shape_are_dropped() -> None:
    assert printable("a\u202eb\u200bc\r\nd\0") == "abc d"
