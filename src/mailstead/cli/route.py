"""`mailstead route`."""

import click

from mailstead.cli.exits import Failure
from mailstead.cli.passwords import read_password
from mailstead.cli.shell import Json, Shell, changing, common, note

_TO = click.option("--to", metavar="DOMAIN", help="Letters to recipients of this domain.")
_FROM = click.option(
    "--from", "sender", metavar="DOMAIN|ADDRESS", help="Letters of a domain of ours, or of an address."
)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def route() -> None:
    """Ways out: relays for single domains and senders."""


@route.command("add")
@_TO
@_FROM
@click.argument("target")
@click.option("--password", "password_from", metavar="FILE|-", help="Where the password is: a file, or standard input.")
@click.option("--note", "remark", default="", help="For people.")
@changing
def add(shell: Shell, to: str | None, sender: str | None, target: str, password_from: str | None, remark: str) -> None:
    """Let letters leave by TARGET, at once. A route of the same name is replaced.

    TARGET is direct (to the hosts that the DNS names), or smtp://, smtps:// or lmtp:// with a host: several with commas
    between are tried in turn. ?tls=secure asks for a certificate that CAs vouch for, ?tls=none for no TLS.

    Of two routes that fit, the one to the recipient's domain holds, then that of the sender's address, then that of its
    domain.

    \b
    mailstead route add --to example.org smtp://mx.example.org:2525
    mailstead route add --from example.com smtp://me@relay.example.net:587?tls=secure --password -
    mailstead route add --from ada@example.com direct
    """
    side, name = _name(to, sender)
    password = _password(target, password_from)
    args = {"side": side, "name": name, "target": target, "password": password, "note": remark}
    _tell_undo(shell, shell.change("route.add", args, lambda row: f"set {_words(row)}: {row['target']}"))


@route.command("list")
@common
def list_(shell: Shell) -> None:
    """All routes."""
    columns = (
        ("LETTERS", lambda row: f"{row['side']} {row['name']}"),
        ("GO BY", lambda row: row["target"]),
        ("PASSWORD", lambda row: "yes" if row["has_password"] else ""),
        ("SINCE", lambda row: row["created_at"]),
        ("NOTE", lambda row: row["note"]),
    )
    shell.list("route.list", {}, columns, "There is no route: all letters go the way of outbound.mode.")


@route.command("remove")
@_TO
@_FROM
@changing
def remove(shell: Shell, to: str | None, sender: str | None) -> None:
    """Let letters go the usual way again."""
    side, name = _name(to, sender)
    args = {"side": side, "name": name}
    _tell_undo(shell, shell.change("route.remove", args, lambda row: f"removed {_words(row)}"))


def _name(to: str | None, sender: str | None) -> tuple[str, str]:
    if (to is None) == (sender is None):
        raise Failure("usage", "whose letters?", "give --to DOMAIN, or --from DOMAIN|ADDRESS")
    return ("to", to) if to is not None else ("from", sender or "")


def _password(target: str, source: str | None) -> str:
    """For the user that the target names."""
    from mailstead.ground.model.errors import Invalid
    from mailstead.ground.model.route import parse_route

    try:
        found = parse_route(target)
    except Invalid as error:
        raise Failure("usage", str(error)) from error
    if found.password:
        what = "a password on the command line can be read by everyone on this machine"
        raise Failure("usage", what, "change it, and give the new one with --password - or --password FILE")
    if not found.login:
        if source is not None:
            raise Failure("usage", "the target names no user", "write smtp://USER@HOST")
        return ""
    return read_password(source, subject=f"{found.login} at {found.host}")


def _words(row: Json) -> str:
    return f"the route {row['side']} {row['name']}"


def _tell_undo(shell: Shell, done: Json) -> None:
    if done.get("undo_asks_password") and not (shell.as_json or shell.dry_run):
        note("  (it asks for the password, which is shown to nobody)")
