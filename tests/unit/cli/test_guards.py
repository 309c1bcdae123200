"""`mailstead guards`, `suppression` and `hold-rule` without a server, each change undone by the line it prints."""

import json
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mailstead.cli.main import run

Say = Callable[..., tuple[int, str, str]]


@pytest.fixture
def say(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Say:
    """Run a command on a store of its own, for the domain example.com."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("MAIL_DOMAIN", "example.com")
    monkeypatch.chdir(tmp_path)

    def command(*words: str) -> tuple[int, str, str]:
        code = run(list(words))
        told = capsys.readouterr()
        return code, told.out, told.err

    return command


def rows(say: Say, *words: str) -> list[Any]:
    return [json.loads(line) for line in say(*words, "--json")[1].splitlines()]


def undo(say: Say, told: str) -> None:
    assert told.startswith("undo: mailstead ")
    assert say(*shlex.split(told)[2:])[0] == 0


def test_limits(say: Say) -> None:
    code, out, err = say("guards", "limit", "example.com", "--recipients", "20/minute,500", "--new-recipients", "none")
    assert (code, out) == (
        0, "set the limits of domain example.com: recipients 20/minute 500/day, new recipients none\n",
    )  # fmt: skip
    assert say("guards", "limits")[1] == "domain example.com\t20/minute 500/day\tnone\n"
    undo(say, err)
    assert rows(say, "guards", "limits") == []
    assert say("guards", "limit", "example.com", "--recipients", "lots")[0] == 2


def test_pauses(say: Say) -> None:
    assert say("guards", "status") == (0, "", "Nobody is paused.\n")
    code, _, err = say("guards", "resume", "far.test")
    assert (code, err) == (68, "mailstead: far.test is not paused (mailstead guards status)\n")


def test_suppressions(say: Say) -> None:
    code, out, err = say("suppression", "add", "bob@far.test", "--reason", "asked us", "--days", "9")
    assert (code, out) == (0, "suppressed bob@far.test for example.com\n")
    say("suppression", "add", "eve@far.test", "--dry-run")
    assert [(row["address"], row["reason"]) for row in rows(say, "suppression", "list")] == [
        ("bob@far.test", "asked us")
    ]
    undo(say, err)
    assert rows(say, "suppression", "list") == []
    say("suppression", "add", "bob@far.test")
    code, out, err = say("suppression", "remove", "bob@far.test")
    assert (code, out) == (0, "removed the suppression of bob@far.test for example.com\n")
    undo(say, err)
    assert [row["expires_at"] for row in rows(say, "suppression", "list", "example.com")] == [None]


def test_rules(say: Say) -> None:
    code, out, err = say("hold-rule", "add", "--reason", "large", "--min-size", "20MB", "--destination", "far.test")
    assert (code, out) == (0, "added rule 1: large\n")
    assert say("hold-rule", "list")[1] == "1\tdestination far.test, min size 20971520\tlarge\n"
    undo(say, err)
    assert rows(say, "hold-rule", "list") == []
    assert say("hold-rule", "add", "--reason", "everything")[0] == 2
    assert say("hold-rule", "remove", "1")[0] == 68
