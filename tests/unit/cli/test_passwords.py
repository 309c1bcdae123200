"""Where a password may come from."""

import io
import sys
from typing import Any

import click
import pytest

from mailstead.cli.exits import Failure
from mailstead.cli.passwords import get_password


class Keyboard(io.TextIOWrapper):
    """A terminal."""

    def isatty(self) -> bool:
        return True


def stdin(monkeypatch: pytest.MonkeyPatch, data: bytes, kind: type[io.TextIOWrapper] = io.TextIOWrapper) -> None:
    monkeypatch.setattr(sys, "stdin", kind(io.BytesIO(data)))


def answers(monkeypatch: pytest.MonkeyPatch, *words: str) -> list[dict[str, Any]]:
    given, asked = iter(words), []

    def prompt(_: str, **options: Any) -> str:
        asked.append(options)
        return next(given)

    monkeypatch.setattr(click, "prompt", prompt)
    return asked


@pytest.mark.parametrize("data", [b"s\xc3\xa9cret word\n", b"s\xc3\xa9cret word\r\nmore\n", b"s\xc3\xa9cret word"])
def test_the_first_line_of_standard_input(monkeypatch: pytest.MonkeyPatch, data: bytes) -> None:
    stdin(monkeypatch, data)
    given = get_password(from_stdin=True, subject="ann")
    assert (given.text, given.is_new) == ("sécret word", False)


@pytest.mark.parametrize("data", [b"", b"\n", b"\xff\n"])
def test_no_line(monkeypatch: pytest.MonkeyPatch, data: bytes) -> None:
    stdin(monkeypatch, data)
    with pytest.raises(Failure):
        get_password(from_stdin=True, subject="ann")


def test_a_prompt_hides_and_asks_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    stdin(monkeypatch, b"", Keyboard)
    asked = answers(monkeypatch, "secret", "secret")
    assert get_password(from_stdin=False, subject="ann").text == "secret"
    assert [options["hide_input"] and options["err"] for options in asked] == [True, True]
    answers(monkeypatch, "secret", "secrte")
    with pytest.raises(Failure, match="differ"):
        get_password(from_stdin=False, subject="ann")


def test_an_empty_answer_or_no_terminal_makes_one(monkeypatch: pytest.MonkeyPatch) -> None:
    stdin(monkeypatch, b"", Keyboard)
    answers(monkeypatch, "")
    first = get_password(from_stdin=False, subject="ann")
    stdin(monkeypatch, b"not read")
    second = get_password(from_stdin=False, subject="ann")
    assert first.is_new
    assert second.is_new
    assert first.text != second.text
