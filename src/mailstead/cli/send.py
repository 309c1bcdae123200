"""`mailstead send`."""

import base64
import sys
from typing import Final

import click

from mailstead.cli.exits import Failure
from mailstead.cli.shell import Json, Shell, changing

SIZE_MAX: Final = 740_000
"""Octets: in base64 it has to fit into one line of the control socket."""


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("-f", "--from", "sender", required=True, metavar="ADDRESS", help="One of our own people.")
@click.option("-t", "--to", "recipients", required=True, multiple=True, metavar="ADDRESS[,ADDRESS]", help="To whom.")
@changing
def send(shell: Shell, sender: str, recipients: tuple[str, ...]) -> None:
    """Hand the letter on standard input to the running server, as if its sender had logged in and submitted it.

    \b
    mailstead send -f ada@example.com -t bob@example.net,eve@example.org < letter.eml
    """
    whom = [one.strip() for word in recipients for one in word.split(",") if one.strip()]
    letter = sys.stdin.buffer.read(SIZE_MAX + 1)
    if not letter.strip():
        raise Failure("usage", "standard input is empty", "send the letter, with its header, on standard input")
    if len(letter) > SIZE_MAX:
        raise Failure("too_large", f"more than {SIZE_MAX} octets", "larger letters go through the submission port")
    args = {"sender": sender, "recipients": whom, "base64": base64.b64encode(letter).decode()}
    shell.change("message.send", args, _words)


def _words(sent: Json) -> str:
    fates = "; ".join(f"{one['address']}: {one['result']}" for one in sent["recipients"])
    return f"handed in as {sent['id']}: {fates}"
