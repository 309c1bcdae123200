"""`mailstead app-password` and `mailstead token`: shown once, revoked at any time."""

from typing import Any

import click

from mailstead.cli.shell import Json, Shell, changing, common, note

PROTOCOLS = ("imap", "pop3", "smtp", "managesieve", "api")
_SETTINGS = {"help_option_names": ["-h", "--help"]}
_PROTOCOL = click.option(
    "--protocol", "protocols", multiple=True, type=click.Choice(PROTOCOLS), help="Only there; may be repeated."
)
_DAYS = click.option("--days", type=click.IntRange(1, 36500), help="Worthless after so many days. Default: never.")
_SCOPE = click.option(
    "--scope", "scopes", multiple=True, metavar="RESOURCE:VERB",
    help="Only that by the API, such as users:read or queue:*; may be repeated.",
)  # fmt: skip
_COLUMNS = (
    ("LABEL", lambda row: row["label"]),
    ("PROTOCOLS", lambda row: ",".join(row["protocols"]) or "all"),
    ("CREATED", lambda row: row["created_at"]),
    ("EXPIRES", lambda row: row["expires_at"] or "never"),
    ("LAST USED", lambda row: row["used_at"] or "never"),
)


@click.group("app-password", context_settings=_SETTINGS)
def app_password() -> None:
    """Passwords for one program each, so that one can be taken back without the others."""


@app_password.command("add")
@click.argument("address")
@click.argument("label")
@_PROTOCOL
@_DAYS
@changing
def add(shell: Shell, address: str, label: str, **rest: Any) -> None:
    """Make a password of ADDRESS for the program LABEL; it is shown this once.

    \b
    mailstead app-password add ada@example.com phone --protocol imap --protocol smtp
    """
    _make(shell, "app-password.add", "password", {"name": address, "label": label, **rest})


@app_password.command("list")
@click.argument("address")
@common
def list_(shell: Shell, address: str) -> None:
    """Those of ADDRESS, with their last use (to the hour)."""
    shell.list("app-password.list", {"name": address}, _COLUMNS, "There is none.")


@app_password.command("revoke")
@click.argument("address")
@click.argument("label")
@changing
def revoke(shell: Shell, address: str, label: str) -> None:
    """Make one worthless at once."""
    args = {"name": address, "label": label}
    shell.change("app-password.revoke", args, lambda row: f"revoked the app password {row['label']} of {address}")


@click.group(context_settings=_SETTINGS)
def token() -> None:
    """Bearer tokens: keys of the API, and for programs that log in by OAUTHBEARER or XOAUTH2."""


@token.command("create")
@click.argument("address")
@click.argument("label")
@_PROTOCOL
@_SCOPE
@_DAYS
@changing
def create(shell: Shell, address: str, label: str, **rest: Any) -> None:
    """Make a token of ADDRESS called LABEL; it is shown this once.

    \b
    mailstead token create ada@example.com backup --protocol imap --days 365
    mailstead token create ada@example.com monitoring --scope stats:read --scope queue:read
    """
    _make(shell, "token.create", "token", {"name": address, "label": label, **rest})


@token.command("list")
@click.argument("address")
@common
def list_tokens(shell: Shell, address: str) -> None:
    """Those of ADDRESS, with their last use (to the hour)."""
    shell.list("token.list", {"name": address}, _COLUMNS, "There is none.")


@token.command("revoke")
@click.argument("address")
@click.argument("label")
@changing
def revoke_token(shell: Shell, address: str, label: str) -> None:
    """Make one worthless at once."""
    args = {"name": address, "label": label}
    shell.change("token.revoke", args, lambda row: f"revoked the token {row['label']} of {address}")


def _make(shell: Shell, command: str, what: str, args: Json) -> None:
    if shell.dry_run:
        shell.change(command, args, lambda row: f"made the {what} {row['label']} of {row['login']}")
        return
    made = shell.ask(command, args)
    if shell.as_json:
        shell.print_json(made)
        return
    print(f"{what}: {made['secret']}")
    note(f"It logs {made['login']} in, is shown this once and kept only as a hash.")
    note(f"undo: {made['undo']}")
