"""`mailstead blocks` and `mailstead limits`."""

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
        ("FAILURES", lambda row: str(row["failures"])),
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


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def limits() -> None:
    """Rates of domains' policies, and how much of them is used."""


@limits.command("show")
@click.argument("who")
@click.option("--domain", help="Towards this domain; without it the server's own.")
@common
def show(shell: Shell, who: str, domain: str | None) -> None:
    """What has been counted of a client's address, a mail address or a domain, beside what they may.

    \b
    mailstead limits show 192.0.2.7 --domain example.com
    mailstead limits show ada@example.com
    """
    columns = (
        ("LIMIT", lambda row: row["field"]),
        ("OF", lambda row: row["subject"]),
        ("BY", lambda row: row["domain"] or "all domains"),
        ("COUNTED", lambda row: str(row["count"])),
        ("MAY", lambda row: "any: exempt" if row["exempt"] else str(row["limit"] or "any")),
        ("MINUTES", lambda row: str(row["window_minutes"])),
    )
    shell.list("limits.show", {"who": who, "domain": domain}, columns, "Nothing limits them.")


def _words(result: Json) -> str:
    return "\n".join(
        f"heard again: {one['subject']} at {one['domain'] or 'names in no domain'}" for one in result["removed"]
    )
