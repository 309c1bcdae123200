"""`mailstead auth`."""

import sys
from typing import Any

import click

from mailstead.cli.exits import DONE, FAILED
from mailstead.cli.passwords import read_stdin
from mailstead.cli.shell import Shell, common


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def auth() -> None:
    """Logins."""


def _only_stdin(ctx: click.Context, _param: click.Parameter, value: Any) -> None:
    if value not in (None, "-"):
        ctx.fail("a password is never an argument, where others see it: say -p - and send it on standard input")


@auth.command("verify")
@click.option("-u", "--user", "name", required=True, metavar="ADDRESS", help="Who logs in.")
@click.option("-p", "source", metavar="-", callback=_only_stdin, expose_value=False,
              help="Always -: the first line of standard input; the same on a pipe without it.")  # fmt: skip
@common
def verify(shell: Shell, name: str) -> int:
    """Whether a login would be let in: exit 0 if so, else 1. A wrong one counts as any failed login.

    \b
    printf '%s' "$PASSWORD" | mailstead auth verify -u ada@example.com -p -
    """
    found = shell.ask("auth.verify", {"name": name, "password": _password(name)})
    if shell.as_json:
        shell.print_json(found)
    elif found["verified"]:
        print(f"{name} may log in, as {found['login']}")
    else:
        print(f"{name} may not log in: {found['reason']}")
    return DONE if found["verified"] else FAILED


def _password(name: str) -> str:
    if sys.stdin.isatty():
        return str(click.prompt(f"Password of {name}", hide_input=True, err=True))
    return read_stdin()
