"""`mailstead outbound`."""

import click

from mailstead.cli.exits import DONE, FAILED
from mailstead.cli.shell import Json, Shell, common

_MARKS = {True: "✓", False: "✗", None: " "}


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def outbound() -> None:
    """The way to other servers."""


@outbound.command("test")
@click.argument("target", metavar="DOMAIN|ADDRESS")
@common
def test(shell: Shell, target: str) -> int:
    """Look at the way to a domain without sending anything: routes, MX, policies, connection, EHLO, TLS.

    Every host is tried. The exit code is 0 if one of them is ready for mail, else 1.

    \b
    mailstead outbound test example.org
    """
    found = shell.ask("outbound.test", {"target": target}, row=shell.print_json if shell.as_json else _print)
    if shell.as_json:
        shell.print_json(found)
    else:
        print(f"{target} can be reached" if found["reached"] else f"{target} cannot be reached")
    return DONE if found["reached"] else FAILED


def _print(row: Json) -> None:
    print(f"{_MARKS[row['good']]} {row['what']:<9} {row['words']}", flush=True)
