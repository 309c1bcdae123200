"""Tables, confirmations, sizes."""

import io
import sys

import click
import pytest

from mailstead.cli.exits import Failure
from mailstead.cli.shell import SIZE, Shell, size_words

COLUMNS = (("NAME", lambda row: row["name"]), ("SIZE", lambda row: row["size"]))
ROWS = [{"name": "ann", "size": "5"}, {"name": "x" * 80, "size": "1\t2"}]


class Terminal(io.StringIO):
    """Says it is one."""

    def isatty(self) -> bool:
        return True


def test_a_table_for_people(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", Terminal())
    Shell().table(COLUMNS, ROWS)
    assert isinstance(sys.stdout, Terminal)
    lines = sys.stdout.getvalue().splitlines()
    assert lines[0].split() == ["NAME", "SIZE"]
    assert lines[1].startswith("ann ")
    assert lines[2].startswith("x" * 59 + "…  ")


def test_tabs_for_pipes(capsys: pytest.CaptureFixture[str]) -> None:
    Shell().table(COLUMNS, ROWS)
    assert capsys.readouterr().out == f"ann\t5\n{'x' * 80}\t1 2\n"


def test_what_cannot_be_undone_needs_a_word(monkeypatch: pytest.MonkeyPatch) -> None:
    shell = Shell()
    shell.confirm("Remove it", "it", yes=True)
    Shell(dry_run=True).confirm("Remove it", "it", yes=False)
    monkeypatch.setattr(sys, "stdin", io.StringIO("it\n"))
    with pytest.raises(Failure, match="cannot be undone"):
        shell.confirm("Remove it", "it", yes=False)
    monkeypatch.setattr(sys, "stdin", Terminal())
    monkeypatch.setattr(click, "prompt", lambda *_, **__: "it")
    shell.confirm("Remove it", "it", yes=False)
    monkeypatch.setattr(click, "prompt", lambda *_, **__: "no")
    with pytest.raises(Failure, match="nothing was changed"):
        shell.confirm("Remove it", "it", yes=False)


def test_sizes() -> None:
    assert [size_words(count) for count in (0, 1023, 1024, 5 << 20, 3 << 30, 1 << 41)] == [
        "0 B", "1023 B", "1.0 KB", "5.0 MB", "3.0 GB", "2.0 TB",
    ]  # fmt: skip
    assert SIZE.convert("2GB", None, None) == 2 << 30
    assert SIZE.convert("none", None, None) == 0
