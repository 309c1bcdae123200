"""`mailstead blocks`."""

import click

from mailstead.cli.shell import Json, Shell, changing, common


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def blocks() -> None:
    """Addresses and networks that are not heard at logins, because too many failed from there."""


@blocks.command("list")
@common
def list_(shell: Shell) -> None:
    """Who is blocked, at the logins of which domain, and until when."""
    columns = (
        ("BLOCKED", lambda row: row["subject"]),
        ("AT", lambda row: row["domain"] or "names in no domain"),
        ("FAILURES", lambda row: row["failures"]),
        ("SINCE", lambda row: row["since"]),
        ("UNTIL", lambda row: row["until"]),
    )
    shell.list("blocks.list", {}, columns, "Nobody is blocked.")


@blocks.command("remove")
@click.argument("subject")
@click.option("--domain", help="Only at the logins of this domain.")
@changing
def remove(shell: Shell, subject: str, domain: str | None) -> None:
    """Hear an address or a network again, at once.

    \b
    mailstead blocks remove 192.0.2.7
    mailstead blocks remove 192.0.2.0/24 --domain example.com
    """
    shell.change("blocks.remove", {"subject": subject, "domain": domain}, _words)


def _words(result: Json) -> str:
    return "\n".join(
        f"heard again: {one['subject']} at {one['domain'] or 'names in no domain'}" for one in result["removed"]
    )
