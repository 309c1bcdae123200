"""`mailstead user totp`."""

import io
import sys

import click

from mailstead.cli.exits import Failure
from mailstead.cli.shell import Json, Shell, changing, common, note

_HELP = {"help_option_names": ["-h", "--help"]}
_TRIES = 3


@click.group(context_settings=_HELP)
def totp() -> None:
    """A second factor: codes of an authenticator app. Mail programs then need app passwords or tokens."""


@totp.command("enroll")
@click.argument("address")
@changing
def enroll(shell: Shell, address: str) -> None:
    """Give ADDRESS a second factor: the secret is shown this once, and counts from the first code on.

    On a terminal the first code is asked for; else `mailstead user totp confirm` takes it.
    """
    if shell.dry_run:
        shell.change("user.totp.enroll", {"name": address}, lambda row: f"given {row['login']} a second factor")
        return
    made = shell.ask("user.totp.enroll", {"name": address})
    if shell.as_json:
        shell.print_json(made)
        return
    print(_picture(made["uri"]) if sys.stdout.isatty() else "", end="")
    print(f"secret: {made['secret']}\nuri: {made['uri']}")
    note(f"It is shown this once. Put it into the app of {made['login']}; it counts once a first code was shown.")
    if sys.stdin.isatty():
        _confirm_here(shell, address)
    else:
        note(f"then: mailstead user totp confirm {made['login']} CODE")


@totp.command("confirm")
@click.argument("address")
@click.argument("code")
@changing
def confirm(shell: Shell, address: str, code: str) -> None:
    """Show the first code of the app: from now on it is asked for. Gives ten recovery codes, shown this once."""
    _confirm(shell, address, code)


@totp.command("recovery")
@click.argument("address")
@changing
def recovery(shell: Shell, address: str) -> None:
    """Ten new recovery codes, shown this once; those before are worthless."""
    args = {"name": address}
    if shell.dry_run:
        shell.change("user.totp.recovery", args, lambda row: f"made new recovery codes of {row['login']}")
        return
    _show_codes(shell, shell.ask("user.totp.recovery", args))


@totp.command("remove")
@click.argument("address")
@changing
def remove(shell: Shell, address: str) -> None:
    """Take the second factor of ADDRESS away, with its recovery codes: the password alone does again."""
    words = "removed the second factor of {login}"
    shell.change("user.totp.remove", {"name": address}, words.format_map)


@totp.command("status")
@click.argument("address")
@common
def status(shell: Shell, address: str) -> None:
    """Whether ADDRESS has a second factor, and how many recovery codes are left."""
    found = shell.ask("user.totp.status", {"name": address})
    if shell.as_json:
        shell.print_json(found)
        return
    words = {"none": "no second factor", "waiting": "waits for a first code", "on": "on"}
    print(f"{found['login']}: {words[found['state']]}")
    if found["state"] == "on":
        print(f"since {found['confirmed_at']}, {found['recovery_codes_left']} recovery codes left")


def _confirm_here(shell: Shell, address: str) -> None:
    for left in reversed(range(_TRIES)):
        try:
            _confirm(shell, address, click.prompt("The code that the app shows now", err=True))
            return
        except Failure as failure:
            if failure.kind != "invalid" or not left:
                raise
            note(f"{failure.message}: once more")


def _confirm(shell: Shell, address: str, code: str) -> None:
    args = {"name": address, "code": code}
    if shell.dry_run:
        shell.change("user.totp.confirm", args, lambda row: f"confirmed the second factor of {row['login']}")
        return
    _show_codes(shell, shell.ask("user.totp.confirm", args))


def _show_codes(shell: Shell, made: Json) -> None:
    if shell.as_json:
        shell.print_json(made)
        return
    print("\n".join(made["recovery_codes"]))
    note(f"Recovery codes of {made['login']}, each good once in place of a code: shown this once, kept only as hashes.")
    if made["undo"]:
        note(f"undo: {made['undo']}")


def _picture(uri: str) -> str:
    """For the camera of a phone."""
    import segno

    out = io.StringIO()
    segno.make(uri, error="m", micro=False).terminal(out=out, compact=True)
    return out.getvalue()
