"""`mailstead greylist`."""

from typing import Any

import click

from mailstead.cli.shell import Shell, changing, common

_HELP = {"help_option_names": ["-h", "--help"]}
_DOMAIN = click.option("--domain", default="", help="Only for mail to this domain of ours.")


@click.group(context_settings=_HELP)
def greylist() -> None:
    """Strangers who are asked to come again, and those who did. What domains want of it: `mailstead policy`."""


@greylist.command("list")
@_DOMAIN
@click.option("--waiting", is_flag=True, help="Only those who have not come again.")
@common
def list_(shell: Shell, **rest: Any) -> None:
    """Who wrote to whom from where, the oldest first."""
    columns = (
        ("CLIENT", lambda row: row["client"]),
        ("SENDER", lambda row: row["sender"]),
        ("RECIPIENT", lambda row: row["recipient"]),
        ("FIRST", lambda row: row["first_at"]),
        ("CAME AGAIN", lambda row: row["passed_at"] or "not yet"),
    )
    shell.list("greylist.list", rest, columns, "Nobody is waiting.")


@greylist.command("friends")
@_DOMAIN
@common
def friends(shell: Shell, domain: str) -> None:
    """Networks whose letters of a domain came again; from `greylist.whitelist_after` letters on they are let in."""
    columns = (
        ("FOR", lambda row: row["domain"]),
        ("CLIENT", lambda row: row["client"]),
        ("SENDER'S DOMAIN", lambda row: row["sender_domain"]),
        ("LETTERS", lambda row: str(row["letters"])),
        ("LAST", lambda row: row["seen_at"]),
    )
    shell.list("greylist.friends", {"domain": domain}, columns, "Nobody has come again yet.")


@greylist.command("forget")
@_DOMAIN
@click.option("--client", default="", metavar="IP", help="Of this address' network.")
@click.option("--sender", default="", metavar="ADDRESS | @DOMAIN", help="Of this sender.")
@changing
def forget(shell: Shell, **rest: str) -> None:
    """Make strangers of those who are known: all that is said must hold."""
    shell.change("greylist.forget", rest, lambda row: f"forgot {row['count']} that greylisting knew")
