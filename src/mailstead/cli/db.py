"""`mailstead db`."""

import click

from mailstead.cli.exits import Failure
from mailstead.cli.progress import Progress
from mailstead.cli.shell import Json, Shell, common


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def db() -> None:
    """The store."""


@db.command("check")
@common
def check(shell: Shell) -> None:
    """Verify every blob, count and index; say what is wrong."""
    found: list[Json] = []

    def hear(row: Json) -> None:
        found.append(row)
        if shell.as_json:
            shell.print_json(row)
        else:
            print("\t".join(str(value) for value in row.values() if value not in ("", None)))

    result = shell.do_here("db.check", row=hear, progress=_Steps().hear)
    if shell.as_json:
        shell.print_json(result)
    if found:
        raise Failure("problems", f"{len(found)} problems in the store", "keep a copy of the data before you repair it")
    if not shell.as_json:
        counts = ", ".join(f"{value} {name}" for name, value in result.items() if isinstance(value, int))
        print(f"The store is whole{': ' + counts if counts else ''}.")


@db.command("reindex")
@common
def reindex(shell: Shell) -> None:
    """Empty the full-text index; the server fills it again.

    After a backup was put back. Searches go on meanwhile, slower.
    """
    result = shell.do_here("db.reindex")
    if shell.as_json:
        shell.print_json(result)
    else:
        print("The full-text index is empty. A running server fills it again by itself.")


class _Steps:
    """A counting line for each step of the check."""

    def __init__(self) -> None:
        self._step = ""
        self._line: Progress | None = None

    def hear(self, news: Json) -> None:
        """How far one step has come."""
        if news["step"] != self._step:
            if self._line is not None:
                self._line.end()
            self._step, self._line = news["step"], Progress(max(news["total"], 1), news["step"])
        if self._line is not None:
            self._line.at(news["done"])
        if news["done"] >= news["total"] and self._line is not None:
            self._line.end()
            self._line = None
