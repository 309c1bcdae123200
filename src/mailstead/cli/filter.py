"""`mailstead filter`."""

import click

from mailstead.cli.exits import DONE, FAILED
from mailstead.cli.shell import Json, Shell, common, note

_MARKS = {True: "✓", False: "✗"}


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def filter_() -> None:
    """Virus scanners and spam filters that are other programs."""


@filter_.command("list")
@common
def list_(shell: Shell) -> None:
    """How they are: where, whether they answer, how many domains want them.

    Of several workers each finds out for itself whether a filter is to be left alone for a while.
    """
    columns = (
        ("NAME", lambda row: row["name"]),
        ("ABOUT", lambda row: row["about"]),
        ("STATE", _state),
        ("WHERE", lambda row: row["place"]),
        ("ANSWERED", lambda row: str(row["answered"])),
        ("SILENT", lambda row: str(row["silent"])),
        ("WANTED BY", lambda row: f"{row['domains']} domain" + ("s" if row["domains"] != 1 else "")),
    )
    shell.list("filter.list", {}, columns, "")


@filter_.command("test")
@click.argument("name", default="")
@common
def test(shell: Shell, name: str) -> int:
    """Show a harmless letter to each filter, or to NAME, and one that it must know: EICAR or GTUBE.

    No letter is delivered to anyone. The exit code is 0 if all see what they must, else 1.
    """
    found = shell.ask("filter.test", {"name": name}, row=shell.print_json if shell.as_json else _print)
    if shell.as_json:
        shell.print_json(found)
    elif not found["count"]:
        note("No filter is configured: see security.clamav, security.spamassassin and security.rspamd.")
    return FAILED if found["failed"] else DONE


def _state(row: Json) -> str:
    words: str = row["state"]
    if row["workers_leaving_it"]:
        words += f" by {row['workers_leaving_it']} workers"
    return words + (f": {row['reason']}" if row["reason"] else "")


def _print(row: Json) -> None:
    print(f"{_MARKS[row['good']]} {row['name']:<12} {row['sample']:<5} {row['words']} ({row['seconds']} s)", flush=True)
